/** The buttons at the thumb: one main action per screen. */
import { bill, mayOrder, openOrders, orders, payFirst, stageOf, tabState } from "./state.js";
import { count, lines, otherLines, total } from "./cart.js";
import { orderButton } from "./cart_view.js";
import { after } from "./after.js";
import { dueTotal } from "./pay.js";
import { html, icon, nothing, orderOf } from "./ui.js";
import { money, t } from "./i18n.js";

const cartLink = () => html`<a class="btn cart" href="#cart" aria-label=${t("cart_with", { n: count.value })}>${icon("cart")}<span class="count num">${lines.value.reduce((sum, line) => sum + line.quantity, 0)}</span></a>`;
const wideCart = () => html`<a class="btn primary" href="#cart"><span class="count num">${count.value}</span><span>${t("view_cart")}</span><span class="num">${money(total.value)}</span></a>`;

function following() {
  const order = openOrders.value[0];
  if (order) return html`<a class="btn primary" href="#order/${order.id}">${icon("pot")}<span>${t("order_number", { number: order.number })}</span><span>${t(`tag_${stageOf(order)}`)}</span></a>`;
  if (!payFirst.value && dueTotal() > 0) return html`<a class="btn primary" href="#bill">${icon("receipt")}<span>${t("to_bill")}</span><span class="num">${money(dueTotal())}</span></a>`;
  return nothing;
}

function menuDock() {
  if (!lines.value.length) return following();
  if (!mayOrder.value || otherLines.value.length || !count.value) return wideCart();
  return html`<div class="split">${cartLink()}${orderButton({ short: true })}</div>`;
}

function orderDock(id) {
  const order = orderOf(id);
  const more = html`<a class="btn soft" href="#">${t("order_more")}</a>`;
  if (order && stageOf(order) === "awaiting_payment") return html`<div class="two">${more}<a class="btn primary" href="#pay/${order.id}">${t("pay_amount", { amount: money(order.total) })}</a></div>`;
  const due = !payFirst.value && dueTotal() > 0;
  return html`<div class="two">${more}<a class="btn primary" href=${due ? "#pay" : "#bill"}>${due ? t("pay_now") : t("to_bill")}</a></div>`;
}

function billDock() {
  if (!bill.value || !orders.value.length) return nothing;
  const due = !payFirst.value && dueTotal() > 0;
  return due ? html`<a class="btn primary middle" href="#pay">${t("pay_amount", { amount: money(dueTotal()) })}</a>` : html`<a class="btn soft" href="#">${t("order_more")}</a>`;
}

export function dock({ name, id }) {
  if (tabState.value === "closed") return nothing;
  if (name === "cart") return lines.value.length ? orderButton() : nothing;
  if (name === "order") return orderDock(id);
  if (name === "bill") return billDock();
  if (name === "pay") return after.value?.payButton(id) ?? nothing;
  return menuDock();
}
