/** Money arrives as whole minor units; only the screen shows decimals. Same output as events.kernel.money. */

const EXPONENTS = { KRW: 0, JPY: 0, VND: 0, CLP: 0, ISK: 0 };
const LOCALES = { ko: "ko-KR", en: "en-US", "zh-hans": "zh-Hans-CN", ja: "ja-JP" };
const formats = new Map();

function formatOf(currency, locale) {
  const key = currency + locale;
  if (!formats.has(key)) {
    formats.set(key, new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "symbol" }));
  }
  return formats.get(key);
}

/** money(6500, "KRW", "ko") → "6,500원"; money(1250, "CNY", "en") → "CN¥12.50". */
export function money(minor, currency, language = document.documentElement.lang) {
  const code = language.toLowerCase();
  if (currency === "KRW" && code === "ko") return `${minor.toLocaleString("ko-KR")}원`;
  return formatOf(currency, LOCALES[code] ?? "en-US").format(minor / 10 ** (EXPONENTS[currency] ?? 2));
}

/** What a person typed, as minor units: toMinor("12.5", "CNY") → 1250; nothing sensible → 0. */
export const toMinor = (text, currency) => Math.max(0, Math.round((Number(text) || 0) * 10 ** (EXPONENTS[currency] ?? 2)));
