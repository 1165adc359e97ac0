/** The floor's screen: every table in its place and state, the chosen one's account beside it. */
import { t } from "./page.js";
import { board, chosenTable, tables } from "./state.js";
import { handBacks } from "./bill.js";
import { owedToTheGone } from "./hand_back.js";
import { tabPanel } from "./tab_panel.js";
import { blank, html, icon, nothing, repeat, TABLE_LOOKS } from "./ui.js";

export function floor() {
  if (!board.value) return html`<main class="board hall"><div class="floor ghost"><p class="vh" role="status">${t("loading")}</p></div></main>`;
  if (!tables.value.length) return html`<main class="blank-page">${blank("grid", t("no_tables"), t("no_tables_text"))}</main>`;
  const table = tables.value.find((one) => one.id === chosenTable.value);
  return html`
    <main class="board hall">
      <section class="floor" aria-label=${t("plan")}>${repeat(tables.value, (one) => one.id, tableButton)}</section>
      <aside class="side tab">${owedToTheGone()}${table ? tabPanel(table) : html`<section class="panel">${blank("table", t("choose_table"), t("choose_text"))}</section>`}</aside>
    </main>`;
}

function tableButton(table) {
  const [look, sign] = TABLE_LOOKS[table.state] ?? TABLE_LOOKS.occupied;
  // Set through the CSSOM: the page's policy forbids style attributes.
  const place = `--x:${table.x ?? 5};--y:${table.y ?? 5};--w:${table.width ?? 14};--h:${table.height ?? 21}`;
  return html`<button class="tb ${look} ${table.shape === "round" ? "round" : ""}" .style=${place} data-table=${table.id} data-state=${table.state}
    aria-pressed=${String(table.id === chosenTable.value)} @click=${() => choose(table)}>
    <b>${table.name}</b><small>${sign ? icon(sign) : nothing}${table.state === "free" ? t("seats", { n: table.seats }) : t(`table_${table.state}`)}</small>${table.tab && handBacks(table.tab).length ? html`<small class="due-back">${icon("receipt")}${t("hand_back_short")}</small>` : nothing}</button>`;
}

function choose(table) {
  chosenTable.value = chosenTable.value === table.id ? null : table.id;
  if (matchMedia("(max-width: 720px)").matches) {
    setTimeout(() => document.querySelector(".side.tab")?.scrollIntoView({ block: "start" }), 50);
  }
}
