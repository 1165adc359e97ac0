/** Joining the table and keeping what the server knows fresh. */
import { call } from "../../shared/api.js";
import { api, batch, bill, cart, draft, guest, orders, page, people, setPage, tabState } from "./state.js";

const GONE = new Set(["tab-closed", "unknown-table", "old-code"]);

/** Opens or joins the tab and returns its id; idempotent for a phone that already sits here. */
export async function join() {
  try {
    const answer = await call("POST", `${api}join/`, {}, { retry: 3 });
    batch(() => {
      guest.value = answer.guest;
      setTab(answer.tab);
      setCart(answer.cart);
      tabState.value = "open";
    });
    return answer.tab.id;
  } catch (problem) {
    noteState(problem);
    if (tabState.value === "joining") tabState.value = "failed";
    return null;
  }
}

/** Turns a refusal that concerns the whole page into its state; true when it did. */
export function noteState(problem) {
  if (problem.code === "table-not-open") tabState.value = "waiting";
  else if (problem.code === "tab-closed") tabState.value = "closed";
  else if (problem.code === "unknown-table" || problem.code === "old-code") tabState.value = "unknown";
  else return false;
  return GONE.has(problem.code);
}

function setTab(tab) {
  people.value = tab.guests ?? [];
  orders.value = tab.orders ?? [];
}

export function setCart(fresh) {
  if (fresh && fresh.version >= cart.value.version) cart.value = fresh;
}

/** Calls the API as this guest; an ended cookie is renewed once by joining again. */
export async function asGuest(method, path, body, options) {
  const url = path.startsWith("/") ? path : api + path;
  try {
    return await call(method, url, body, options);
  } catch (problem) {
    if (problem.status !== 401 && problem.status !== 403) throw problem;
    if (!(await join())) throw problem;
    return call(method, url, body, options);
  }
}

/** Quietly: a refresh that fails leaves what is on the screen. */
const quietly = (work) => async () => {
  if (tabState.value !== "open") return;
  try { await work(); } catch (problem) { noteState(problem); }
};

export const refreshOrders = quietly(async () => {
  const fresh = await asGuest("GET", "orders/");
  orders.value = fresh.orders;
  if (fresh.tab && fresh.tab.status === "closed") tabState.value = "closed";
  if (fresh.tab?.guests) people.value = fresh.tab.guests;
});

export const refreshCart = quietly(async () => {
  const fresh = await asGuest("GET", "cart/");
  if (!draft.value) setCart(fresh);
  const known = new Set(people.value.map((person) => person.id));
  const added = fresh.lines.map((line) => line.guest).filter((person) => person && !known.has(person.id));
  const unique = new Map(added.map((person) => [person.id, person]));
  if (unique.size) people.value = [...people.value, ...unique.values()];
});

export const refreshBill = quietly(async () => { bill.value = await asGuest("GET", "bill/"); });

/** The page itself is the freshest menu: take its sections and its data, keep everything else. Servers keep a page
 * for up to a second: with a `version` in mind, ask once more when it is not there yet. */
export async function refreshMenu(version = 0) {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!fresh.getElementById("page")) return;
  setPage(fresh);
  if (page.value.menu.version < version) setTimeout(refreshMenu, 1100);
  for (const old of document.querySelectorAll("#menu > .sec")) old.remove();
  document.getElementById("menu").append(...fresh.querySelectorAll("#menu > .sec"));
  document.querySelector("nav.tabs")?.replaceWith(fresh.querySelector("nav.tabs") ?? "");
  document.dispatchEvent(new Event("menu-replaced"));
}

export const refreshAll = () => Promise.all([refreshOrders(), refreshCart()]);
