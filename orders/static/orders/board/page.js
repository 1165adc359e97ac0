/** What the server wrote into the page: store, role, texts; and the words and numbers made of it. */
import { clock } from "../../shared/time.js";
import { money as format } from "../../shared/money.js";

const page = JSON.parse(document.getElementById("page").textContent);

export const { store, role, languages } = page;
export const api = `/api/v1/stores/${store.id}/`;
export const socketPath = `/ws/staff/${store.slug}/`;

/** Mirrors the server's roles, to hide what it would refuse. */
export const may = {
  serve: role !== "kitchen",
  decide: role === "owner" || role === "manager",
};

/** t("guests", {n: 3}) → "3 guests"; a text with `_one` beside it is used for n = 1. */
export function t(name, values = {}) {
  const text = (values.n === 1 && page.texts[`${name}_one`]) || page.texts[name] || name;
  return text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

export const knows = (name) => name in page.texts;
export const money = (minor) => format(minor ?? 0, store.currency);
export const time = (when) => clock(when, store.timezone);

/** 42 → "42 sec", 95 → "1:35", in the person's language. */
export function duration(seconds) {
  const language = document.documentElement.lang;
  const [value, unit] = seconds < 60 ? [seconds, "second"] : [Math.floor(seconds / 60), "minute"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(Math.max(0, value));
}

/** Names this device in acknowledgements and signs of life; kept over reloads. */
export const device = remembered("hansang.device", () => `board-${Array.from(crypto.getRandomValues(new Uint8Array(6)), (b) => b.toString(16).padStart(2, "0")).join("")}`);

function remembered(key, make) {
  try {
    const kept = localStorage.getItem(key) || make();
    localStorage.setItem(key, kept);
    return kept;
  } catch {
    return make();
  }
}
