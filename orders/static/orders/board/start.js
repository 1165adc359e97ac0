/** The start of a shift: one tap gives sound, a screen that stays on, and notifications. */
import { store, t } from "./page.js";
import { audio, stayAwake, tone, unlock, wakeLock } from "./sound.js";
import { shiftStarted, signal } from "./state.js";
import { html, icon } from "./ui.js";

const KEY = `hansang.shift.${store.slug}`;
const alerts = signal(globalThis.Notification?.permission ?? "none");

/** After a reload in the middle of a shift the board is back at once; the first tap gives the sound back. */
export function resumeShift() {
  try {
    if (!sessionStorage.getItem(KEY)) return;
  } catch {
    return;
  }
  shiftStarted.value = true;
  stayAwake();
  unlock();
}

async function start() {
  const sound = unlock();
  stayAwake();
  const asked = globalThis.Notification?.permission === "default" ? Notification.requestPermission() : null;
  remember(true);
  await sound;
  tone([659, 784], 0.2);
  shiftStarted.value = true;
  alerts.value = (await asked) ?? alerts.value;
}

export function endShift() {
  remember(false);
  stayAwake(false);
  shiftStarted.value = false;
}

function remember(on) {
  try {
    if (on) sessionStorage.setItem(KEY, "1");
    else sessionStorage.removeItem(KEY);
  } catch { /* private mode: the start screen comes again after a reload */ }
}

async function listen() {
  await unlock();
  tone([784, 988, 1175], 0.35);
}

const tag = (kind, word) => html`<span class="tag ${kind}">${kind === "ok" ? icon("check") : ""}${t(word)}</span>`;

function alertsTag() {
  if (alerts.value === "granted") return tag("ok", "works");
  if (alerts.value === "denied") return tag("late", "blocked");
  return alerts.value === "none" ? tag("", "not_here") : tag("", "needs_tap");
}

const line = (name, title, text, state) => html`
  <li>${icon(name)}<span class="grow"><b>${t(title)}</b><small class="muted">${text}</small></span>${state}</li>`;

export const startScreen = () => html`
  <main class="start"><div>
    <p class="muted">${store.name}${store.branch ? ` · ${store.branch}` : ""}</p>
    <h1>${t("start_title")}</h1><p class="muted">${t("start_text")}</p>
    <ul>
      ${line("sound", "sound", t("sound_text"), audio.value === "none" ? tag("late", "not_here") : html`<button class="btn" @click=${listen}>${t("listen")}</button>`)}
      ${line("sun", "wake", t(wakeLock.value === "none" ? "wake_help" : "wake_text"), wakeLock.value === "none" ? tag("", "not_here") : tag("ok", "works"))}
      ${line("bell", "alerts", t("alerts_text"), alertsTag())}
    </ul>
    <button class="btn primary wide" @click=${start}>${t("start")}</button>
  </div></main>`;
