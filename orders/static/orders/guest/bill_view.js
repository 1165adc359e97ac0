/** The bill of the table, and paying it: all, my dishes, an even part or an amount. */
import { bill, busy, guest, orders, payFirst, people, signal, store, table } from "./state.js";
import { toMinor } from "../../shared/money.js";
import { bills, chosen, method, methods, startPayment } from "./pay.js";
import { bar, blank, callButton, face, html, icon, loading, nothing, statusTag } from "./ui.js";
import { money, t } from "./i18n.js";

const share = signal("all");
const parts = signal(0);
const amount = signal(0);

const sum = (list, field) => list.reduce((total, one) => total + (one[field] ?? 0), 0);
const statusOf = (id) => orders.value.find((order) => order.id === id);

/** `#pay/<order or bill id>`; without one, the first bill that is not paid. */
const target = (id) => (id ? bills().find((one) => one.id === id || one.order_id === id) : bills().find((one) => one.due > 0));

/** The bill keeps names in the store's language; the phones at the table know them in the reader's. */
const nameOf = (line) => people.value.find((one) => one.id === line.guest_id)?.name ?? line.guest_name;

const billLine = (line) => html`<li class="line ${line.voided ? "out" : ""}"><span>${line.name} <span class="times num">× ${line.quantity}</span><small>${[line.options_text, nameOf(line)].filter(Boolean).join(" · ")}</small></span><b class="num">${money(line.total)}</b></li>`;

const moneyLine = (label, value, strong = false) => html`<div class=${strong ? "total" : ""}><span class=${strong ? "" : "muted"}>${label}</span><span class="num">${money(value)}</span></div>`;

function oneBill(one) {
  const order = statusOf(one.order_id);
  const number = order?.number ?? one.lines[0]?.order_number;
  return html`<section class="group">${one.order_id ? html`<header>${t("order_number", { number })}<span class="grow"></span>${order ? statusTag(order) : nothing}</header>` : nothing}
    <ul>${one.lines.map(billLine)}</ul>
    <div class="sum">${moneyLine(t("total"), one.total, true)}${one.captured ? moneyLine(t("paid"), one.captured) : nothing}${one.refunded ? moneyLine(t("money_back"), one.refunded) : nothing}${one.due > 0 && one.captured ? moneyLine(t("left_to_pay"), one.due) : nothing}</div>
    ${one.due > 0 && payFirst.value && order?.status === "awaiting_payment" ? html`<a class="btn primary wide" href="#pay/${one.id}">${t("pay_amount", { amount: money(one.due) })}</a>` : nothing}</section>`;
}

export function billView() {
  const top = bar(t("bill_title", { name: table.value.name }), { action: callButton() });
  if (!bill.value) return html`${top}<main class="sec">${loading()}</main>`;
  const shown = bills().filter((one) => one.lines.length);
  if (!shown.length) return html`${top}<main class="sec">${blank("receipt", t("bill_empty"), t("bill_empty_text"), html`<a class="btn primary" href="#" data-back>${t("to_menu")}</a>`)}</main>`;
  return html`${top}<main class="sec stack">${shown.map(oneBill)}</main>`;
}

const mine = (one) => one.lines.filter((line) => line.guest_id === guest.value?.id && !line.voided);
const partCount = () => parts.value || Math.max(2, people.value.length);

/** What the share costs this phone, by the server's own rule. While others pay all that is owed, a tap is told so. */
function toPay(one) {
  const { all, mine, even } = one.shares;
  if (share.value === "mine") return mine;
  if (share.value === "even") return even[partCount()];
  if (share.value === "amount") return Math.min(all, amount.value);
  return all || one.due;
}

function shareBody(one) {
  if (share.value === "even") return { kind: "even", parts: partCount() };
  if (share.value === "amount") return { kind: "amount", amount: toPay(one) };
  return { kind: share.value };
}

const shares = () => html`<fieldset><legend class="vh">${t("what_to_pay")}</legend><div class="seg">${["all", "mine", "even", "amount"].map((kind) => html`
  <label><input type="radio" name="share" .checked=${share.value === kind} @change=${() => { share.value = kind; }}>${t(`share_${kind}`)}</label>`)}</div></fieldset>`;

const partStepper = () => html`<div class="row"><span class="grow">${t("people_paying")}</span><div class="step" role="group" aria-label=${t("people_paying")}>
  <button type="button" aria-label=${t("fewer")} ?disabled=${partCount() <= 2} @click=${() => { parts.value = partCount() - 1; }}>${icon("minus")}</button><output class="num">${partCount()}</output>
  <button type="button" aria-label=${t("more")} ?disabled=${partCount() >= 20} @click=${() => { parts.value = partCount() + 1; }}>${icon("plus")}</button></div></div>`;

const amountField = (one) => html`<label>${t("amount_label")}<input class="field num" inputmode="numeric" type="number" min="0" step="any" @input=${(event) => { amount.value = toMinor(event.target.value, store.value.currency); }}></label>`;

function shown(one) {
  const list = share.value === "mine" ? mine(one) : one.lines.filter((line) => !line.voided);
  return html`<section class="group">${share.value === "mine" ? html`<header>${face(guest.value, true)}<span>${guest.value?.name}</span></header>` : nothing}
    ${share.value === "even" ? partStepper() : share.value === "amount" ? amountField(one) : html`<ul>${list.map(billLine)}</ul>`}
    <div class="sum"><div class="total"><span>${t("you_pay")}</span><span class="num">${money(toPay(one))}</span></div>
      ${one.due > toPay(one) ? html`<div><small class="muted">${t("left_on_table", { amount: money(one.due - toPay(one)) })}</small></div>` : nothing}</div></section>`;
}

const methodCard = (one) => html`<label class="pay"><input type="radio" name="method" .checked=${method.value?.id === one.id} @change=${() => { chosen.value = one.id; }}>
  ${one.logo ? html`<img class="logo" src=${one.logo} width="34" height="34" alt="">` : html`<span class="logo" aria-hidden="true">${icon("receipt")}</span>`}${one.name}</label>`;

export function payView(id) {
  const one = target(id);
  const top = bar(t("pay_title", { name: table.value.name }), { fallback: "#bill", label: t("to_bill") });
  if (!bill.value) return html`${top}<main class="sec">${loading()}</main>`;
  if (!one || one.due <= 0) return html`${top}<main class="sec">${blank("check", t("all_paid"), t("all_paid_text"), html`<a class="btn primary" href="#bill">${t("to_bill")}</a>`)}</main>`;
  return html`${top}<main class="sec stack wide">${shares()}${shown(one)}
    <fieldset><legend class="title">${t("how_to_pay")}</legend><div class="pays">${methods.value.filter((m) => m.kind !== "counter").map(methodCard)}</div></fieldset>
    <p class="note">${icon("receipt")}<span>${t("counter_question")} <b>${t("counter_answer", { name: table.value.name })}</b></span></p></main>`;
}

export function payButton(id) {
  const one = target(id);
  if (!one || one.due <= 0) return nothing;
  const value = toPay(one);
  return html`<button class="btn primary middle" type="button" id="pay-button" ?disabled=${busy.value === "pay" || value <= 0} @click=${() => startPayment({ bill_id: one.id }, shareBody(one), value).catch(() => {})}>
    ${busy.value === "pay" ? html`<span class="spin"></span>${t("opening_wallet")}` : t("pay_amount", { amount: money(value) })}</button>`;
}
