/** One order as the kitchen reads it from two metres: state, time, dishes, and the one next step. */
import { stopwatch } from "../../shared/time.js";
import { accept, isBusy, lineStep, step } from "./actions.js";
import { openOrderSheet } from "./order_sheet.js";
import { store, t } from "./page.js";
import { serverNow, signal } from "./state.js";
import { html, icon, LOOKS, nothing, repeat } from "./ui.js";

const CHOICES = [5, 10, 15, 20];
const ALLERGY = /알레르기|알러지|allerg|过敏|過敏|アレルギー/i;
/** The promise chosen for an order: id → minutes. */
const chosen = signal(new Map());

export const defaultMinutes = () => store.default_minutes || 10;
const minutesFor = (ticket) => chosen.value.get(ticket.id) ?? defaultMinutes();

const choose = (ticket, minutes) => { chosen.value = new Map(chosen.value).set(ticket.id, minutes); };

const age = (iso) => Math.max(0, (serverNow() - Date.parse(iso)) / 1000);

/** "new" | "cook" | "warn" | "late" | "ready". A promise longer than the store's limit stretches the warning with it. */
export function stateOf(ticket) {
  if (ticket.status === "ready") return "ready";
  const late = store.late_minutes * 60;
  if (ticket.status === "submitted") return age(ticket.submitted_at) > late ? "late" : "new";
  if (!ticket.ready_by) return "cook";
  const promised = (Date.parse(ticket.ready_by) - Date.parse(ticket.accepted_at)) / 1000;
  const used = age(ticket.accepted_at);
  if (used > promised) return "late";
  return used > promised * Math.min(1, store.warn_minutes / store.late_minutes) ? "warn" : "cook";
}

const shownAge = (ticket) => stopwatch(age(ticket.status === "ready" ? ticket.ready_at : ticket.submitted_at));

export function ticketCard(ticket) {
  const state = stateOf(ticket);
  const [sign, word] = LOOKS[state];
  const name = `${ticket.table_name} ${t("ticket_number", { n: ticket.number })}`;
  return html`
    <article class="tk ${state}" data-order=${ticket.id} data-state=${state} aria-label="${name}: ${t(word)}">
      <header><b>${ticket.table_name}</b><span class="age num">${icon(sign)}${shownAge(ticket)}</span>
        <small>${t("ticket_number", { n: ticket.number })}${ticket.guest_count > 1 ? ` · ${t("guests", { n: ticket.guest_count })}` : ""}</small><small>${t(word)}</small></header>
      ${ticket.round > 1 ? html`<p class="add-on">${t("round", { n: ticket.round })}</p>` : nothing}
      ${ticket.note ? html`<p class="remark">${ticket.note}</p>` : nothing}
      <ul>${repeat(ticket.lines, (line) => line.id, (line) => lineRow(ticket, line))}</ul>
      ${ticket.status === "submitted" ? minutesChoice(ticket) : nothing}
      <footer>${nextButton(ticket)}
        <button class="round" aria-label=${t("other_answer", { n: ticket.number })} @click=${() => openOrderSheet(ticket.id)}>${icon("dots")}</button></footer>
    </article>`;
}

function lineRow(ticket, line) {
  const gone = line.status === "voided" || line.status === "canceled";
  const done = line.status === "ready" || line.status === "served";
  const dish = html`<b class="num">${line.quantity}</b><span>${line.name}${line.options.length ? html`<small>${line.options.join(" · ")}</small>` : nothing}${noteOf(line)}${gone ? html`<small>${t("voided")}</small>` : nothing}</span>`;
  if (gone || !["accepted", "in_progress", "ready"].includes(ticket.status)) {
    return html`<li class=${gone || done ? "done" : ""}>${dish}</li>`;
  }
  return html`<li class=${done ? "done" : ""}><button aria-pressed=${String(done)} ?disabled=${isBusy(line.id)}
    @click=${() => lineStep(line, done ? "undo" : "ready")}>${dish}<span class="tick">${done ? html`${icon("check")}<span class="vh">${t("done")}</span>` : nothing}</span></button></li>`;
}

function noteOf(line) {
  if (!line.note) return nothing;
  if (!ALLERGY.test(line.note)) return html`<em>${line.note}</em>`;
  return html`<span class="flag">${icon("warn")}<span class="vh">${t("allergy")}: </span>${line.note}</span>`;
}

const minutesChoice = (ticket) => html`
  <fieldset class="mins"><legend class="vh">${t("ready_in")}</legend>${[...new Set([...CHOICES, defaultMinutes()])].sort((a, b) => a - b).slice(0, 5).map((minutes) => html`
    <button aria-pressed=${String(minutes === minutesFor(ticket))} @click=${() => choose(ticket, minutes)}>${t("minutes", { n: minutes })}</button>`)}</fieldset>`;

function nextButton(ticket) {
  const waits = isBusy(ticket.id);
  if (ticket.status === "submitted") {
    return html`<button class="next take" ?disabled=${waits} @click=${() => accept(ticket, minutesFor(ticket))}>${icon("check")}${t("accept")}</button>`;
  }
  if (ticket.status === "ready") {
    return html`<button class="next serve" ?disabled=${waits} @click=${() => step(ticket, "served")}>${icon("tray")}${t("served")}</button>`;
  }
  return html`<button class="next go" ?disabled=${waits} @click=${() => step(ticket, "ready")}>${t("ready")}</button>`;
}
