/** The rarer answers to an order: refuse it, take a dish off, cancel it, take the last step back. */
import { isBusy, lineStep, reject, step } from "./actions.js";
import { may, t } from "./page.js";
import { signal, tickets } from "./state.js";
import { closeSheet, html, icon, nothing, openSheet, sheet } from "./ui.js";

const REASONS = ["sold_out", "busy", "closing", "other"];
const reason = signal("");

export function openOrderSheet(id) {
  reason.value = "";
  openSheet(() => {
    const ticket = tickets.value.find((one) => one.id === id);
    return ticket ? orderSheet(ticket) : sheet(t("already"), html`<button class="btn" @click=${closeSheet}>${t("close")}</button>`);
  });
}

const field = (label) => html`<label>${t(label)}<input class="field" maxlength="200" .value=${reason.value} @input=${(event) => { reason.value = event.target.value; }}></label>`;

function orderSheet(ticket) {
  const title = `${ticket.table_name} · ${t("ticket_number", { n: ticket.number })}`;
  if (ticket.status === "submitted") return sheet(t("reject_title", { n: ticket.number }), rejectForm(ticket));
  return sheet(title, html`
    ${ticket.status === "ready" ? html`<button class="btn wide" @click=${() => finish(step(ticket, "recall"))}>${icon("undo")}${t("undo_line")}</button>` : nothing}
    ${may.decide ? html`${field("void_reason")}${voidList(ticket)}
      <button class="btn stop" ?disabled=${isBusy(ticket.id)} @click=${() => finish(step(ticket, "cancel", { reason: reason.value }))}>${t("cancel_order")}</button>`
    : html`<p class="muted">${t("not_allowed")}</p>`}`);
}

const rejectForm = (ticket) => html`
  <p class="muted">${t("reject_text")}</p>${field("reason")}
  <div class="two">${REASONS.map((code) => html`<button class="btn stop" ?disabled=${isBusy(ticket.id)} @click=${() => finish(reject(ticket, code, reason.value))}>${t(`reject_${code}`)}</button>`)}</div>
  ${may.serve ? voidList(ticket) : nothing}`;

function voidList(ticket) {
  const lines = ticket.lines.filter((line) => !["voided", "canceled", "served"].includes(line.status));
  if (lines.length < 2) return nothing;
  return html`<h3>${t("void_line")}</h3><ul class="rows">${lines.map((line) => html`
    <li><span class="grow">${line.quantity} × ${line.name}</span><button class="btn danger" aria-label="${t("void")}: ${line.name}" ?disabled=${isBusy(line.id)}
      @click=${() => finish(lineStep(line, "void", { reason: reason.value }))}>${t("void")}</button></li>`)}</ul>`;
}

async function finish(work) {
  if (await work) closeSheet();
}
