/** The day's orders, newest first. */
import { call } from "../../shared/api.js";
import { explain } from "./actions.js";
import { owedToTheGone } from "./hand_back.js";
import { api, knows, money, t, time } from "./page.js";
import { board, effect, signal, untracked, view } from "./state.js";
import { blank, html, icon, nothing, repeat } from "./ui.js";

/** {"day", "orders"} as the server sent it. */
const log = signal(null);
const day = signal("");
let wanted = 0;

async function load() {
  const mine = ++wanted;
  try {
    const answer = await call("GET", `${api}log/${day.value ? `?day=${day.value}` : ""}`);
    if (mine === wanted) log.value = answer;
  } catch (problem) {
    if (mine === wanted && !log.value) explain(problem);
  }
}

effect(() => {
  board.value;
  day.value;
  if (view.value === "log") untracked(load);
});

function shift(days) {
  const date = new Date(`${log.value.day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  day.value = date.toISOString().slice(0, 10);
}

const dayName = (iso) => new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "full", timeZone: "UTC" }).format(new Date(`${iso}T12:00:00Z`));

export function logScreen() {
  if (!log.value) return html`<main class="blank-page"><p class="row" role="status"><span class="spin"></span>${t("loading")}</p></main>`;
  const { orders } = log.value;
  return html`
    <main class="history">
      <div class="row between"><button class="round" aria-label=${t("day_before")} @click=${() => shift(-1)}>${icon("back")}</button>
        <h2>${dayName(log.value.day)} <small class="muted">${t("orders_count", { n: orders.length })}</small></h2>
        <button class="round" aria-label=${t("day_after")} @click=${() => shift(1)}>${icon("next")}</button></div>
      ${owedToTheGone()}
      ${orders.length ? html`<ol class="panel">${repeat(orders, (order) => order.id, row)}</ol>` : blank("receipt", t("no_log"), t("no_log_text"))}
    </main>`;
}

/** The reason that was tapped, and what was typed. */
const why = ({ reason_code: code, reason }) => [code && code !== "other" && knows(`reject_${code}`) ? t(`reject_${code}`) : "", code === "no_answer" ? "" : reason].filter(Boolean).join(" · ");

const TAGS = { served: "ok", submitted: "new", ready: "ready", rejected: "late", canceled: "late", expired: "late" };

function row(order) {
  const dishes = order.lines.map((line) => (line.quantity > 1 ? `${line.quantity}× ${line.name}` : line.name)).join(", ");
  const took = order.served_at && order.submitted_at ? Math.max(1, Math.round((Date.parse(order.served_at) - Date.parse(order.submitted_at)) / 60000)) : 0;
  const facts = [dishes, why(order), took ? t("took_minutes", { n: took }) : "", order.actor_name ? t("by", { name: order.actor_name }) : ""];
  return html`<li><span class="num muted">${time(order.submitted_at ?? order.placed_at)}</span>
    <span class="grow"><b>${order.table_name}</b> ${t("ticket_number", { n: order.number })} <span class="tag ${TAGS[order.status] ?? ""}">${t(`status_${order.status}`)}</span>
      <small class="muted">${facts.filter(Boolean).join(" · ") || nothing}</small></span><b class="num">${money(order.total)}</b></li>`;
}
