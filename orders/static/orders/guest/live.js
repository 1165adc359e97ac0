/** What happens at the table while the page is open, and what it missed while it was not. */
import { connect } from "../../shared/socket.js";
import { toast } from "../../shared/dialog.js";
import { connection, orders, page, payFirst, remember, signal, tabState, token } from "./state.js";
import { asGuest, join, refreshAll, refreshBill, refreshCart, refreshMenu, refreshOrders } from "./session.js";
import { flash } from "./sound.js";
import { money, reasonOf, t } from "./i18n.js";

/** Whether the page has words for it: worth a sound, too. */
const isLoud = (kind) => `news_${kind}` in page.value.texts;
/** Why an order will not come, and its money: news of one moment, told in one breath. */
const ONE_STORY = new Set(["order_rejected", "order_canceled", "refund_completed", "refund_failed"]);
const LOOK_EVERY = 60000;
/** The last number this phone has seen, as the socket has it; null for a phone that just sat down. */
const seen = signal(null);
let socket = null;
let wasReady = false;
let catchingUp = true;
let missed = [];
let looked = Date.now();
/** What is being said of an order: {order, line}. */
let saying = null;

function later(work, pause = 60) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(work, pause); };
}
const orderNews = later(() => { refreshOrders(); refreshBill(); });
const cartNews = later(refreshCart);
/** Servers keep a page for up to a second. */
const menuNews = later(() => { refreshMenu().then(refreshCart); }, 1100);
const HINTS = { cart: cartNews, order: later(refreshOrders), bill: later(refreshBill), menu: menuNews };

function tell({ kind, data = {} }) {
  const joined = data.into_tab_id;
  if (kind === "tab_closed" && !joined) { tabState.value = "closed"; return; }
  if (joined) { follow(); kind = "tab_moved"; }
  else if (kind === "tab_moved") join();
  if (!isLoud(kind)) return;
  const values = { ...data, name: data.name ?? data.table_name ?? "", amount: data.amount === undefined ? "" : money(data.amount), n: data.minutes };
  const text = [t(`news_${kind}`, values), reasonOf(data)].filter(Boolean).join(" – ");
  say(text, ONE_STORY.has(kind) ? data.order_id : null);
  flash(text);
}

/** Two notes about the same order would lie over twice as much of the page. */
function say(text, order) {
  const before = order && saying?.order === order && saying.line?.isConnected ? saying.line : null;
  before?.remove();
  const line = toast(before ? `${before.textContent} – ${text}` : text, { duration: 7000 });
  saying = { order, line };
}

function receive(notification) {
  seen.value = socket.seq();
  orderNews();
  if (catchingUp) missed.push(notification);
  else tell(notification);
}

/** Of what happened while the phone was away, only the newest is worth a sound. */
function caughtUp() {
  const newest = missed.filter(({ kind }) => isLoud(kind) || kind === "tab_closed").pop();
  if (newest) tell(newest);
  missed = [];
  catchingUp = false;
}

/** Nobody repeats hints: a phone that was away asks for everything. */
function ready() {
  seen.value = socket.seq();
  caughtUp();
  refreshAll();
  if (wasReady) { refreshBill(); menuNews(); }
  wasReady = true;
}

/** Hints are lost with Redis, and nobody hears of that: a phone looks for itself. */
function alive() {
  if (document.hidden || Date.now() - looked < LOOK_EVERY) return;
  looked = Date.now();
  refreshAll();
  refreshBill();
}

function onFrame(frame) {
  if (frame.type === "notification") receive(frame.data);
  else if (frame.type === "ready") ready();
  else if (frame.type === "hint") HINTS[frame.data?.topic]?.();
}

export async function pollNotifications() {
  if (tabState.value !== "open") return;
  const after = seen.value;
  const answer = await asGuest("GET", `notifications/?after=${after ?? 0}`);
  const fresh = answer.items.filter((one) => one.seq > (seen.value ?? 0));
  seen.value = socket?.advance(answer.seq, after) ?? seen.value;
  if (after !== null) for (const one of fresh.slice(-2)) tell(one);
  await refreshAll();
  if (payFirst.value || fresh.length) await refreshBill();
}

/** Takes a seat and listens. Each party's news have numbers of their own. */
export async function enter() {
  if (tabState.value === "closed") return;
  const party = await join();
  if (!party) { if (tabState.value !== "unknown") setTimeout(enter, 8000); return; }
  seen.value = null;
  remember(`seq.${party}`, seen);
  startLive();
  if (payFirst.value || orders.value.length) refreshBill();
}

/** Our party sits with another one now, unless that has left, too. */
async function follow() {
  stopLive();
  await refreshOrders();
  enter();
}

function startLive() {
  socket ??= connect({
    path: `/ws/t/${token}/`,
    live: document.body.dataset.live,
    livePort: document.body.dataset.livePort,
    resumeFrom: seen.value,
    onFrame,
    onLife: alive,
    onState: (state) => {
      connection.value = state;
      document.body.dataset.ws = state;
      if (state === "connecting") catchingUp = true;
    },
    poll: pollNotifications,
  });
}

export function stopLive() {
  socket?.close();
  socket = null;
}
