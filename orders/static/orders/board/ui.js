/** Small pieces that several screens draw, and the one dialog they share. */
import { html, render } from "../../shared/vendor/lit-html.js";
import { openDialog } from "../../shared/dialog.js";
import { effect, signal } from "./state.js";
import { t } from "./page.js";

export { html, nothing, render } from "../../shared/vendor/lit-html.js";
export { repeat } from "../../shared/vendor/directives/repeat.js";

export const icon = (name) => html`<svg class="i" aria-hidden="true"><use href="#${name}"></use></svg>`;

export const blank = (name, title, text) => html`
  <div class="blank"><span class="disc">${icon(name)}</span><h2>${title}</h2><p class="muted">${text}</p></div>`;

/** How the screens say an order's or a table's state: color class, icon, word. */
export const LOOKS = {
  new: ["bell", "state_new"], cook: ["pot", "state_cook"], warn: ["clock", "state_warn"],
  late: ["warn", "state_late"], ready: ["check", "state_ready"],
};

/** A table's state → color class and icon. */
export const TABLE_LOOKS = {
  free: ["free", null], occupied: ["cook", "users"], new: ["new", "bell"], cooking: ["cook", "pot"],
  ready: ["ready", "check"], late: ["late", "warn"], call: ["call", "hand"], settled: ["free", "check"],
};

const dialog = document.getElementById("sheet");
const content = signal(null);

/** Shows what `view()` draws as a dialog; it is drawn again when a signal in it changes. */
export function openSheet(view) {
  content.value = view;
  if (!dialog.open) openDialog(dialog, { onClose: () => { content.value = null; } });
}

export const closeSheet = () => dialog.open && dialog.close();

export const sheet = (title, body) => html`
  <div class="pad">
    <header class="row between"><h2 id="sheet-title">${title}</h2>
      <button class="round" aria-label=${t("close")} @click=${closeSheet}>${icon("x")}</button></header>
    ${body}
  </div>`;

/** One question with two buttons; `work` returns something true when the dialog may close. */
export const confirmSheet = (title, text, label, work, { danger = false } = {}) => openSheet(() => sheet(title, html`
  <p class="muted">${text}</p>
  <div class="two"><button class="btn" @click=${closeSheet}>${t("cancel")}</button>
    <button class="btn ${danger ? "stop" : "primary"}" @click=${async () => { if (await work()) closeSheet(); }}>${label}</button></div>`));

effect(() => { render(content.value ? content.value() : html``, dialog); });
