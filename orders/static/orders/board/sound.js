/** The bell, made by WebAudio, and the screen that stays on. Browsers want a tap before both. */
import { signal } from "./state.js";

let context = null;
/** What is sounding or about to; silenced together. */
let ringing = null;
let lock = null;
let wanted = false;

/** "off" until a tap, then the AudioContext's own state: "running" | "suspended" | "interrupted" | "none". */
export const audio = signal("off");
/** "off" | "on" | "none" (this browser cannot) */
export const wakeLock = signal("wakeLock" in navigator ? "off" : "none");

/** Must run inside a tap. */
export async function unlock() {
  const Context = globalThis.AudioContext || globalThis.webkitAudioContext;
  if (!Context) {
    audio.value = "none";
    return;
  }
  if (!context) {
    context = new Context();
    context.onstatechange = () => { audio.value = context.state; };
  }
  await Promise.race([context.resume().catch(() => {}), new Promise((done) => setTimeout(done, 500))]);
  audio.value = context.state;
}

export async function stayAwake(on = true) {
  wanted = on;
  if (!on) {
    await lock?.release().catch(() => {});
    return;
  }
  if (!("wakeLock" in navigator) || (lock && !lock.released)) return;
  try {
    lock = await navigator.wakeLock.request("screen");
    wakeLock.value = "on";
    lock.addEventListener("release", () => { wakeLock.value = "off"; });
  } catch {
    wakeLock.value = "off";
  }
}

/** Plays the notes one after the other, `times` times; silent when the browser does not let it sound. */
export function tone(notes, volume = 0.35, times = 1) {
  if (context?.state !== "running") return;
  const all = Array.from({ length: times }, () => notes).flat();
  hush();
  ringing = context.createGain();
  ringing.connect(context.destination);
  all.forEach((frequency, index) => bell(frequency, context.currentTime + index * 0.17, volume));
}

/** Cuts off what still sounds: a loud ring lasts longer than a second. */
export function hush() {
  ringing?.disconnect();
  ringing = null;
}

function bell(frequency, start, volume) {
  for (const [ratio, share, length] of [[1, 1, 0.6], [2.76, 0.35, 0.25]]) {
    const wave = context.createOscillator();
    const gain = context.createGain();
    wave.frequency.value = frequency * ratio;
    gain.gain.setValueAtTime(0.0001, start);
    gain.gain.exponentialRampToValueAtTime(volume * share, start + 0.01);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + length);
    wave.connect(gain).connect(ringing);
    wave.start(start);
    wave.stop(start + length);
  }
}

// A hidden page loses the lock, and a call or another app interrupts the sound: take both back.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible" || !wanted) return;
  stayAwake();
  context?.resume().catch(() => {});
});
document.addEventListener("pointerdown", () => {
  if (!wanted) return;
  if (audio.value !== "running" && audio.value !== "none") unlock();
  if (wakeLock.value === "off") stayAwake();
}, { capture: true });
