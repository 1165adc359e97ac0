/** Above the page: what the guest must know now. Said kindly, with what to do. */
import { busy, changes, connection, items, online, store, tabState, unsent } from "./state.js";
import { forget, resend } from "./order.js";
import { join } from "./session.js";
import { html, icon, nothing } from "./ui.js";
import { money, t } from "./i18n.js";

const note = (name, color, text, action = nothing) => html`<div class="alert note ${color}">${icon(name)}<span class="grow">${text}</span>${action === nothing ? nothing : html`<span class="actions">${action}</span>`}</div>`;
const button = (label, work, disabled = false) => html`<button class="btn small" type="button" ?disabled=${disabled} @click=${work}>${label}</button>`;

function shop() {
  const { open, accepting, opens_at: opens, message } = store.value;
  if (!items.value.size) return nothing;
  if (!open) return note("clock", "warn", html`<b>${t("closed")}</b>${opens ? t("closed_opens", { time: opens }) : t("closed_text")}`);
  if (!accepting) return note("clock", "warn", html`<b>${t("paused")}</b>${message || t("paused_text")}`);
  return nothing;
}

function table() {
  if (tabState.value === "waiting") return note("hand", "", html`<b>${t("waiting")}</b>${t("waiting_text")}`, button(t("try_again"), join));
  if (tabState.value === "failed" && online.value) return note("off", "warn", html`<b>${t("join_failed")}</b>${t("join_failed_text")}`, button(t("try_again"), join));
  if (tabState.value === "unknown") return note("table", "warn", html`<b>${t("old_code")}</b>${t("old_code_text")}`);
  return nothing;
}

const lostOrder = () => unsent.value?.lost ? html`<div class="alert note late" role="alert">${icon("off")}<span class="grow"><b>${t("not_sent")}</b>${t("not_sent_text")}</span>
  <span class="actions">${button(t("do_not_send"), forget, busy.value === "order")}${button(t("send_again"), resend, busy.value === "order")}</span></div>` : nothing;

const CHANGE = {
  price: (one) => t("change_price", { name: one.name, old: money(one.old ?? 0), new: money(one.new ?? 0) }),
  gone: (one) => t("change_gone", { name: one.name }),
  sold_out: (one) => t("change_sold_out", { name: one.name }),
  options: (one) => t("change_options", { name: one.name }),
};

export const whatChanged = () => changes.value ? html`<div class="alert note warn changed" role="alert" tabindex="-1">${icon("receipt")}<span class="grow"><b>${t("menu_changed")}</b>
  <ul>${changes.value.list.map((one) => html`<li>${(CHANGE[one.kind] ?? CHANGE.options)(one)}</li>`)}</ul>${t("menu_changed_text")}</span><span class="actions"><a class="btn small" href="#cart" @click=${() => { changes.value = null; }}>${t("view_cart")}</a>${button(t("ok"), () => { changes.value = null; })}</span></div>` : nothing;

export function alerts() {
  return html`${online.value ? nothing : note("off", "warn", html`<b>${t("offline")}</b>${t("offline_text")}`)}
    ${online.value && connection.value === "polling" ? html`<p class="vh">${t("slow")}</p>` : nothing}${lostOrder()}${whatChanged()}${table()}${shop()}`;
}
