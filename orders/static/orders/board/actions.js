/** What buttons do: one request at a time per button, repeated when no answer comes, refusals in plain words. */
import { call, newKey, Problem } from "../../shared/api.js";
import { toast } from "../../shared/dialog.js";
import { api, device, t } from "./page.js";
import { acked, alarms, openAlarms, refresh, signal } from "./state.js";

/** Names of the requests under way. */
export const busy = signal(new Set());
export const isBusy = (name) => busy.value.has(name);

const mark = (name, on) => {
  const next = new Set(busy.value);
  if (on) next.add(name);
  else next.delete(name);
  busy.value = next;
};

/** Posts once however often it is tapped; gives the answer, or null after telling why not. What rang for one of
 * `subjects` is silent then. */
export async function post(path, body, { name = path, key, done, subjects = [] } = {}) {
  if (isBusy(name)) return null;
  mark(name, true);
  try {
    const answer = await call("POST", api + path, body ?? {}, { key, retry: 2, timeout: 8000 });
    if (done) toast(done);
    await Promise.all([acknowledge(seqsOf(subjects)), refresh().catch(() => {})]);
    return answer ?? {};
  } catch (problem) {
    explain(problem);
    return null;
  } finally {
    mark(name, false);
  }
}

/** A toast for a refusal; a board that lagged behind is fetched again. */
export function explain(problem) {
  if (!(problem instanceof Problem)) throw problem;
  if (problem.network) return toast(t("not_sent"));
  refresh().catch(() => {});
  if (problem.code === "wrong-state") return toast(t("already"));
  if (problem.status === 403) return toast(problem.detail || t("not_allowed"));
  return toast(problem.detail || problem.title || t("failed"));
}

/** Stops the ringing of these alarms everywhere; the server's answer silences this device. */
export async function acknowledge(seqs) {
  if (!seqs.length || isBusy(`ack-${seqs}`)) return;
  mark(`ack-${seqs}`, true);
  try {
    const rows = await call("POST", `${api}notifications/ack/`, { seqs, device }, { retry: 2, timeout: 8000 });
    for (const row of rows) acked(row.seq, row.acked_by, row.acked_at);
  } catch (problem) {
    explain(problem);
  } finally {
    mark(`ack-${seqs}`, false);
  }
}

const seqsOf = (subjects) => [...alarms.value.values()]
  .filter((one) => one.alarm && !one.acked_at && subjects.includes(one.subject_id)).map((one) => one.seq);

export const accept = (ticket, minutes) => post(`orders/${ticket.id}/accept/`, { minutes }, { name: ticket.id, subjects: [ticket.id] });

export function acceptAll(list, minutes) {
  const ids = list.map((ticket) => ticket.id);
  if (!ids.length) return acknowledge(openAlarms.value.filter((one) => one.kind === "order_submitted").map((one) => one.seq));
  return post("orders/accept/", { order_ids: ids, minutes }, { name: "accept-all", subjects: ids });
}

export const reject = (ticket, code, reason) =>
  post(`orders/${ticket.id}/reject/`, { reason_code: code, reason }, { name: ticket.id, subjects: [ticket.id] });

export const answerCall = (call_) => post(`calls/${call_.id}/answer/`, {}, { name: call_.id, subjects: [call_.id] });

export const step = (ticket, verb, body) => post(`orders/${ticket.id}/${verb}/`, body, { name: ticket.id });
export const lineStep = (line, verb, body) => post(`lines/${line.id}/${verb}/`, body, { name: line.id });
export { newKey };
