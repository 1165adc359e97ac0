/** The sheet of one dish: picture, allergens, options, note, quantity. */
import { effect, items, mayOrder, signal, untracked } from "./state.js";
import { addLine, replaceLine, unitPrice } from "./cart.js";
import { back, route } from "./router.js";
import { html, icon, nothing, originalName, stepper } from "./ui.js";
import { money, t } from "./i18n.js";

const fresh = { options: [], quantity: 1, note: "", missing: "" };
const choice = signal(fresh);
/** The cart line that is being changed, or null for a new one. */
export const editing = signal(null);

const single = (group) => group.max === 1;
const needs = (group) => (group.required ? Math.max(1, group.min ?? 1) : group.min ?? 0);
const idsOf = (group) => group.options.map((option) => option.id);

/** A dish opens with the first possible answer to each question that must have exactly one. */
const firstAnswers = (item) =>
  (item.option_groups ?? []).filter((group) => needs(group) === 1 && single(group)).flatMap((group) => idsOf({ options: group.options.filter((o) => !o.sold_out) }).slice(0, 1));

effect(() => {
  const { name, id } = route.value;
  const item = name === "item" && untracked(() => items.value.get(id));
  if (!item) { editing.value = null; return; }
  const line = untracked(() => editing.value);
  choice.value = line ? { ...fresh, options: line.option_ids, quantity: line.quantity, note: line.note ?? "" } : { ...fresh, options: firstAnswers(item) };
});

const set = (values) => { choice.value = { ...choice.value, missing: "", ...values }; };

function pick(group, option, event) {
  const mine = idsOf(group);
  const others = choice.value.options.filter((id) => !mine.includes(id));
  const chosen = choice.value.options.filter((id) => mine.includes(id) && id !== option.id);
  if (!event.target.checked) return set({ options: [...others, ...chosen] });
  if (single(group)) return set({ options: [...others, option.id] });
  if (group.max && chosen.length >= group.max) { event.target.checked = false; return; }
  set({ options: [...others, ...chosen, option.id] });
}

function rule(group) {
  const min = needs(group);
  if (min && single(group)) return html`<span class="tag ok">${t("choose_one")}</span>`;
  if (min) return html`<span class="tag ok">${t("choose_least", { n: min })}</span>`;
  return group.max ? html`<span class="tag">${t("choose_most", { n: group.max })}</span>` : html`<span class="tag">${t("optional")}</span>`;
}

const optionRow = (group, option) => {
  const radio = single(group) && needs(group) === 1;
  return html`<label class="opt ${option.sold_out ? "out" : ""}">
    <input type=${radio ? "radio" : "checkbox"} name=${group.id} .checked=${choice.value.options.includes(option.id)} ?disabled=${option.sold_out} @change=${(event) => pick(group, option, event)}>
    <span>${option.name}</span><span class="num">${option.sold_out ? t("sold_out") : option.price ? `+${money(option.price)}` : nothing}</span></label>`;
};

const groupFields = (group) => html`
  <fieldset class="opts" id="g-${group.id}" ?data-missing=${choice.value.missing === group.id}><legend>${group.name} ${rule(group)}</legend>
    ${choice.value.missing === group.id ? html`<p class="tag late" role="alert">${t("please_choose")}</p>` : nothing}
    ${group.options.map((option) => optionRow(group, option))}</fieldset>`;

function submit(item) {
  return (event) => {
    event.preventDefault();
    const { options, quantity, note } = choice.value;
    const missing = (item.option_groups ?? []).find((group) => idsOf(group).filter((id) => options.includes(id)).length < needs(group));
    if (missing) {
      set({ missing: missing.id });
      return document.getElementById(`g-${missing.id}`).querySelector("input")?.focus();
    }
    if (editing.value) replaceLine(editing.value, item, options, quantity, note.trim());
    else addLine(item, options, quantity, note.trim());
    back();
  };
}

function foot(item) {
  if (item.sold_out) return html`<p class="note warn">${icon("clock")}${t("sold_out_long")}</p>`;
  if (!mayOrder.value) return html`<p class="note">${icon("clock")}${t("only_reading")}</p>`;
  const { quantity, options } = choice.value;
  const price = unitPrice(item, options).unit * quantity;
  return html`${stepper(quantity, item.name, (n) => set({ quantity: n }), { min: 1 })}
    <button class="btn primary" form="item-form">${editing.value ? t("save") : t("add_to_cart")}<span class="num">${money(price)}</span></button>`;
}

const SPICY = ["", "spicy_1", "spicy_2", "spicy_3"];
const contains = (item) => item.allergens?.map((code) => t(`allergen_${code}`).replace(/^allergen_/, "")).join(" · ");

export function itemSheet(id) {
  const item = items.value.get(id);
  if (!item) return html`<div class="pad"><h2 id="sheet-title">${t("dish_gone")}</h2><button class="btn" @click=${() => back()}>${t("close")}</button></div>`;
  const { photo } = item;
  return html`${photo ? html`<img src=${photo} width="390" height="260" alt="">` : nothing}
    <button class="close ${photo ? "" : "bare"}" type="button" aria-label=${t("close")} @click=${() => back()}>${icon("x")}</button>
    <form class="body" id="item-form" @submit=${submit(item)}>
      <div><h2 id="sheet-title">${item.name}</h2><p class="muted">${originalName(item)}</p>
        ${item.description ? html`<p class="about">${item.description}</p>` : nothing}
        <div class="row wrap"><b class="price num">${money(item.price ?? 0)}</b>
          ${item.spicy ? html`<span class="tag hot">${icon("flame")}${t(SPICY[item.spicy])}</span>` : nothing}
          ${item.diet?.map((code) => html`<span class="tag ok">${icon("leaf")}${t(`diet_${code}`).replace(/^diet_/, "")}</span>`)}
          ${item.allergens?.length ? html`<span class="tag contains">${t("contains")} ${contains(item)}</span>` : nothing}</div></div>
      ${item.option_groups?.map(groupFields)}
      ${mayOrder.value && !item.sold_out ? html`<label class="opts"><b>${t("note_label")}</b>
        <textarea class="field" rows="2" maxlength="200" placeholder=${t("note_example")} .value=${choice.value.note} @input=${(event) => set({ note: event.target.value })}></textarea></label>` : nothing}
    </form>
    <footer class="foot ${item.sold_out || !mayOrder.value ? "" : "split"}">${foot(item)}</footer>`;
}
