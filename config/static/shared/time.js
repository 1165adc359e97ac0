/** Times arrive as ISO UTC. */

/** "14:02" in the store's zone. */
export function clock(iso, timeZone, language = document.documentElement.lang) {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(new Date(iso));
}

export const secondsSince = (iso, now = Date.now()) => Math.floor((now - Date.parse(iso)) / 1000);
export const secondsUntil = (iso, now = Date.now()) => -secondsSince(iso, now);
export const minutesUntil = (iso, now = Date.now()) => Math.ceil((Date.parse(iso) - now) / 60000);

/** 75 → "1:15". */
export function stopwatch(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
