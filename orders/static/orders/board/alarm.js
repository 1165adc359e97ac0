/** Rings every five seconds until the server says that somebody took it; louder after half a minute. */
import { audio, hush, tone } from "./sound.js";
import { openAlarms, serverNow, shiftStarted, effect, untracked } from "./state.js";
import { knows, money, t } from "./page.js";

const EVERY = 5000;
const LOUDER_AFTER = 30;
const title = document.title;
let timer = 0;
let blink = 0;

/** Starts, goes on or stops, by what is open now. */
export function ring(news) {
  const open = openAlarms.value;
  if (!open.length || !shiftStarted.value) return stop();
  document.body.dataset.ringing = open.length;
  if (news) show(news);
  if (timer && !news) return;
  clearInterval(timer);
  timer = setInterval(sound, EVERY);
  sound();
  blink ||= setInterval(flash, 1000);
}

function stop() {
  if (timer) hush();
  delete document.body.dataset.ringing;
  clearInterval(timer);
  clearInterval(blink);
  timer = blink = 0;
  document.title = title;
}

function sound() {
  const open = openAlarms.value;
  if (!open.length) return stop();
  const waited = Math.max(...open.map((one) => (untracked(serverNow) - Date.parse(one.created_at)) / 1000));
  const loud = waited > LOUDER_AFTER || open.some((one) => one.level > 0);
  const isOrder = open.some((one) => one.kind === "order_submitted");
  tone(isOrder ? [784, 988, 1175] : [659, 523], loud ? 0.9 : 0.35, loud ? 2 : 1);
  document.body.dataset.rang = String(Number(document.body.dataset.rang ?? 0) + 1);
  if (loud) navigator.vibrate?.([300, 150, 300]);
}

function flash() {
  const text = `(${openAlarms.value.length}) ${headline(openAlarms.value)}`;
  document.title = document.title === title ? text : title;
}

export function headline(open) {
  const orders = open.filter((one) => one.kind === "order_submitted").length;
  if (orders) return t("new_orders", { n: orders });
  const call = open.find((one) => one.kind === "call_raised");
  if (call) return t("calls_from", { table: call.data.table_name });
  return open.length === 1 ? sentence(open[0]) : t("trouble");
}

/** What an alarm that is no order and no call says, in the reader's language. */
export function sentence(one) {
  const words = { table: one.data.table_name ?? "", amount: money(one.data.amount), address: one.data.address ?? "" };
  const said = one.data.texts?.[document.documentElement.lang.toLowerCase()];
  return said || (knows(one.kind) ? t(one.kind, words) : t("trouble"));
}

/** For whoever looks at another app, and for screen readers. */
function show(news) {
  const isOrder = news.kind === "order_submitted";
  const text = isOrder ? `${headline([news])} ${news.data.table_name ?? ""}` : headline([news]);
  document.getElementById("news").textContent = text;
  if (document.visibilityState === "visible" || globalThis.Notification?.permission !== "granted") return;
  try {
    new Notification(text, { tag: `alarm-${news.seq}` });
  } catch { /* Android allows it through service workers only; the sound remains */ }
}

effect(() => {
  openAlarms.value;
  shiftStarted.value;
  audio.value;
  untracked(() => ring());
});
