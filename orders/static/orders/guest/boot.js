/** Starts the page: join the table, draw what the address says, listen. */
import { bill, effect, guest, left, openOrders, orders, page, people, remember, tabState, unsent } from "./state.js";
import { refreshAll, refreshBill } from "./session.js";
import { lines, restoreDraft } from "./cart.js";
import { route, startRouter } from "./router.js";
import { startMenu } from "./menu.js";
import { startSheets } from "./sheets.js";
import { enter, stopLive } from "./live.js";
import { alerts } from "./alerts.js";
import { cartView } from "./cart_view.js";
import { after, startAfter } from "./after.js";
import { dock } from "./dock.js";
import { bar, face, html, icon, loading, nothing, render, statusTag } from "./ui.js";
import { money, t } from "./i18n.js";

const $ = (id) => document.getElementById(id);
const later = (name) => (id) => after.value?.[name](id) ?? html`${bar("…")}<main>${loading()}</main>`;
const VIEWS = { cart: cartView, order: later("statusView"), bill: later("billView"), pay: later("payView") };
const goodbye = later("goodbye");

const together = () => html`${people.value.length > 1 ? html`<a class="together" href="#cart"><span class="faces">${people.value.slice(0, 4).map((one) => face(one, one.id === guest.value?.id))}</span><span class="grow">${t("together", { n: people.value.length })}</span>${icon("next")}</a>` : nothing}
  ${openOrders.value.slice(lines.value.length ? 0 : 1, 4).map((order) => html`<a class="together" href="#order/${order.id}"><span class="disc">${icon("pot")}</span><b class="grow">${t("order_number", { number: order.number })}</b>${statusTag(order)}<span class="num">${money(order.total)}</span>${icon("next")}</a>`)}
  ${orders.value.length ? html`<a class="together slim" href="#bill">${icon("receipt")}<span class="grow">${t("to_bill")}</span>${icon("next")}</a>` : nothing}`;

let scrolled = 0;
let shownBefore = "menu";

/** Exactly one page is shown; a sheet lies over whatever was there. */
function draw() {
  const closed = tabState.value === "closed";
  const { name, id } = route.value;
  const view = closed ? goodbye : VIEWS[name];
  const sheet = name === "item" || name === "call" || name === "language";
  if (sheet && !closed) return;
  if (view && !$("menu-page").hidden) scrolled = scrollY;
  const wasMenu = $("menu-page").hidden;
  $("menu-page").hidden = Boolean(view);
  $("view").hidden = !view;
  render(view ? view(id) : nothing, $("view"));
  const key = closed ? "closed" : `${name}/${id}`;
  if (key === shownBefore) return;
  shownBefore = key;
  if (view) { scrollTo(0, 0); $("view-title")?.focus({ preventScroll: true }); }
  else if (wasMenu) scrollTo(0, scrolled);
}

function comeBack(event) {
  if (!event.persisted) return;
  refreshAll();
  refreshBill();
}

function start() {
  remember("left", left);
  remember("unsent", unsent);
  if (unsent.value) unsent.value = { ...unsent.value, lost: true };
  if (left.value) tabState.value = "closed";
  restoreDraft();
  startRouter();
  startMenu();
  startSheets();
  startAfter();
  effect(() => render(alerts(), $("alerts")));
  effect(() => render(together(), $("together")));
  effect(() => render(dock(route.value), $("dock")));
  effect(draw);
  effect(() => { document.body.dataset.seat = tabState.value; });
  effect(() => { if (tabState.value === "closed") { left.value = true; stopLive(); } });
  effect(() => { if (["bill", "pay", "order"].includes(route.value.name) && tabState.value === "open" && !bill.value) refreshBill(); });
  addEventListener("pageshow", comeBack);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") refreshAll(); });
  document.documentElement.dataset.ready = page.value.table.name;
  enter();
}

start();
