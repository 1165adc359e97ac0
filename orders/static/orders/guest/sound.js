/** Sound, vibration and the flashing title. Browsers allow sound only after a tap: the order tap unlocks it. */
import { signal } from "./state.js";

let audio = null;
let lock = null;
let flashing = 0;
const title = document.title;

/** Whether a chime would be heard. */
export const soundOn = signal(false);

export function unlockSound() {
  try {
    audio ??= new (window.AudioContext || window.webkitAudioContext)();
    audio.resume().then(() => { soundOn.value = audio.state === "running"; }, () => {});
  } catch { /* no sound on this phone; the title and vibration remain */ }
}

/** The same, and the screen stays on while the guest waits. */
export async function ringMe() {
  unlockSound();
  chime();
  try { lock = await navigator.wakeLock?.request("screen"); } catch { lock = null; }
}

export const restMe = () => { lock?.release?.(); lock = null; };

function note(frequency, start, length) {
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, start);
  volume.gain.exponentialRampToValueAtTime(0.25, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + length);
  tone.connect(volume).connect(audio.destination);
  tone.start(start);
  tone.stop(start + length);
}

export function chime() {
  if (audio?.state !== "running") return;
  [659, 784, 1047].forEach((frequency, index) => note(frequency, audio.currentTime + index * 0.16, 0.5));
}

/** "(1) Ready!" in the tab until somebody looks. */
export function flash(text) {
  navigator.vibrate?.([200, 100, 200]);
  chime();
  if (document.visibilityState === "visible") return;
  clearInterval(flashing);
  let on = false;
  flashing = setInterval(() => { on = !on; document.title = on ? `(1) ${text}` : title; }, 1000);
  document.title = `(1) ${text}`;
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  clearInterval(flashing);
  document.title = title;
});
