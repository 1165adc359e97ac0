/** Everything the table has chosen, by person. */
import { toast } from "../../shared/dialog.js";
import { busy, guest, mayOrder, openOrders, payFirst, people, table, items } from "./state.js";
import { count, lines, myLines, ordered, otherLines, scope, setQuantity, total } from "./cart.js";
import { sendOrder } from "./order.js";
import { editing } from "./item.js";
import { go } from "./router.js";
import { bar, blank, face, html, icon, nothing, optionsText, originalName, statusTag, stepper } from "./ui.js";
import { money, t } from "./i18n.js";

async function share() {
  const url = location.origin + location.pathname;
  try {
    if (navigator.share) await navigator.share({ title: document.title, url });
    else { await navigator.clipboard.writeText(url); toast(t("link_copied")); }
  } catch { /* the person closed the share sheet */ }
}

function edit(line) {
  return () => { editing.value = line; go(`#item/${line.item_id}`); };
}

const details = (line) => {
  const text = optionsText(line);
  const original = originalName(line);
  return html`<small>${original}${original !== nothing && text ? " · " : ""}${text}</small>`;
};

const myLine = (line) => html`<li class="line ${line.available ? "" : "out"}">
  <b>${line.name}</b><b class="num">${money(line.total)}</b>
  <div>${details(line)}${line.available ? nothing : html`<span class="tag late">${t("not_available")}</span>`}
    ${items.value.has(line.item_id) && line.available && mayOrder.value ? html`<button class="link" type="button" @click=${edit(line)}>${t("change")}<span class="vh"> ${line.name}</span></button>` : nothing}</div>
  ${stepper(line.quantity, line.name, (n) => setQuantity(line, n))}</li>`;

const otherLine = (line) => html`<li class="line ${line.available ? "" : "out"}">
  <b>${line.name} <span class="times num">× ${line.quantity}</span></b><b class="num">${money(line.total)}</b>
  <div>${details(line)}${line.available ? nothing : html`<span class="tag late">${t("not_available")}</span>`}</div></li>`;

function others() {
  return [...byGuest(otherLines.value).values()].map((group) => html`<section class="group"><header>${face(group[0].guest)}<span>${group[0].guest?.name}</span></header><ul>${group.map(otherLine)}</ul></section>`);
}

function byGuest(list) {
  const groups = new Map();
  for (const line of list) groups.set(line.guest?.id, [...(groups.get(line.guest?.id) ?? []), line]);
  return groups;
}

const scopeChoice = () => html`<fieldset><legend class="vh">${t("what_to_order")}</legend><div class="seg">
  ${["all", "mine"].map((value) => html`<label><input type="radio" name="scope" .checked=${scope.value === value} @change=${() => { scope.value = value; }}>${t(`scope_${value}`)}</label>`)}</div></fieldset>`;

const earlier = () => openOrders.value.map((order) => html`<a class="group strip" href="#order/${order.id}"><b class="grow">${t("order_number", { number: order.number })}</b>${statusTag(order)}<b class="num">${money(order.total)}</b>${icon("next")}</a>`);

const minutes = () => Math.max(0, ...ordered.value.map((line) => items.value.get(line.item_id)?.minutes ?? 0));

export function cartView() {
  const title = t("cart_title", { name: table.value.name });
  const top = bar(title, { action: html`<button type="button" aria-label=${t("share_link")} @click=${share}>${icon("share")}</button>` });
  if (!lines.value.length) {
    return html`${top}<main class="sec stack">${blank("cart", t("cart_empty"), t("cart_empty_text"), html`<a class="btn primary" href="#" data-back>${t("to_menu")}</a>`)}${earlier()}</main>`;
  }
  return html`${top}<main class="sec stack">
    ${myLines.value.length && otherLines.value.length ? scopeChoice() : nothing}
    ${myLines.value.length ? html`<section class="group"><header>${face(guest.value, true)}<span>${t("my_dishes")}</span>${people.value.length > 1 ? html`<span class="tag">${guest.value?.name}</span>` : nothing}</header><ul>${myLines.value.map(myLine)}</ul></section>` : nothing}
    ${others()}${earlier()}
    <div class="sum group"><div><span class="muted">${t("this_order", { n: count.value })}</span><b class="num">${money(total.value)}</b></div>
      ${minutes() ? html`<div><span class="muted">${t("expected")}</span><b>${t("about_minutes", { n: minutes() })}</b></div>` : nothing}</div></main>`;
}

export function orderButton({ short = false } = {}) {
  const sending = busy.value === "order" || busy.value === "pay";
  const label = payFirst.value ? t("order_pay") : t("order_send");
  return html`<button class="btn primary order" type="button" id="order-button" ?disabled=${sending || !count.value || !mayOrder.value} @click=${() => sendOrder()}>
    ${sending ? html`<span class="spin"></span><span role="status">${t(busy.value === "pay" ? "opening_wallet" : "sending")}</span>` : html`${short ? nothing : html`<span class="count num">${count.value}</span>`}<span>${label}</span><span class="num">${money(total.value)}</span>`}</button>`;
}

