/** Starting a payment, and what the pay screen has chosen. */
import { newKey } from "../../shared/api.js";
import { toast } from "../../shared/dialog.js";
import { bill, busy, computed, remember, signal } from "./state.js";
import { asGuest, noteState, refreshBill, refreshOrders } from "./session.js";
import { go } from "./router.js";
import { t } from "./i18n.js";

const PATIENCE = 10000;
/** The last method that worked for this phone. */
const usual = signal(null);
remember("method", usual, localStorage);
/** The attempt without an answer: {about, key}; the same wish keeps its key. */
const attempt = signal(null);
remember("payment", attempt);

export const bills = () => bill.value?.bills ?? [];
export const dueTotal = () => bills().reduce((total, one) => total + one.due, 0);
export const methods = computed(() => bill.value?.methods ?? []);
export const chosen = signal(null);
export const method = computed(() => {
  const known = (id) => methods.value.find((one) => one.id === id);
  return known(chosen.value) ?? known(usual.value) ?? methods.value.find((one) => one.kind === "redirect") ?? methods.value[0];
});

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** The bill follows the order through the event queue, usually within a tenth of a second. */
async function patiently(body, key) {
  const until = Date.now() + PATIENCE;
  for (let pause = 150; ; pause = Math.min(1000, pause * 1.6)) {
    try {
      return await asGuest("POST", "payments/", body, { key, retry: 1, timeout: 20000 });
    } catch (problem) {
      if (problem.code !== "bill-not-ready" || Date.now() > until) throw problem;
      await wait(pause);
    }
  }
}

/** target: {order_id} or {bill_id}; share: {kind, parts?, amount?}; shown: what the button said, never more is paid.
 * Leaves the page for a wallet. */
export async function startPayment(target, share, shown) {
  busy.value = "pay";
  try {
    if (!method.value) await refreshBill();
    const body = { ...target, share, amount_shown: shown, method: method.value?.id ?? "sandbox" };
    const about = JSON.stringify(body);
    if (attempt.value?.about !== about) attempt.value = { about, key: newKey() };
    const payment = await patiently(body, attempt.value.key);
    attempt.value = null;
    usual.value = body.method;
    return follow(payment);
  } catch (problem) {
    if (!problem.network) attempt.value = null;
    if (!noteState(problem)) toast(problem.network ? t("offline_short") : problem.detail || problem.title || t("failed"));
    refreshBill();
    throw problem;
  } finally {
    if (!leaving) busy.value = "";
  }
}

let leaving = false;
addEventListener("pageshow", () => { leaving = false; if (busy.value === "pay") busy.value = ""; });

function follow(payment) {
  if (payment.next?.type === "redirect") {
    leaving = true;
    location.assign(payment.next.url);
  } else if (payment.next?.message) {
    toast(payment.next.message, { duration: 9000 });
    refreshOrders();
    refreshBill();
  }
  return payment;
}

/** After "order and pay": whatever happens, coming back shows the order. */
export async function payOrder(order) {
  go(`#order/${order.id}`);
  await startPayment({ order_id: order.id }, { kind: "all" }, order.total).catch(() => {});
}
