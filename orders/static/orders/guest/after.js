/** The screens of a table that has ordered, or left; loaded when the first order is under way. */
import { effect, orders, busy, signal, tabState } from "./state.js";
import { route } from "./router.js";

const SCREENS = new Set(["order", "bill", "pay"]);
/** {statusView, billView, payView, payButton, goodbye} once loaded. */
export const after = signal(null);
let loading = null;

function load() {
  loading ??= Promise.all([import("./status_view.js"), import("./bill_view.js"), import("./farewell.js")])
    .then((screens) => { after.value = Object.assign({}, ...screens); })
    .catch(() => { loading = null; setTimeout(check, 2000); });
}

function check() {
  if (orders.value.length || busy.value || tabState.value === "closed" || SCREENS.has(route.value.name)) load();
}

export const startAfter = () => effect(check);
