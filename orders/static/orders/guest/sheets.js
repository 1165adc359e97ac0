/** The dialog over the menu: a dish, calling staff, the language. Its address decides; closing it is Back. */
import { openDialog, toast } from "../../shared/dialog.js";
import { effect, signal, store, tabState } from "./state.js";
import { asGuest, noteState } from "./session.js";
import { back, route } from "./router.js";
import { html, icon, nothing, render } from "./ui.js";
import { itemSheet } from "./item.js";
import { t } from "./i18n.js";

const KINDS = { help: "hand", water: "water", cutlery: "fork", bill: "receipt", other: "chat" };
const NAMES = { ko: "한국어", en: "English", "zh-hans": "简体中文", ja: "日本語" };
const calling = signal("");

async function raise(kind) {
  if (calling.value) return;
  calling.value = kind;
  try {
    await asGuest("POST", "calls/", { kind, note: "" });
    back();
    toast(t("called"));
  } catch (problem) {
    if (!noteState(problem)) toast(problem.network ? t("offline_short") : problem.detail || problem.title || t("failed"));
  } finally {
    calling.value = "";
  }
}

const head = (title) => html`<div class="row"><h2 class="grow" id="sheet-title">${title}</h2><button class="close bare" type="button" aria-label=${t("close")} @click=${() => back()}>${icon("x")}</button></div>`;

const callSheet = () => html`<div class="pad">${head(t("call_staff"))}
  <p class="muted">${tabState.value === "open" ? t("call_text") : t("call_in_person")}</p>
  ${tabState.value === "open" ? html`<div class="choices">${Object.entries(KINDS).map(([kind, name]) => html`
    <button class="btn line" type="button" ?disabled=${Boolean(calling.value)} @click=${() => raise(kind)}>${calling.value === kind ? html`<span class="spin"></span>` : icon(name)}${t(`call_${kind}`)}</button>`)}</div>` : nothing}</div>`;

function speak(code) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `hs_lang=${code}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  location.replace(`${location.pathname}?lang=${code}`);
}

const languageSheet = () => html`<div class="pad">${head(t("language"))}<ul class="choices one">${(store.value.languages ?? Object.keys(NAMES)).map((code) => {
  const current = document.documentElement.lang.toLowerCase() === code.toLowerCase();
  return html`<li><button class="btn ${current ? "primary" : "line"} wide" type="button" lang=${code} aria-current=${current ? "true" : nothing} @click=${() => speak(code)}>${NAMES[code.toLowerCase()] ?? code}${current ? icon("check") : nothing}</button></li>`;
})}</ul></div>`;

const SHEETS = { item: itemSheet, call: callSheet, language: languageSheet };

export function startSheets() {
  const dialog = document.getElementById("sheet");
  const isSheet = () => SHEETS[route.value.name];
  effect(() => {
    const { name, id } = route.value;
    const sheet = SHEETS[name];
    if (!sheet) { if (dialog.open) dialog.close(); return; }
    render(sheet(id), dialog);
    if (dialog.open) return;
    dialog.className = name === "item" ? "sheet dish" : "sheet";
    openDialog(dialog, { onClose: () => { if (isSheet()) back(); } });
    dialog.scrollTop = 0;
  });
}
