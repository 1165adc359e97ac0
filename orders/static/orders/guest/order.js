/** Sending an order: one key per order until an answer came, however often it is tapped, reloaded or resent. */
import { newKey } from "../../shared/api.js";
import { toast } from "../../shared/dialog.js";
import { batch, busy, changes, menu, orders, tabState, unsent } from "./state.js";
import { flush, ordered, scope } from "./cart.js";
import { asGuest, noteState, refreshAll, refreshCart, refreshMenu, refreshOrders } from "./session.js";
import { payOrder } from "./pay.js";
import { unlockSound } from "./sound.js";
import { go } from "./router.js";
import { t } from "./i18n.js";

const line = ({ item_id, quantity, option_ids, note }) => ({ item_id, quantity, options: option_ids, note: note || "" });

function bodyOf() {
  const taken = ordered.value;
  return { menu_version: menu.value.version, lines: taken.map(line), cart_line_ids: taken.map((one) => one.id).filter(Boolean) };
}

/** The button of the cart and of the menu. */
export async function sendOrder() {
  if (busy.value) return;
  unlockSound();
  busy.value = "order";
  try {
    await flush();
    const body = bodyOf();
    if (!body.lines.length) return;
    const same = unsent.value && JSON.stringify(unsent.value.body) === JSON.stringify(body);
    if (!same) unsent.value = { key: newKey(), body, lost: false };
    await deliver();
  } catch (problem) {
    refused(problem);
  } finally {
    if (busy.value === "order") busy.value = "";
  }
}

/** The same order with the same key: the server makes one of both. */
export async function resend() {
  if (busy.value || !unsent.value) return;
  busy.value = "order";
  try {
    await deliver();
  } catch (problem) {
    refused(problem);
  } finally {
    if (busy.value === "order") busy.value = "";
  }
}

/** The guest does not want it any more; it may have arrived all the same, so look. */
export function forget() {
  unsent.value = null;
  refreshAll();
}

async function deliver() {
  const { key, body } = unsent.value;
  const order = await asGuest("POST", "orders/", body, { key, retry: 1 });
  batch(() => {
    unsent.value = null;
    scope.value = "all";
    orders.value = [order, ...orders.value.filter((other) => other.id !== order.id)];
  });
  refreshCart();
  if (order.status === "awaiting_payment" && order.total) return payOrder(order);
  go(`#order/${order.id}`);
  return null;
}

function refused(problem) {
  if (problem.network || problem.status >= 500) {
    if (unsent.value) unsent.value = { ...unsent.value, lost: true };
    else toast(t("offline_short"));
    return;
  }
  unsent.value = null;
  if (problem.extra?.changes) return explain(problem);
  if (noteState(problem) || tabState.value === "closed") return;
  if (problem.code === "cart-changed") {
    refreshAll();
    toast(t("cart_changed"));
    return;
  }
  if (problem.code.startsWith("store-")) refreshMenu();
  refreshOrders();
  toast(problem.status === 429 ? t("too_fast") : problem.detail || problem.title || t("failed"));
}

/** The menu changed under the order: show what, fetch the new one, keep the cart. */
async function explain(problem) {
  changes.value = { code: problem.code, list: problem.extra.changes };
  await Promise.all([refreshMenu(problem.extra.menu_version), refreshCart()]);
}
