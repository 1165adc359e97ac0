/** The shared cart. A phone writes only its own lines: drawn at once, sent behind it, confirmed by the server. */
import { toast } from "../../shared/dialog.js";
import { cart, computed, draft, guest, items, online, effect, remember, signal } from "./state.js";
import { asGuest, noteState, refreshCart, setCart } from "./session.js";
import { t } from "./i18n.js";

const SEND_AFTER = 80;
const TRY_AGAIN_AFTER = 4000;

let timer = 0;
let sending = null;

export const myLines = computed(() => draft.value ?? cart.value.lines.filter((line) => line.mine));
export const otherLines = computed(() => cart.value.lines.filter((line) => !line.mine));
export const lines = computed(() => [...myLines.value, ...otherLines.value]);

const sum = (list, field) => list.reduce((total, line) => total + line[field], 0);
/** "all" or "mine": which lines the next order takes. */
export const scope = signal("all");
/** What the next order takes; sold out lines stay in the cart and are not ordered. */
export const ordered = computed(() => (scope.value === "mine" ? myLines.value : lines.value).filter((line) => line.available));
export const count = computed(() => sum(ordered.value, "quantity"));
export const total = computed(() => sum(ordered.value, "total"));

export function unitPrice(item, optionIds) {
  const chosen = (item.option_groups ?? []).flatMap((group) => group.options).filter((option) => optionIds.includes(option.id));
  return { options: chosen.map(({ id, name, price = 0 }) => ({ id, name, price })), unit: (item.price ?? 0) + sum(chosen.map((o) => ({ price: o.price ?? 0 })), "price") };
}

function lineOf(item, optionIds, quantity, note) {
  const { options, unit } = unitPrice(item, optionIds);
  return {
    item_id: item.id, name: item.name, original_name: item.original_name, quantity, options, note,
    option_ids: optionIds, unit_price: unit, total: unit * quantity, guest: guest.value, mine: true, available: true,
  };
}

const sameDish = (line, other) =>
  line.item_id === other.item_id && line.note === other.note && String([...line.option_ids].sort()) === String([...other.option_ids].sort());

export function addLine(item, optionIds = [], quantity = 1, note = "") {
  const fresh = lineOf(item, optionIds, quantity, note);
  const same = myLines.value.find((line) => sameDish(line, fresh));
  change(same ? myLines.value.map((line) => (line === same ? withQuantity(line, line.quantity + quantity) : line)) : [...myLines.value, fresh]);
}

const withQuantity = (line, quantity) => ({ ...line, quantity: Math.min(quantity, 99), total: line.unit_price * Math.min(quantity, 99) });

export function setQuantity(target, quantity) {
  change(myLines.value.map((line) => (line === target ? withQuantity(line, quantity) : line)).filter((line) => line.quantity > 0));
}

export const replaceLine = (target, item, optionIds, quantity, note) =>
  change(myLines.value.map((line) => (line === target ? { ...lineOf(item, optionIds, quantity, note), id: line.id } : line)));

function change(wanted, pause = SEND_AFTER) {
  draft.value = wanted;
  clearTimeout(timer);
  timer = setTimeout(() => flush().catch(() => {}), pause);
}

const input = ({ id, item_id, quantity, option_ids, note }) => ({ ...(id && { id }), item_id, quantity, options: option_ids, note: note || "" });

/** Waits until the server has my lines. Throws the Problem when it cannot. */
export function flush() {
  clearTimeout(timer);
  sending ??= push().finally(() => { sending = null; });
  return sending;
}

async function push() {
  while (draft.value) {
    const wanted = draft.value;
    try {
      const answer = await asGuest("PUT", "cart/", { lines: wanted.map(input) }, { retry: 1 });
      if (draft.value !== wanted) continue;
      setCart(answer);
      draft.value = null;
    } catch (problem) {
      refused(problem, wanted);
      throw problem;
    }
  }
}

function refused(problem, wanted) {
  if (problem.network || problem.status >= 500 || problem.status === 429) {
    clearTimeout(timer);
    timer = setTimeout(() => flush().catch(() => {}), TRY_AGAIN_AFTER);
    return;
  }
  if (draft.value === wanted) draft.value = null;
  if (!noteState(problem)) toast(problem.detail || problem.title || t("failed"));
  refreshCart();
}

/** A draft written before a reload belongs to dishes that may be gone by now. */
export function restoreDraft() {
  remember("draft", draft);
  if (draft.value) change(draft.value.filter((line) => items.value.has(line.item_id)), 0);
  effect(() => { if (online.value && draft.value && !sending) timer = timer || setTimeout(() => flush().catch(() => {}), SEND_AFTER); });
}
