/** Dialogs about a party's place: move, join, clear, and a new code for the table. */
import { isBusy, post } from "./actions.js";
import { money, t } from "./page.js";
import { chosenTable, signal, tables } from "./state.js";
import { closeSheet, confirmSheet, html, icon, openSheet, sheet } from "./ui.js";

const reason = signal("");

const pick = (title, list, empty, work) => openSheet(() => sheet(title, list().length ? html`
  <div class="places">${list().map((table) => html`<button class="btn" ?disabled=${isBusy("place")} @click=${() => work(table)}>${table.name}</button>`)}</div>`
  : html`<p class="muted">${t(empty)}</p>`));

export const openMove = (table, tab) => pick(t("move_title", { table: table.name }), () => tables.value.filter((one) => !one.tab), "no_free_table", async (to) => {
  const words = { table: table.name, to: to.name };
  if (await post(`tabs/${tab.id}/move/`, { table_id: to.id }, { name: "place", done: t("moved", words) })) arrive(to);
});

export const openMerge = (table, tab) => pick(t("merge_title", { table: table.name }), () => tables.value.filter((one) => one.tab && one.id !== table.id), "no_other_party", async (to) => {
  const words = { table: table.name, to: to.name };
  if (await post(`tabs/${tab.id}/merge/`, { into_tab_id: to.tab.id }, { name: "place", done: t("merged", words) })) arrive(to);
});

function arrive(table) {
  chosenTable.value = table.id;
  closeSheet();
}

export function openClose(table, tab, due) {
  reason.value = "";
  openSheet(() => sheet(t("close_title", { table: table.name }), html`
    <p class="muted">${due ? t("close_owed", { amount: money(due) }) : t("close_text")}</p>
    ${due ? html`<label>${t("void_reason")}<input class="field" maxlength="200" .value=${reason.value} @input=${(event) => { reason.value = event.target.value; }}></label>` : ""}
    <div class="two"><button class="btn" @click=${closeSheet}>${t("cancel")}</button>
      <button class="btn ${due ? "stop" : "primary"}" ?disabled=${isBusy("close") || (due > 0 && !reason.value.trim())} @click=${() => close(tab)}>${t("close_table")}</button></div>`));
}

async function close(tab) {
  if (await post(`tabs/${tab.id}/close/`, { reason: reason.value.trim() }, { name: "close" })) closeSheet();
}

export const openNewCode = (table) => confirmSheet(t("code_title", { table: table.name }), t("code_text"), t("new_code"), async () => {
  const answer = await post(`tables/${table.id}/rotate-token/`, {}, { name: "code" });
  if (answer) openSheet(() => sheet(t("code_done", { table: table.name }), html`
    <a class="btn primary wide tall" href=${answer.sheet} target="_blank" rel="noopener">${icon("qr")}${t("print_card")}</a>`));
  return false;
}, { danger: true });
