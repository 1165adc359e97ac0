/** The server drew the menu; this makes it answer: add, section tabs that follow the scroll, counts on dishes. */
import { toast } from "../../shared/dialog.js";
import { effect, items, mayOrder } from "./state.js";
import { addLine, lines } from "./cart.js";
import { go } from "./router.js";
import { t } from "./i18n.js";

let spy = null;

function add(event) {
  const button = event.target.closest("[data-add]");
  const item = button && items.value.get(button.dataset.add);
  if (!item) return;
  if (item.option_groups?.length || !mayOrder.value) return go(`#item/${item.id}`);
  addLine(item);
  toast(t("added", { name: item.name }), { quiet: true });
}

function jump(event) {
  const tab = event.target.closest("nav.tabs a");
  if (!tab) return;
  event.preventDefault();
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const section = document.getElementById(tab.hash.slice(1));
  section?.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
  section?.querySelector("h2")?.focus({ preventScroll: true });
}

function mark(section) {
  for (const tab of document.querySelectorAll("nav.tabs a")) {
    const current = tab.hash === `#${section.id}`;
    if (current === tab.hasAttribute("aria-current")) continue;
    tab.toggleAttribute("aria-current", current);
    if (current) {
      tab.setAttribute("aria-current", "true");
      tab.parentElement.scrollTo({ left: tab.offsetLeft - 64, behavior: "instant" });
    }
  }
}

function follow() {
  spy?.disconnect();
  spy = new IntersectionObserver((entries) => {
    const seen = entries.filter((entry) => entry.isIntersecting);
    if (seen.length) mark(seen[seen.length - 1].target);
  }, { rootMargin: "-70px 0px -75% 0px" });
  for (const section of document.querySelectorAll("#menu > .sec[id]")) {
    section.querySelector("h2")?.setAttribute("tabindex", "-1");
    spy.observe(section);
  }
}

/** The + of a dish shows how many of it are in the cart. */
function showCounts() {
  const counts = new Map();
  for (const line of lines.value) counts.set(line.item_id, (counts.get(line.item_id) ?? 0) + line.quantity);
  for (const button of document.querySelectorAll("[data-add]")) {
    const count = counts.get(button.dataset.add) ?? 0;
    if (count) button.dataset.count = count;
    else delete button.dataset.count;
  }
}

export function startMenu() {
  const main = document.getElementById("menu");
  main.addEventListener("click", add);
  main.addEventListener("click", jump);
  document.addEventListener("menu-replaced", () => { follow(); showCounts(); });
  follow();
  effect(showCounts);
  effect(() => document.body.classList.toggle("reading", !mayOrder.value));
}
