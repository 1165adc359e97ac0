/** Money that somebody must hand over at the counter. */
import { isBusy, post } from "./actions.js";
import { bill, handBacksOfTheGone, loadBill, loadHandBacks } from "./bill.js";
import { knows, may, money, store, t } from "./page.js";
import { confirmSheet, html, icon, nothing } from "./ui.js";

const moment = (iso) => new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", day: "numeric", hour: "numeric", minute: "2-digit", timeZone: store.timezone }).format(new Date(iso));
const reason = ({ reason: said }) => (knows(`reject_${said}`) ? t(`reject_${said}`) : said);

export function handBack(refund, table, note = reason(refund)) {
  const words = { amount: money(refund.amount) };
  return html`<section class="panel due-back"><p>${icon("receipt")}<span><b>${t(refund.method === "cash" ? "hand_back_cash" : "hand_back_terminal", words)}</b>${note ? html`<small>${note}</small>` : nothing}</span></p>
    <button class="btn wide" ?disabled=${isBusy(refund.id)} @click=${() => ask(refund, table)}>${icon("check")}${t("handed_back")}</button></section>`;
}

/** What is owed to parties that left: no table shows it any more. */
export function owedToTheGone() {
  if (!may.serve) return nothing;
  return handBacksOfTheGone().map((refund) => {
    const facts = [t("guests_of", { table: refund.table_name, time: moment(refund.created_at) }), reason(refund)];
    return handBack(refund, refund.table_name, facts.filter(Boolean).join(" · "));
  });
}

function ask(refund, table) {
  const words = { table, amount: money(refund.amount) };
  confirmSheet(t("hand_back_title", words), t("hand_back_text"), t("handed_back"), async () => {
    const answer = await post(`refunds/${refund.id}/handed-back/`, {}, { name: refund.id, done: t("hand_back_done", words) });
    await Promise.all([loadHandBacks(), bill.value ? loadBill(bill.value.tab) : null]);
    return answer;
  });
}
