/** Every screen has an address in the hash, so that Back does what people expect. */
import { signal } from "./state.js";

const SCREENS = new Set(["cart", "item", "order", "orders", "bill", "pay", "call", "language"]);

function parse() {
  const [name, id = ""] = decodeURIComponent(location.hash.slice(1)).split("/");
  return SCREENS.has(name) ? { name, id } : { name: "menu", id: "" };
}

export const route = signal(parse());
const depth = () => history.state?.depth ?? 0;
const update = () => { route.value = parse(); };

export function go(hash, { replace = false } = {}) {
  const state = { depth: replace ? depth() : depth() + 1 };
  const address = hash || location.pathname + location.search;
  history[replace ? "replaceState" : "pushState"](state, "", address);
  update();
}

/** One step back when this page made the step; otherwise to `fallback` (a shared or reloaded address). */
export function back(fallback = "") {
  if (depth() > 0) history.back();
  else go(fallback, { replace: true });
}

export function startRouter() {
  addEventListener("popstate", update);
  addEventListener("hashchange", update);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (!link || event.defaultPrevented || event.metaKey || event.ctrlKey) return;
    const hash = link.getAttribute("href");
    if (hash.startsWith("#s-")) return;
    event.preventDefault();
    if (link.dataset.back !== undefined) back(hash === "#" ? "" : hash);
    else go(hash === "#" ? "" : hash);
  });
}
