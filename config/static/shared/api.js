/** HTTP calls to the API: JSON in, JSON out, RFC 9457 problems as exceptions. */

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const REPEATABLE = new Set([502, 503, 504]);

/** What the server, or the network, refused. `network` = no answer arrived; status is 0 then. */
export class Problem extends Error {
  constructor({ status = 0, code = "network", title = "", detail = "", extra = {}, network = false, retryAfter = 0 }) {
    super(title || code);
    Object.assign(this, { status, code, title, detail, extra, network, retryAfter });
  }
}

export function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

/** A key for `Idempotency-Key`; works on plain http too, where crypto.randomUUID is absent. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function request(method, body, key) {
  const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang };
  const safe = method === "GET" || method === "HEAD";
  if (!safe) headers["X-CSRFToken"] = cookie("csrftoken");
  if (key) headers["Idempotency-Key"] = key;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return { method, headers, credentials: "same-origin", cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body) };
}

async function problemOf(response) {
  const { type = "", title, detail, status, ...extra } = await response.json().catch(() => ({}));
  return new Problem({
    status: response.status,
    code: type.startsWith("urn:hansang:problem:") ? type.slice(20) : `http-${response.status}`,
    title, detail, extra,
    retryAfter: Number(response.headers.get("Retry-After")) || 0,
  });
}

async function attempt(method, url, options, timeout) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), timeout);
  try {
    const response = await fetch(url, { ...options, signal: stop.signal });
    if (!response.ok) throw await problemOf(response);
    return response.status === 204 ? null : await response.json();
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem({ network: true, title: String(error.message || error) });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * `await call("POST", "/api/v1/…", {…}, {key, retry, timeout})` gives the parsed JSON or throws a Problem.
 * Reads, PUTs and calls with a key are repeated (`retry` times, default 2) when no answer came.
 */
export async function call(method, url, body, { key, retry, timeout = 12000 } = {}) {
  const repeatable = method === "GET" || method === "PUT" || Boolean(key);
  const tries = 1 + (retry ?? (repeatable ? 2 : 0));
  for (let round = 1; ; round += 1) {
    try {
      return await attempt(method, url, request(method, body, key), timeout);
    } catch (problem) {
      const again = problem.network || REPEATABLE.has(problem.status);
      if (!again || round >= tries || navigator.onLine === false) throw problem;
      await wait(300 * 2 ** round * (0.75 + Math.random() / 2));
    }
  }
}
