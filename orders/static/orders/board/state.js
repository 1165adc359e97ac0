/** What the board knows, as signals; a screen that reads one is drawn again when it changes. */
import { call } from "../../shared/api.js";
import { computed, signal } from "../../shared/vendor/signals-core.js";
import { api } from "./page.js";

export { batch, computed, effect, signal, untracked } from "../../shared/vendor/signals-core.js";

/** The last board document; null before the first one. */
export const board = signal(null);
/** "connecting" | "open" | "polling" | "refused" */
export const connection = signal("connecting");
/** Until when the shown board is known to be true, and since when a newer one is known to exist, 0: none (ms here). */
export const freshAt = signal(0);
export const behindSince = signal(0);
export const view = signal("kitchen");
export const chosenTable = signal(null);
export const shiftStarted = signal(false);
export const tick = signal(Date.now());
/** Alarms by sequence number: NotificationJSON. */
export const alarms = signal(new Map());

/** Hints are lost with Redis, and nobody knows which: look for oneself at least this often (ms). */
const LOOK_EVERY = 60000;
let loadedAt = 0;
let offset = 0;
let loading = null;
let again = false;

/** The server's time in ms: tablets' clocks are often minutes off. */
export const serverNow = () => tick.value + offset;
export const openAlarms = computed(() => [...alarms.value.values()].filter((one) => one.alarm && !one.acked_at));
export const tickets = computed(() => board.value?.tickets ?? []);
export const tables = computed(() => board.value?.tables ?? []);
/** The store takes no orders for now; undefined before the first board. */
export const paused = computed(() => board.value && !board.value.store.accepting_orders);
export const newTickets = computed(() => tickets.value.filter((ticket) => ticket.status === "submitted"));

/** Nothing newer than `freshAt` may be trusted to be on the screen. */
export const stale = computed(() => {
  if (connection.value !== "open") return tick.value - freshAt.value > 8000;
  return behindSince.value > 0 && tick.value - behindSince.value > 5000;
});

export const mayHaveMissed = () => Date.now() - loadedAt > LOOK_EVERY;

export function fallBehind() {
  behindSince.value ||= Date.now();
}

/** The server speaks: as long as it told nothing new, what is shown is true. */
export function staysTrue() {
  if (board.value && !behindSince.value) freshAt.value = Date.now();
}

/** Fetches the board; calls while one is under way cause exactly one more. */
export function refresh() {
  if (loading) {
    again = true;
    return loading;
  }
  loading = load().finally(() => {
    loading = null;
    if (!again) return;
    again = false;
    refresh().catch(() => {});
  });
  return loading;
}

async function load() {
  fallBehind();
  const asked = Date.now();
  const document = await call("GET", `${api}board/`, undefined, { retry: 0, timeout: 8000 });
  const answered = Date.now();
  offset = Date.parse(document.now) - (asked + answered) / 2;
  board.value = document;
  freshAt.value = tick.value = loadedAt = answered;
  behindSince.value = again ? asked : 0;
}

/** A late answer never takes an acknowledgment back. Another row under a known number: the numbers began anew. */
function merged(old, item) {
  if (item.id && item.id !== old?.id) return item;
  const taken = old.acked_at && !item.acked_at && { acked_at: old.acked_at, acked_by: old.acked_by };
  return { ...old, ...item, ...taken };
}

/** Adds or replaces alarms and other news. */
export function learn(items) {
  const next = new Map(alarms.value);
  for (const item of items) next.set(item.seq, merged(next.get(item.seq), item));
  for (const seq of [...next.keys()].slice(0, Math.max(0, next.size - 200))) {
    const old = next.get(seq);
    if (!old.alarm || old.acked_at) next.delete(seq);
  }
  alarms.value = next;
}

export function acked(seq, by, at) {
  if (alarms.value.has(seq)) learn([{ seq, acked_by: by, acked_at: at }]);
}

/** Drops what is no business of this device any more. */
export function forget(seqs) {
  if (seqs.length) alarms.value = new Map([...alarms.value].filter(([seq]) => !seqs.includes(seq)));
}

setInterval(() => { tick.value = Date.now(); }, 1000);
