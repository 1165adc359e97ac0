/** Native dialogs that give the focus back to what opened them, and short messages that a screen reader hears. */

/** Opens `dialog` as a modal; a tap on the backdrop closes it. `onClose` runs once, after the focus went back. */
export function openDialog(dialog, { onClose, opener = document.activeElement } = {}) {
  const backdrop = (event) => event.target === dialog && dialog.close();
  dialog.addEventListener("click", backdrop);
  dialog.addEventListener("close", () => {
    dialog.removeEventListener("click", backdrop);
    if (opener?.isConnected) opener.focus({ preventScroll: true });
    onClose?.();
  }, { once: true });
  if (!dialog.open) dialog.showModal();
}

/** Shows `text` for `duration` ms or until it is tapped, and returns its line; `quiet` is for screen readers only. Never markup. */
export function toast(text, { duration = 4500, quiet = false } = {}) {
  const region = document.querySelector(".toasts");
  if (!region) return null;
  const line = document.createElement("p");
  line.className = quiet ? "vh" : "toast";
  line.textContent = text;
  line.onclick = () => line.remove(); // it may lie over a button
  raise(region);
  region.append(line);
  while (region.children.length > 2) region.firstElementChild.remove();
  setTimeout(() => line.remove(), duration);
  return line;
}

/** Above an open dialog: the newest popover is the topmost. */
function raise(region) {
  if (!region.popover) return;
  if (region.matches(":popover-open")) region.hidePopover();
  region.showPopover();
}
