/** Sold out and back again, with one tap per dish or option. */
import { call } from "../../shared/api.js";
import { explain, isBusy, post } from "./actions.js";
import { api, t } from "./page.js";
import { signal } from "./state.js";
import { html, icon, nothing, openSheet, repeat, sheet } from "./ui.js";

const items = signal(null);
const search = signal("");

/** Each dish: {id, name, sold_out, options: [{id, name, sold_out}]}. */
async function load() {
  try {
    const answer = await call("GET", `${api}items/`);
    items.value = answer.items ?? answer;
  } catch (problem) {
    items.value ??= [];
    explain(problem);
  }
}

export function openSoldOut() {
  search.value = "";
  load();
  openSheet(() => sheet(t("sold_out_list"), html`
    <label class="search">${icon("ban")}<span class="vh">${t("search_dish")}</span>
      <input class="field" type="search" placeholder=${t("search_dish")} .value=${search.value} @input=${(event) => { search.value = event.target.value; }}></label>
    ${items.value === null ? html`<p class="row" role="status"><span class="spin"></span>${t("loading")}</p>` : list()}`));
}

const optionsOf = (item) => item.options ?? (item.option_groups ?? []).flatMap((group) => group.options);

function list() {
  const wanted = search.value.trim().toLowerCase();
  const soldOut = (item) => item.sold_out || optionsOf(item).some((option) => option.sold_out);
  const found = items.value.filter((item) => (wanted ? item.name.toLowerCase().includes(wanted) : true))
    .sort((a, b) => Number(soldOut(b)) - Number(soldOut(a)));
  if (!found.length) return html`<p class="muted">${t("no_dish")}</p>`;
  return html`<ul class="rows">${repeat(found, (item) => item.id, (item) => html`${row(item)}${wanted || soldOut(item) ? optionsOf(item).map((option) => row(item, option)) : nothing}`)}</ul>`;
}

function row(item, option) {
  const it = option ?? item;
  const word = it.sold_out ? "is_sold_out" : "available";
  return html`<li class=${option ? "sub" : ""}><span class="grow">${it.name}</span>
    <button class="btn switch" role="switch" aria-checked=${String(!it.sold_out)} aria-label=${it.name} ?disabled=${isBusy(it.id)}
      @click=${() => flip(item, option)}>${icon(it.sold_out ? "ban" : "check")}${t(word)}</button></li>`;
}

async function flip(item, option) {
  const it = option ?? item;
  const body = { sold_out: !it.sold_out, ...(option && { option_id: option.id }) };
  if (await post(`items/${item.id}/sold-out/`, body, { name: it.id })) await load();
}
