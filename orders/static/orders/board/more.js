/** What is needed rarely: sold-out dishes, language, another store, the end of the shift. */
import { languages, t } from "./page.js";
import { pauseSwitch } from "./pause.js";
import { openSoldOut } from "./soldout.js";
import { endShift } from "./start.js";
import { closeSheet, html, icon, openSheet, sheet } from "./ui.js";

const YEAR = 365 * 24 * 3600;

function speak(code) {
  document.cookie = `hs_lang=${code}; path=/; max-age=${YEAR}; samesite=lax`;
  location.reload();
}

const current = () => document.documentElement.lang.toLowerCase();

export const moreSheet = () => openSheet(() => sheet(t("more"), html`${pauseSwitch()}
  <button class="btn wide" @click=${openSoldOut}>${icon("ban")}${t("sold_out_list")}</button>
  <fieldset><legend class="muted">${t("language")}</legend><div class="two">${languages.map((one) => html`
    <button class="btn" lang=${one.code} aria-pressed=${String(one.code === current())} @click=${() => speak(one.code)}>${one.name}</button>`)}</div></fieldset>
  <div class="two">
    <a class="btn" href="/staff/">${icon("grid")}${t("choose_store")}</a>
    <button class="btn" @click=${() => { closeSheet(); endShift(); }}>${icon("sun")}${t("end_shift")}</button>
    <button class="btn" form="sign-out">${icon("out")}${t("sign_out")}</button>
  </div>`));
