/** What the page knows, as signals; whoever reads one in an effect is drawn again when it changes. */
import { computed, effect, signal } from "../../shared/vendor/signals-core.js";

export { batch, computed, effect, signal, untracked } from "../../shared/vendor/signals-core.js";

/** A dish as the server drew it: what is on the page is read from there, the rest from its `data-item`. */
const itemOf = (row) => ({
  ...JSON.parse(row.dataset.item),
  id: row.id.slice("item/".length),
  name: row.querySelector("h3").textContent,
  description: row.querySelector(":scope > a > p")?.textContent ?? "",
  sold_out: row.classList.contains("out"),
});

const read = (root) => ({
  ...JSON.parse(root.getElementById("page").textContent),
  items: new Map([...root.querySelectorAll("[data-item]")].map(itemOf).map((item) => [item.id, item])),
});

export const token = document.body.dataset.token;
export const api = `/api/v1/t/${token}/`;

export const page = signal(read(document));
export const guest = signal(null);
/** "joining" | "open" | "waiting" (staff opens the table) | "closed" | "unknown" | "failed" */
export const tabState = signal("joining");
/** Said goodbye: a reload must not open the table again, the next scan does. */
export const left = signal(null);
export const people = signal([]);
export const cart = signal({ version: 0, lines: [], total: 0 });
/** My lines as I want them, while the server has not said yes; null when it has. */
export const draft = signal(null);
export const orders = signal([]);
export const bill = signal(null);
/** "connecting" | "open" | "polling" | "refused" */
export const connection = signal("connecting");
export const online = signal(navigator.onLine);
/** What is being sent now: "" | "order" | "pay" | … ; every button that sends looks at it. */
export const busy = signal("");
/** An order that left the phone without an answer: {key, body}. */
export const unsent = signal(null);
/** What a refused order met: {title, changes}. */
export const changes = signal(null);
export const now = signal(Date.now());

export const store = computed(() => page.value.store);
export const table = computed(() => page.value.table);
export const menu = computed(() => page.value.menu);
export const items = computed(() => page.value.items);
export const payFirst = computed(() => store.value.pay_after === "order");
export const mayOrder = computed(() => Boolean(store.value.open && store.value.accepting) && tabState.value === "open");
export const openOrders = computed(() => orders.value.filter((order) => !FINISHED.has(order.status)));

/** Where the order is for its guest: paid as soon as the bill is, though the kitchen may hear of it later. */
export const stageOf = (order) => order.status === "awaiting_payment" && bill.value?.bills?.some((one) => one.order_id === order.id && one.captured > 0 && one.due <= 0) ? "paid" : order.status;

export const FINISHED = new Set(["served", "rejected", "canceled", "expired"]);

export const setPage = (root) => { page.value = read(root); };

setInterval(() => { now.value = Date.now(); }, 1000);
// Fresh orders meet a fresh clock: an older one adds a minute to what the kitchen promised.
effect(() => { if (orders.value) now.value = Date.now(); });
for (const name of ["online", "offline"]) addEventListener(name, () => { online.value = navigator.onLine; });

/** A signal that outlives a reload, per table. */
export function remember(name, target, storage = sessionStorage) {
  const key = `hansang.${name}.${token}`;
  try {
    const kept = storage.getItem(key);
    if (kept) target.value = JSON.parse(kept);
  } catch { /* private mode: the page works without a memory */ }
  effect(() => {
    const value = JSON.stringify(target.value);
    try { value === "null" ? storage.removeItem(key) : storage.setItem(key, value); } catch { /* same */ }
  });
}
