/** The chosen table: its rounds, what is to pay, and what staff do with a party. */
import { acceptAll, answerCall, isBusy, post } from "./actions.js";
import { bill, failedRefunds, handBacks } from "./bill.js";
import { handBack } from "./hand_back.js";
import { duration, may, money, t, time } from "./page.js";
import { openPayment } from "./pay_sheet.js";
import { board, serverNow } from "./state.js";
import { openClose, openMerge, openMove, openNewCode } from "./table_sheets.js";
import { defaultMinutes } from "./ticket.js";
import { html, icon, nothing, TABLE_LOOKS } from "./ui.js";

export function tabPanel(table) {
  const { tab } = table;
  return html`
    <section class="panel"><div class="row wrap"><h2 class="table-name">${table.name}</h2>${stateTag(table)}</div>
      ${tab ? account(tab) : html`<p class="muted">${table.zone ? `${table.zone} · ` : ""}${t("seats", { n: table.seats })}</p>`}</section>
    ${callsOf(table)}${tab ? html`${moneyBack(table, tab)}${tabButtons(table, tab)}` : freeButtons(table)}`;
}

/** Money that somebody must hand over, and, for those who can do something about it, refunds that failed. */
const moneyBack = (table, tab) => html`
  ${may.serve ? handBacks(tab).map((refund) => handBack(refund, table.name)) : nothing}
  ${may.decide ? failedRefunds(tab).map((refund) => html`<p class="note late">${icon("warn")}<span>${t("refund_did_not_work", { amount: money(refund.amount) })}</span></p>`) : nothing}`;

function stateTag(table) {
  const [look, sign] = TABLE_LOOKS[table.state] ?? TABLE_LOOKS.occupied;
  return html`<span class="tag ${look}">${sign ? icon(sign) : nothing}${t(`table_${table.state}`)}</span>`;
}

function account(tab) {
  const known = bill.value?.tab === tab.id ? bill.value : null;
  const rounds = [...tab.orders].reverse().filter((order) => order.status !== "expired");
  const waited = duration(Math.floor((serverNow() - Date.parse(tab.opened_at)) / 1000));
  return html`<p class="muted since">${tab.guest_count ? `${t("guests", { n: tab.guest_count })} · ` : ""}${waited} · ${t("since", { time: time(tab.opened_at) })}</p>
    <ul>${rounds.length ? rounds.map(roundRow) : html`<li class="muted">${t("no_orders")}</li>`}
    ${known?.captured ? html`<li>${t("paid_so_far")}<b class="num">−${money(known.captured)}</b></li>` : nothing}
    ${rounds.length ? html`<li class="due"><b>${known && !known.due ? t("all_paid") : t("to_pay")}</b><b class="num">${known ? money(known.due) : "…"}</b></li>` : nothing}</ul>`;
}

function roundRow(order) {
  const names = order.lines.filter((line) => !["voided", "canceled"].includes(line.status)).map((line) => (line.quantity > 1 ? `${line.quantity}× ${line.name}` : line.name)).join(", ");
  const odd = ["rejected", "canceled", "awaiting_payment", "submitted"].includes(order.status);
  return html`<li><span class="grow"><span class="muted num">${t("ticket_number", { n: order.number })}</span> ${names} ${odd ? html`<span class="tag ${order.status === "submitted" ? "new" : "late"}">${t(`status_${order.status}`)}</span>` : nothing}</span><b class="num">${money(order.total)}</b></li>`;
}

const callsOf = (table) => board.value.calls.filter((one) => one.table_id === table.id).map((one) => html`
  <button class="btn call wide" ?disabled=${isBusy(one.id)} @click=${() => answerCall(one)}>${icon("hand")}${t("on_my_way")}</button>`);

function tabButtons(table, tab) {
  const waiting = board.value.tickets.filter((ticket) => ticket.tab_id === tab.id && ticket.status === "submitted");
  const due = bill.value?.tab === tab.id ? bill.value.due : 0;
  return html`
    ${waiting.length ? html`<button class="btn primary wide tall" ?disabled=${isBusy("accept-all")} @click=${() => acceptAll(waiting, defaultMinutes())}>${icon("check")}${t("accept")}</button>` : nothing}
    ${may.serve ? html`<div class="two">
      <button class="btn ${due && !waiting.length ? "primary" : ""}" ?disabled=${!due} @click=${() => openPayment(table, tab)}>${icon("card")}${t("pay")}</button>
      <button class="btn" @click=${() => openMove(table, tab)}>${icon("table")}${t("move")}</button>
      <button class="btn" @click=${() => openMerge(table, tab)}>${icon("users")}${t("merge")}</button>
      ${may.decide ? html`<button class="btn" @click=${() => openNewCode(table)}>${icon("qr")}${t("new_code")}</button>` : nothing}
      <button class="btn" @click=${() => openClose(table, tab, due)}>${icon("door")}${t("close_table")}</button></div>` : nothing}`;
}

const freeButtons = (table) => (may.serve ? html`
  <button class="btn primary wide tall" ?disabled=${isBusy(table.id)} @click=${() => post(`tables/${table.id}/open/`, {}, { name: table.id })}>${icon("users")}${t("open_table")}</button>
  ${may.decide ? html`<button class="btn wide" @click=${() => openNewCode(table)}>${icon("qr")}${t("new_code")}</button>` : nothing}` : nothing);
