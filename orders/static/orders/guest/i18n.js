/** The page's texts, rendered by the server in its language. */
import { clock } from "../../shared/time.js";
import { money as format } from "../../shared/money.js";
import { page, store } from "./state.js";

/** t("minutes", {n: 8}) → "8 min"; a text with `_one` beside it is used for n = 1. */
export function t(name, values = {}) {
  const texts = page.value.texts;
  const text = (values.n === 1 && texts[`${name}_one`]) || texts[name] || name;
  return text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

/** Why an order was refused or canceled, in the guest's language; what staff typed follows in theirs. "" = nobody said. */
export function reasonOf({ reason_code: code, reason }) {
  const known = code && `reason_${code}` in page.value.texts;
  return [known ? t(`reason_${code}`) : "", code === "no_answer" ? "" : reason].filter(Boolean).join(" ");
}

export const money = (minor) => format(minor, store.value.currency);
export const time = (iso) => clock(iso, store.value.timezone);
/** The language of names as the store wrote them, for screen readers and fonts. */
export const storeLanguage = () => store.value.language;
