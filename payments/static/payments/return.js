// Asks the gateway through our server at once, then looks every second, asks again every five.
const body = document.body;
const base = body.dataset.base;
const GIVE_UP_AFTER = 45_000;
const started = Date.now();

document.documentElement.classList.add("js");

function show(name) {
  for (const scene of document.querySelectorAll("[data-scene]")) scene.hidden = scene.dataset.scene !== name;
}

async function look(ask) {
  const request = ask
    ? fetch(`${base}complete/`, { method: "POST", headers: { Accept: "application/json" } })
    : fetch(`${base}state/`, { headers: { Accept: "application/json" } });
  const response = await request;
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

function finish(answer) {
  if (answer.paid) {
    show("paid");
    location.replace(answer.goal);
  } else {
    document.querySelector("[data-failure]").textContent = answer.failure;
    show("failed");
  }
}

async function run(round) {
  try {
    const answer = await look(round % 5 === 0);
    if (answer.final) return finish(answer);
  } catch {
    // The network or the server is away for a moment: the next round asks again.
  }
  if (Date.now() - started > GIVE_UP_AFTER) return show("slow");
  setTimeout(() => run(round + 1), 1000);
}

if (body.dataset.final !== "1") run(0);
