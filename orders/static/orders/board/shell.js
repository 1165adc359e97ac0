/** The frame around the screens: navigation, chips, alarms, and the banner when the board may be out of date. */
import { answerCall, acceptAll, acknowledge, isBusy } from "./actions.js";
import { sentence } from "./alarm.js";
import { defaultMinutes } from "./ticket.js";
import { duration, knows, store, t, time } from "./page.js";
import { moreSheet } from "./more.js";
import { audio, unlock, wakeLock } from "./sound.js";
import { board, connection, freshAt, newTickets, openAlarms, serverNow, stale, view } from "./state.js";
import { html, icon, nothing } from "./ui.js";

const SCREENS = [["kitchen", "pot"], ["floor", "grid"], ["log", "receipt"]];
const CHIPS = { open: ["ok", "wifi", "connected"], connecting: ["", "wifi", "connecting"], polling: ["warn", "wifi", "polling"], refused: ["bad", "off", "offline"] };

export const header = () => html`
  <header class="top"><h1>${store.name}</h1>
    <nav class="nav" aria-label=${t("screens")}>${SCREENS.map(([name, sign]) => html`<a href="#${name}" aria-current=${view.value === name ? "page" : nothing}>${icon(sign)}${t(name)}</a>`)}</nav>
    <span class="grow hide-s"></span>
    ${connectionChip()}${soundChip()}
    ${wakeLock.value === "on" ? html`<span class="chip hide-s">${icon("sun")}${t("screen_on")}</span>` : nothing}
    <span class="clock num hide-s">${time(serverNow())}</span>
    <button class="round" aria-label=${t("more")} @click=${moreSheet}>${icon("dots")}</button>
  </header>`;

function connectionChip() {
  const [kind, sign, word] = stale.value ? CHIPS.refused : CHIPS[connection.value];
  return html`<span class="chip ${kind}" role="status">${icon(sign)}<span>${t(word)}</span></span>`;
}

function soundChip() {
  if (audio.value === "running") return html`<span class="chip hide-s">${icon("sound")}${t("sound_on")}</span>`;
  return html`<button class="chip bad" aria-label=${t("sound_blocked")} @click=${unlock}>${icon("mute")}<span>${t("sound_off")}</span></button>`;
}

/** Never shows old tickets without saying so. */
export function banner() {
  if (connection.value === "refused") {
    return html`<p class="banner" role="alert">${icon("out")}<b>${t("signed_out")}</b><a class="btn" href="/staff/login/?next=${encodeURIComponent(location.pathname)}">${t("sign_in")}</a></p>`;
  }
  if (!stale.value) return nothing;
  const text = freshAt.value ? t("no_connection", { time: time(freshAt.value) }) : t("not_loaded");
  return html`<p class="banner" role="alert">${icon("off")}<span><b>${text}</b> <small>${freshAt.value ? t("no_connection_text") : ""}</small></span></p>`;
}

export function alarmBar() {
  const others = openAlarms.value.filter((one) => !["order_submitted", "call_raised"].includes(one.kind));
  const calls = board.value?.calls ?? [];
  return html`<section class="alarms" aria-label=${t("alerts")}>${ordersAlarm()}${calls.map(callAlarm)}${others.map(otherAlarm)}</section>`;
}

const waited = (iso) => duration(Math.floor((serverNow() - Date.parse(iso)) / 1000));
const oldest = (dates) => dates.reduce((first, date) => (date < first ? date : first));

function ordersAlarm() {
  const ringing = openAlarms.value.filter((one) => one.kind === "order_submitted");
  const waiting = newTickets.value;
  const n = Math.max(ringing.length, waiting.length);
  if (!n) return nothing;
  const since = oldest([...ringing.map((one) => one.created_at), ...waiting.map((one) => one.submitted_at)]);
  return html`<div class="alarm order"><span class=${ringing.length ? "pulse" : ""}>${icon("bell")}</span>
    <span class="grow">${t("new_orders", { n })} <small>${t("waiting_for", { time: waited(since) })}</small></span>
    ${ringing.length ? html`<button class="quiet" aria-label=${t("quiet")} title=${t("quiet")} @click=${() => acknowledge(ringing.map((one) => one.seq))}>${icon("mute")}</button>` : nothing}
    <button ?disabled=${isBusy("accept-all")} @click=${() => acceptAll(newTickets.value, defaultMinutes())}>${t("accept_all")}</button></div>`;
}

function callAlarm(call) {
  const kind = knows(`call_${call.kind}`) ? t(`call_${call.kind}`) : t("call_other");
  return html`<div class="alarm call"><span class="pulse">${icon("hand")}</span>
    <span class="grow">${t("calls_from", { table: call.table_name })} <small>${call.note || kind} · ${waited(call.raised_at)}</small></span>
    <button ?disabled=${isBusy(call.id)} @click=${() => answerCall(call)}>${t("on_my_way")}</button></div>`;
}

function otherAlarm(one) {
  return html`<div class="alarm bad">${icon("warn")}<span class="grow">${sentence(one)} <small>${waited(one.created_at)}</small></span>
    <button @click=${() => acknowledge([one.seq])}>${t("got_it")}</button></div>`;
}
