/** What parties owe and get back, fetched again while somebody looks at it. */
import { call } from "../../shared/api.js";
import { api, may } from "./page.js";
import { board, chosenTable, effect, signal, tables, untracked, view } from "./state.js";

/** The chosen tab's bills: {tab, currency, bills, due, captured}; null while unknown. */
export const bill = signal(null);
/** tab → refunds that matter to staff: {id, amount, reason, state, hand_back}; hand_back = staff must hand it over. */
export const refunds = signal(new Map());

export const handBacks = (tab) => (refunds.value.get(tab.id) ?? []).filter((one) => one.hand_back);
export const failedRefunds = (tab) => (refunds.value.get(tab.id) ?? []).filter((one) => one.state === "failed");

const chosen = () => tables.value.find((one) => one.id === chosenTable.value)?.tab;

export async function loadBill(tab) {
  try {
    const answer = await call("GET", `${api}tabs/${tab}/bill/`, undefined, { retry: 0 });
    refunds.value = new Map(refunds.value).set(tab, answer.bills.flatMap((one) => one.refunds));
    if (chosen()?.id !== tab) return;
    const sum = (name) => answer.bills.reduce((total, one) => total + one[name], 0);
    bill.value = { tab, ...answer, due: sum("due"), captured: sum("captured") - sum("refunded") };
  } catch {
    if (bill.value?.tab !== tab) bill.value = null;
  }
}

const EVERY = 4000;
const GONE = new Set(["rejected", "canceled", "voided"]);
const mayGetMoneyBack = (tab) => tab.orders.some((order) => GONE.has(order.status) || order.lines.some((line) => GONE.has(line.status)));
let looked = 0;

/** A bill follows its orders and payments by a moment: look again while somebody looks at the floor. */
function look() {
  if (view.value !== "floor" || !may.serve || document.visibilityState !== "visible") return;
  looked = Date.now();
  for (const { tab } of tables.value) if (tab && (tab.id === chosen()?.id || mayGetMoneyBack(tab))) loadBill(tab.id);
}

setInterval(look, EVERY);
effect(() => {
  board.value;
  view.value;
  if (untracked(() => Date.now() - looked > 1000)) untracked(look);
});
effect(() => {
  const tab = chosen();
  if (tab) untracked(() => loadBill(tab.id));
});
