/** What a phone shows whose table's bill is closed. */
import { left } from "./state.js";
import { bar, html } from "./ui.js";
import { t } from "./i18n.js";

function startAgain() {
  left.value = null;
  location.replace(location.pathname + location.search);
}

export const goodbye = () => html`${bar(t("thank_you_short"))}<main class="page farewell"><svg class="art" viewBox="0 0 200 160" aria-hidden="true"><use href="#bowl"></use></svg>
  <h2>${t("thank_you")}</h2><p class="muted">${t("thank_you_text")}</p><button class="btn primary" type="button" @click=${startAgain}>${t("start_again")}</button></main>`;
