/** The board: one page, three screens, drawn again when something it reads changes. */
import { call } from "../../shared/api.js";
import { floor } from "./floor.js";
import { kitchen } from "./kitchen.js";
import { goLive } from "./live.js";
import { logScreen } from "./log.js";
import { api, device } from "./page.js";
import { pausedBar } from "./pause.js";
import { alarmBar, banner, header } from "./shell.js";
import { audio, wakeLock } from "./sound.js";
import { resumeShift, startScreen } from "./start.js";
import { behindSince, connection, effect, shiftStarted, stale, view } from "./state.js";
import { html, render } from "./ui.js";

const SCREENS = { kitchen, floor, log: logScreen };
const SIGN_OF_LIFE = 30000;
const app = document.getElementById("app");

function route() {
  const name = location.hash.slice(1);
  view.value = name in SCREENS ? name : "kitchen";
}

/** The owner's dashboard knows which devices would ring. */
function signOfLife() {
  if (!shiftStarted.value) return;
  const state = { device, sound: audio.value === "running", wake_lock: wakeLock.value === "on" };
  call("POST", `${api}devices/heartbeat/`, state, { retry: 0 }).catch(() => {});
}

app.replaceChildren();
resumeShift();
route();
addEventListener("hashchange", route);
effect(() => {
  render(shiftStarted.value ? html`${header()}<div class="notices">${banner()}${pausedBar()}${alarmBar()}</div>${SCREENS[view.value]()}` : startScreen(), app);
  document.body.dataset.ws = connection.value;
  document.body.toggleAttribute("data-stale", stale.value);
});
effect(() => { document.body.toggleAttribute("data-behind", behindSince.value > 0); });
effect(() => {
  audio.value;
  if (shiftStarted.value) signOfLife();
});
setInterval(signOfLife, SIGN_OF_LIFE);
goLive();
