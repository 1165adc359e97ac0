/** Taking orders or not: what is true now, and the one step from there. */
import { isBusy, post } from "./actions.js";
import { may, t } from "./page.js";
import { paused } from "./state.js";
import { closeSheet, confirmSheet, html, icon, nothing } from "./ui.js";

const take = (accepting) => post("taking-orders/", { accepting }, { name: "taking-orders", done: t(accepting ? "resumed" : "paused") });

const ask = () => confirmSheet(t("pause_title"), t("pause_text"), t("pause"), () => take(false), { danger: true });

const resumeButton = (look) => html`<button class="btn ${look}" ?disabled=${isBusy("taking-orders")} @click=${async () => { if (await take(true)) closeSheet(); }}>${icon("check")}${t("resume")}</button>`;

/** Above every screen while no order can come. */
export const pausedBar = () => paused.value ? html`<p class="banner paused" role="status">${icon("clock")}<span><b>${t("paused")}</b> <small>${t("pause_text")}</small></span>${may.decide ? resumeButton("") : nothing}</p>` : nothing;

/** A line of the sheet "More". */
export const pauseSwitch = () => may.decide ? html`<section class="state"><p>${icon(paused.value ? "clock" : "check")}<b>${t(paused.value ? "paused" : "taking")}</b></p>
  ${paused.value ? resumeButton("primary wide") : html`<button class="btn wide" @click=${ask}>${icon("clock")}${t("pause")}</button>`}</section>` : nothing;
