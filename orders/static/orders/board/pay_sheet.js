/** Money at the table: cash with change, or the card terminal's receipt. One key per dialog, so one booking. */
import { toast } from "../../shared/dialog.js";
import { toMinor } from "../../shared/money.js";
import { isBusy, newKey, post } from "./actions.js";
import { money, store, t } from "./page.js";
import { signal } from "./state.js";
import { bill, loadBill } from "./bill.js";
import { closeSheet, html, icon, nothing, openSheet, sheet } from "./ui.js";

const form = signal(null);
const NOTES = { KRW: [1000, 5000, 10000, 50000], JPY: [1000, 5000, 10000], CNY: [1000, 5000, 10000], USD: [500, 1000, 2000, 5000] };

export function openPayment(table, tab) {
  form.value = { tab: tab.id, method: "cash", received: 0, receipt: "", key: newKey() };
  openSheet(() => sheet(t("pay_title", { table: table.name }), bill.value ? payForm() : html`<p class="row"><span class="spin"></span>${t("bill_waits")}</p>`));
}

const set = (values) => { form.value = { ...form.value, ...values }; };
const method = (name, sign) => html`<button class="btn" aria-pressed=${String(form.value.method === name)} @click=${() => set({ method: name, key: newKey() })}>${icon(sign)}${t(name)}</button>`;

function payForm() {
  const { due } = bill.value;
  const { received, tab } = form.value;
  const cash = form.value.method === "cash";
  const enough = !cash || !received || received >= due;
  return html`
    <p class="sum"><span>${t("to_pay")}</span><b class="num">${money(due)}</b></p>
    <div class="two">${method("cash", "receipt")}${method("terminal", "card")}</div>
    ${cash ? cashFields(due, received) : html`<label>${t("receipt_no")}<input class="field" maxlength="60" autocomplete="off" .value=${form.value.receipt} @input=${(event) => set({ receipt: event.target.value })}></label>`}
    ${enough ? nothing : html`<p class="note late" role="alert">${t("too_little")}</p>`}
    <button class="btn primary wide tall" ?disabled=${!due || !enough || isBusy("pay")} @click=${() => take(tab, due)}>${icon("check")}${t("take", { amount: money(due) })}</button>`;
}

/** Exact, and what people hand over: the next amounts that notes can make. */
function handed(due) {
  const amounts = (NOTES[store.currency] ?? [1000, 5000, 10000]).map((note) => Math.ceil(due / note) * note);
  return [...new Set(amounts)].filter((amount) => amount > due).slice(0, 3);
}

const cashFields = (due, received) => html`
  <div class="handed"><button class="btn" aria-pressed=${String(!received)} @click=${() => set({ received: 0 })}>${t("exact")}</button>
    ${handed(due).map((amount) => html`<button class="btn num" aria-pressed=${String(received === amount)} @click=${() => set({ received: amount })}>${money(amount)}</button>`)}</div>
  <label>${t("received")}<input class="field num" inputmode="decimal" autocomplete="off" @input=${(event) => set({ received: toMinor(event.target.value, store.currency) })}></label>
  <p class="sum change"><span>${t("change")}</span><b class="num" role="status">${money(Math.max(0, received - due))}</b></p>`;

async function take(tab, due) {
  const { method: how, received, receipt, key } = form.value;
  const body = { amount: due, method: how, ...(how === "cash" && received ? { tendered: received } : {}), ...(receipt && { receipt_no: receipt }) };
  const answer = await post(`tabs/${tab}/counter-payments/`, body, { name: "pay", key });
  await loadBill(tab);
  if (!answer) return;
  closeSheet();
  toast(answer.change > 0 ? t("give_back", { amount: money(answer.change) }) : t("taken", { amount: money(answer.amount) }), { duration: 8000 });
}
