/** Keeps the board true: the socket's frames, catching up by number, polling while the socket is down. */
import { call } from "../../shared/api.js";
import { toast } from "../../shared/dialog.js";
import { connect } from "../../shared/socket.js";
import { ring } from "./alarm.js";
import { api, device, knows, money, socketPath, t } from "./page.js";
import { acked, behindSince, connection, effect, fallBehind, forget, learn, mayHaveMissed, openAlarms, refresh, staysTrue, tick } from "./state.js";

let socket = null;
let pending = 0;

/** The last news over HTTP: what is acknowledged by now, what rings still. */
async function catchUp(after) {
  const query = after === undefined ? "" : `?after=${after}`;
  const news = await call("GET", `${api}notifications/${query}`, undefined, { retry: 0, timeout: 8000 });
  const known = new Set(openAlarms.value.map((one) => one.seq));
  learn(news.items);
  ring();
  for (const one of openAlarms.value) if (!known.has(one.seq)) ring(one);
  return news.seq;
}

/** Loads everything, then listens; never gives up. */
export async function goLive() {
  const [seq] = await Promise.all([untilDone(() => catchUp()), untilDone(refresh)]);
  socket = connect({
    path: socketPath,
    live: document.body.dataset.live,
    livePort: Number(document.body.dataset.livePort) || 0,
    resumeFrom: seq,
    device,
    onFrame: receive,
    onLife: alive,
    onState: (state) => { connection.value = state; },
    poll,
    pollHidden: true,
  });
}

async function untilDone(work) {
  for (let wait = 1000; ; wait = Math.min(8000, wait * 2)) {
    try {
      return await work();
    } catch (problem) {
      if (problem.status === 401 || problem.status === 403) connection.value = "refused";
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

function alive() {
  staysTrue();
  if (mayHaveMissed()) soon();
}

function receive(frame) {
  if (frame.type === "heartbeat") return checkOpen(frame);
  if (frame.type === "acked") return hearAcked(frame);
  if (frame.type === "ready") checkOpen(frame);
  if (frame.type === "notification") hear(frame.data);
  soon();
}

function hear(news) {
  learn([news]);
  if (news.alarm && !news.acked_at) ring(news);
  const words = { table: news.data.table_name, n: news.data.number, amount: money(news.data.amount) };
  if (news.kind === "payment_captured") toast(t("paid", words));
  if (news.kind === "order_canceled" && news.data.by === "guest") toast(t("canceled_by_guest", words));
}

function hearAcked({ seq, data }) {
  const rang = openAlarms.value.some((one) => one.seq === seq);
  acked(seq, data.by, data.at);
  ring();
  if (rang && data.by && knows("taken_by")) toast(t("taken_by", { name: data.by }), { quiet: true });
  soon();
}

/**
 * The server says which alarms up to a number still ring for this person, at first and with every heartbeat; what is
 * not known here, as older than the last fifty, is fetched. Others are dropped: in another role than before nobody
 * could take them, nor anything in one breath with them.
 */
function checkOpen({ seq: upto, data }) {
  const numbers = data?.open ?? [];
  forget(openAlarms.value.map((one) => one.seq).filter((seq) => seq <= upto && !numbers.includes(seq)));
  ring();
  const known = new Set(openAlarms.value.map((one) => one.seq));
  const missing = numbers.filter((seq) => !known.has(seq));
  if (missing.length) catchUp(Math.min(...missing) - 1).catch(() => {});
}

/** Many frames arrive together; one fetch serves them all. */
function soon() {
  fallBehind();
  clearTimeout(pending);
  pending = setTimeout(() => refresh().catch(() => {}), 80);
}

async function poll() {
  const seq = await catchUp();
  socket?.advance(seq);
  await refresh();
}

/** An open socket without a board that loads is not "live": try again until it does. */
let retried = 0;
effect(() => {
  const now = tick.value;
  if (!behindSince.value || connection.value !== "open" || now - Math.max(retried, behindSince.value) < 3000) return;
  retried = now;
  refresh().catch(() => {});
});
