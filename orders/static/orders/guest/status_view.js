/** One order: how long still, which step, each dish. */
import { bill, busy, items, now, orders, stageOf } from "./state.js";
import { asGuest, noteState, refreshBill, refreshOrders } from "./session.js";
import { addLine } from "./cart.js";
import { ringMe, soundOn } from "./sound.js";
import { minutesUntil, secondsUntil, stopwatch } from "../../shared/time.js";
import { toast } from "../../shared/dialog.js";
import { go } from "./router.js";
import { bar, blank, callButton, face, html, icon, loading, nothing, optionsText, orderOf, statusTag } from "./ui.js";
import { money, reasonOf, t, time } from "./i18n.js";

const STEPS = [["check", "step_received"], ["pot", "step_cooking"], ["bell", "step_ready"], ["tray", "step_served"]];
const STEP = { submitted: 0, accepted: 1, in_progress: 1, ready: 2, served: 4 };
const DISC = { awaiting_payment: "receipt", paid: "check", submitted: "bell", ready: "check", served: "tray", rejected: "x", canceled: "x", expired: "clock" };
const LINE_TAGS = { queued: ["", ""], cooking: ["ok", "pot"], ready: ["ok", "check"], served: ["ok", "check"], canceled: ["late", "x"], voided: ["late", "x"] };
const AROUND = 2 * Math.PI * 79.5;

const cooking = (order) => order.status === "accepted" || order.status === "in_progress";

function ring(order) {
  if (!cooking(order) || !order.ready_by) {
    return html`<span class="disc big ${stageOf(order)}">${icon(DISC[stageOf(order)] ?? "pot")}</span>`;
  }
  const left = Math.max(0, minutesUntil(order.ready_by, now.value));
  const whole = Math.max(1, Date.parse(order.ready_by) - Date.parse(order.accepted_at ?? order.placed_at));
  const share = Math.min(1, Math.max(0.04, 1 - (Date.parse(order.ready_by) - now.value) / whole));
  return html`<div class="ring"><svg viewBox="0 0 172 172" aria-hidden="true"><circle cx="86" cy="86" r="79.5"></circle><circle class="on" cx="86" cy="86" r="79.5" stroke-dasharray="${share * AROUND} ${AROUND}"></circle></svg>
    <div>${left > 0 ? html`<b class="num">${t("minutes", { n: left })}</b><span class="muted">${t("until_ready")}</span>` : html`<b class="soon">${t("any_moment")}</b>`}</div></div>`;
}

/** Whether a clock runs here: nobody wants every second of it read aloud. */
const counts = (order) => stageOf(order) === "awaiting_payment" && Boolean(order.expires_at);

function sentence(order) {
  if (counts(order)) return t("text_awaiting_payment", { time: stopwatch(secondsUntil(order.expires_at, now.value)) });
  if (cooking(order) && order.accepted_at) return t("text_accepted", { time: time(order.accepted_at) });
  if (order.status === "rejected" || order.status === "canceled") return reasonOf(order) || t(`text_${order.status}`);
  return t(`text_${stageOf(order)}`);
}

const steps = (order) => order.status in STEP ? html`<ol class="steps">${STEPS.map(([name, label], index) => {
  const at = STEP[order.status];
  return html`<li class=${index < at ? "done" : index === at ? "on" : ""} aria-current=${index === at ? "step" : nothing}><span>${icon(index < at ? "check" : name)}</span>${t(label)}</li>`;
})}</ol>` : nothing;

/** What happened to the money of an order that will not be cooked. */
function moneyNote(order) {
  const own = bill.value?.bills?.find((one) => one.order_id === order.id);
  const refunds = own?.refunds ?? [];
  if (!refunds.length) return nothing;
  const text = refunds.some(({ state }) => state === "failed" || state === "reversed") ? "news_refund_failed"
    : refunds.every(({ state }) => state === "succeeded") ? "refunded" : "refund_under_way";
  const amount = money(refunds.reduce((sum, one) => sum + one.amount, 0));
  return html`<p class="note" role="status">${icon("receipt")}<span>${t(text, { amount })}</span></p>`;
}

