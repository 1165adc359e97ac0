/** What the chosen party owes, fetched again with every new board. */
import { call } from "../../shared/api.js";
import { api } from "./page.js";
import { chosenTable, effect, signal, tables, view } from "./state.js";

/** The chosen tab's bills: {tab, currency, bills, due, captured}; null while unknown. */
export const bill = signal(null);

export async function loadBill(tab) {
  try {
    const answer = await call("GET", `${api}tabs/${tab}/bill/`, undefined, { retry: 0 });
    const sum = (name) => answer.bills.reduce((total, one) => total + one[name], 0);
    bill.value = { tab, ...answer, due: sum("due"), captured: sum("captured") - sum("refunded") };
  } catch {
    if (bill.value?.tab !== tab) bill.value = null;
  }
}

const EVERY = 4000;

/** A bill follows its orders and payments by a moment: look again while somebody looks at it. */
setInterval(() => {
  const tab = tables.value.find((one) => one.id === chosenTable.value)?.tab;
  if (tab && view.value === "floor" && document.visibilityState === "visible") loadBill(tab.id);
}, EVERY);

effect(() => {
  const table = tables.value.find((one) => one.id === chosenTable.value);
  if (table?.tab) loadBill(table.tab.id);
});
