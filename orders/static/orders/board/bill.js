/** What parties owe and get back, fetched again while somebody looks at it. */
import { call } from "../../shared/api.js";
import { api, may } from "./page.js";
import { board, chosenTable, effect, signal, tables, untracked, view } from "./state.js";

/** The chosen tab's bills: {tab, currency, bills, due, captured}; null while unknown. */
export const bill = signal(null);
/** What staff must hand back in the whole store: {id, amount, method, reason, tab_id, table_name, created_at}. */
const owed = signal([]);

const openTabs = () => new Set(tables.value.map((one) => one.tab?.id));
export const handBacks = (tab) => owed.value.filter((one) => one.tab_id === tab.id);
/** Owed to parties whose table was closed. */
export const handBacksOfTheGone = () => (board.value ? owed.value : []).filter((one) => !openTabs().has(one.tab_id));
export const failedRefunds = (tab) => (bill.value?.tab === tab.id ? bill.value.bills : []).flatMap((one) => one.refunds).filter((one) => one.state === "failed");

const chosen = () => tables.value.find((one) => one.id === chosenTable.value)?.tab;

export async function loadBill(tab) {
  try {
    const answer = await call("GET", `${api}tabs/${tab}/bill/`, undefined, { retry: 0 });
    if (chosen()?.id !== tab) return;
    const sum = (name) => answer.bills.reduce((total, one) => total + one[name], 0);
    bill.value = { tab, ...answer, due: sum("due"), captured: sum("captured") - sum("refunded") };
  } catch {
    if (bill.value?.tab !== tab) bill.value = null;
  }
}

export async function loadHandBacks() {
  try {
    owed.value = (await call("GET", `${api}hand-backs/`, undefined, { retry: 0 })).refunds;
  } catch { /* the last answer stays until the next one */ }
}

const EVERY = 4000;
let looked = 0;

/** Money follows its orders by a moment: look again while somebody looks at the floor or the log. */
function look() {
  if (view.value === "kitchen" || !may.serve || document.visibilityState !== "visible") return;
  looked = Date.now();
  loadHandBacks();
  if (view.value === "floor" && chosen()) loadBill(chosen().id);
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
