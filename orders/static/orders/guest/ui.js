/** Small pieces that several screens draw. */
import { html, nothing } from "../../shared/vendor/lit-html.js";
import { orders, stageOf } from "./state.js";
import { storeLanguage, t } from "./i18n.js";

export { html, nothing, render } from "../../shared/vendor/lit-html.js";

export const icon = (name) => html`<svg class="i" aria-hidden="true"><use href="#${name}"></use></svg>`;

/** Two letters of a Latin name; one of a script whose letters fill the circle. */
const initials = (name) => [...name].slice(0, /^[\u0000-\u024f]/.test(name) ? 2 : 1).join("");

/** A guest's round face; the color is drawn as an attribute because the page's policy forbids inline styles. */
export function face(guest, mine = false) {
  const letters = mine ? t("me_short") : initials(guest?.name || "?");
  return html`<svg class="face" viewBox="0 0 30 30" aria-hidden="true"><circle cx="15" cy="15" r="15" fill=${guest?.color || "#55605a"}></circle><text x="15" y="19.5" text-anchor="middle">${letters}</text></svg>`;
}

/** The top bar of a screen: back, title, and one button. */
export const bar = (title, { fallback = "#", label = t("back_to_menu"), action = html`<span></span>` } = {}) => html`
  <header class="bar"><a href=${fallback} data-back aria-label=${label}>${icon("back")}</a><h1 tabindex="-1" id="view-title">${title}</h1>${action}</header>`;

export const callButton = () => html`<a href="#call" aria-label=${t("call_staff")}>${icon("hand")}</a>`;

export const loading = (text = t("loading")) => html`<p class="blank" role="status"><span class="spin"></span>${text}</p>`;

export const blank = (name, title, text, action = nothing) => html`
  <div class="blank"><span class="disc">${icon(name)}</span><h2>${title}</h2><p class="muted">${text}</p>${action}</div>`;

/** "Mild · cheese +₩1,500 · no onions" */
export const optionsText = (line) => [...(line.options ?? []).map((option) => option.name), line.note].filter(Boolean).join(" · ");

export const originalName = (line) =>
  line.original_name && line.original_name !== line.name ? html`<span lang=${storeLanguage()}>${line.original_name}</span>` : nothing;

export const stepper = (quantity, name, change, { min = 0, max = 99 } = {}) => html`
  <div class="step" role="group" aria-label=${t("quantity_of", { name })}>
    <button type="button" aria-label=${t("less_of", { name })} ?disabled=${quantity <= min} @click=${() => change(quantity - 1)}>${icon("minus")}</button>
    <output class="num">${quantity}</output>
    <button type="button" aria-label=${t("more_of", { name })} ?disabled=${quantity >= max} @click=${() => change(quantity + 1)}>${icon("plus")}</button>
  </div>`;

export const orderOf = (id) => orders.value.find((order) => order.id === id);

const TAGS = { submitted: "", awaiting_payment: "warn", rejected: "late", canceled: "late", expired: "" };
export const statusTag = (order) => html`<span class="tag ${TAGS[stageOf(order)] ?? "ok"}">${t(`tag_${stageOf(order)}`)}</span>`;
