// Looks again while a run goes on; without JavaScript the page refreshes itself.
const PAUSE = 1000;

async function look() {
  const here = document.getElementById("run");
  if (!here || !("goesOn" in here.dataset)) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("run");
    if (answer.ok && next) here.replaceWith(next);
  } catch {
    // The next look may succeed.
  }
  setTimeout(look, PAUSE);
}

setTimeout(look, PAUSE);