async function cancel(order) {
  if (busy.value) return;
  busy.value = "cancel";
  try {
    const fresh = await asGuest("POST", `/api/v1/orders/${order.id}/cancel/`, {});
    orders.value = orders.value.map((one) => (one.id === fresh.id ? fresh : one));
    refreshBill();
  } catch (problem) {
    if (!noteState(problem)) toast(problem.network ? t("offline_short") : problem.detail || problem.title);
    refreshOrders();
  } finally {
    busy.value = "";
  }
}

/** An order's line names its options as they were sold; the ids are today's menu's. Null when it cannot be had so. */
function choicesOf(line) {
  const item = items.value.get(line.item_id);
  if (!item || item.sold_out) return null;
  const groups = item.option_groups ?? [];
  const all = groups.flatMap((group) => group.options);
  const ids = (line.options ?? []).map((sold) => all.find((option) => option.name === sold.name && !option.sold_out)?.id);
  const missing = groups.some((group) => group.required && !group.options.some((option) => ids.includes(option.id)));
  return missing || ids.includes(undefined) ? null : { item, ids };
}

function again(order) {
  const found = order.lines.map((line) => ({ line, choice: choicesOf(line) })).filter(({ choice }) => choice);
  for (const { line, choice } of found) addLine(choice.item, choice.ids, line.quantity, line.note ?? "");
  if (found.length < order.lines.length) toast(t("some_missing"));
  go(found.length ? "#cart" : "");
}

const ringOffer = (order) => !["submitted", "accepted", "in_progress"].includes(order.status) ? nothing : soundOn.value
  ? html`<p class="note">${icon("bell")}<span>${t("sound_on")}</span></p>`
  : html`<div class="note">${icon("bell")}<span class="grow"><b>${t("ring_title")}</b>${t("ring_text")}</span><button class="btn primary small" type="button" @click=${ringMe}>${t("ring_me")}</button></div>`;

const dish = (order) => (line) => {
  const [color, name] = LINE_TAGS[line.status] ?? LINE_TAGS.queued;
  const quiet = !(order.status in STEP) && order.status !== "awaiting_payment";
  return html`<li class="line ${["canceled", "voided"].includes(line.status) ? "out" : ""}"><span><b>${line.name}</b> <span class="times num">× ${line.quantity}</span> <small>${optionsText(line)}</small></span>
    ${quiet || order.status === "awaiting_payment" ? html`<b class="num">${money(line.total)}</b>` : html`<span class="tag ${color}">${name ? icon(name) : nothing}${t(`line_${line.status}`)}</span>`}</li>`;
};

const more = (order) => {
  const others = orders.value.filter((one) => one.id !== order.id);
  return others.length ? html`<section class="stack"><h2 class="small">${t("other_orders")}</h2>${others.slice(0, 5).map((one) => html`<a class="group strip" href="#order/${one.id}"><b class="grow">${t("order_number", { number: one.number })}</b>${statusTag(one)}<b class="num">${money(one.total)}</b>${icon("next")}</a>`)}</section>` : nothing;
};

export function statusView(id) {
  const order = orderOf(id);
  if (!order) return html`${bar(t("your_order"))}<main class="sec">${orders.value.length ? blank("receipt", t("order_unknown"), t("order_unknown_text"), html`<a class="btn primary" href="#bill">${t("to_bill")}</a>`) : loading()}</main>`;
  const over = ["rejected", "canceled", "expired"].includes(order.status);
  return html`${bar(t("order_number", { number: order.number }), { action: callButton() })}<main>
    <section class="now"><div aria-live=${counts(order) ? "off" : "polite"} aria-atomic="true">${ring(order)}<h2>${t(`title_${stageOf(order)}`)}</h2><p class="muted num">${sentence(order)}</p></div>${steps(order)}</section>
    <div class="sec stack">${moneyNote(order)}${ringOffer(order)}
      <section class="group"><header>${t("ordered_dishes")}<span class="grow"></span>${order.lines[0]?.guest ? face(order.lines[0].guest) : nothing}</header><ul>${order.lines.map(dish(order))}</ul>
        <div class="sum"><div class="total"><span>${t("total")}</span><span class="num">${money(order.total)}</span></div></div></section>
      ${over || order.status === "served" ? html`<button class="btn line wide" type="button" @click=${() => again(order)}>${t("order_again")}</button>` : nothing}
      ${order.can_cancel ? html`<button class="btn line danger wide" type="button" ?disabled=${busy.value === "cancel"} @click=${() => cancel(order)}>${t("cancel_order")}</button>` : nothing}
      ${more(order)}</div></main>`;
}
