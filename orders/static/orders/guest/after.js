/** The screens of a table that has ordered; loaded when the first order is under way. */
import { effect, orders, busy, signal } from "./state.js";
import { route } from "./router.js";

const SCREENS = new Set(["order", "bill", "pay"]);
/** {statusView, billView, payView, payButton} once loaded. */
export const after = signal(null);
let loading = null;

function load() {
  loading ??= Promise.all([import("./status_view.js"), import("./bill_view.js")])
    .then(([status, bill]) => { after.value = { ...status, ...bill }; })
    .catch(() => { loading = null; setTimeout(check, 2000); });
}

function check() {
  if (orders.value.length || busy.value || SCREENS.has(route.value.name)) load();
}

export const startAfter = () => effect(check);
