/** The kitchen's screen: tickets in the order they came, what to cook in all, and what was just finished. */
import { isBusy, step } from "./actions.js";
import { t } from "./page.js";
import { openSoldOut } from "./soldout.js";
import { board, serverNow, tickets } from "./state.js";
import { ticketCard } from "./ticket.js";
import { blank, html, icon, nothing, repeat } from "./ui.js";

const UNDO_SECONDS = 60;

export const kitchen = () => html`
  <main class="board kitchen">
    <section class="rail" aria-label=${t("tickets")} tabindex="0">
      ${board.value ? rail() : html`${[1, 2, 3, 4].map(() => html`<div class="tk ghost" aria-hidden="true"></div>`)}<p class="vh" role="status">${t("loading")}</p>`}
    </section>
    ${board.value ? side() : nothing}
  </main>`;

function rail() {
  if (!tickets.value.length) return blank("pot", t("quiet_kitchen"), t("quiet_text"));
  return repeat(tickets.value, (ticket) => ticket.id, ticketCard);
}

const side = () => html`
  <aside class="side">
    <section class="panel"><h2>${t("to_cook")}</h2>${board.value.all_day.length ? html`
      <ul>${board.value.all_day.map((one) => html`<li>${one.name}<b class="num">${one.quantity}</b></li>`)}</ul>` : html`<p class="muted">${t("nothing_to_cook")}</p>`}</section>
    <section class="panel"><h2>${t("just_done")}</h2>${board.value.recent.length ? html`
      <ul>${repeat(board.value.recent, (one) => one.id, recentRow)}</ul>` : html`<p class="muted">${t("nothing_done")}</p>`}</section>
    <button class="btn" @click=${openSoldOut}>${icon("ban")}${t("sold_out_list")}</button>
  </aside>`;

function recentRow(ticket) {
  const ended = Date.parse(ticket.served_at ?? ticket.ended_at ?? 0);
  const possible = ticket.status === "served" && serverNow() - ended < UNDO_SECONDS * 1000;
  return html`<li><span class="grow"><b>${ticket.table_name}</b> ${t("ticket_number", { n: ticket.number })}${ticket.status === "served" ? nothing : html` <span class="tag late">${t(`status_${ticket.status}`)}</span>`}</span>
    ${possible ? html`<button aria-label=${t("take_back", { n: ticket.number })} ?disabled=${isBusy(ticket.id)} @click=${() => step(ticket, "recall")}>${icon("undo")}</button>` : nothing}</li>`;
}
