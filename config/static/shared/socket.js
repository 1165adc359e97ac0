/**
 * A WebSocket that comes back by itself and says where it left off.
 *
 * connect({path, live, livePort, resumeFrom, onFrame, onState, poll, pollHidden, device}) → {close(), seq(), advance()}
 *   path        "/ws/t/<token>/"
 *   live        "port" (same host, next port), "" or "same" (same origin), or a base URL "wss://live.example"
 *   resumeFrom  last sequence number this page has seen, or null for "from now"
 *   onFrame     (frame) for every frame; notification frames arrive once and in order
 *   onLife      () for every sign of the server, heartbeats too, before its frame is handled
 *   onState     ("connecting" | "open" | "polling" | "refused")
 *   poll        async () called every 5 s while the socket stays down
 *   pollHidden  in a hidden page, too: phones save their battery, boards must ring
 */
const WATCHDOG = 12000;
const POLL_EVERY = 5000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10000;

/** Where one stands after an answer; one below what was asked for: numbers began anew, as for a table's next party. */
const onward = (known, asked, seq) => (seq < asked ? seq : Math.max(known ?? 0, seq));

export function liveAddress(path, live, livePort) {
  const secure = location.protocol === "https:" ? "wss:" : "ws:";
  if (live === "port") {
    const port = livePort || Number(location.port || (secure === "wss:" ? 443 : 80)) + 1;
    return `${secure}//${location.hostname}:${port}${path}`;
  }
  if (!live || live === "same") return `${secure}//${location.host}${path}`;
  const address = new URL(path, live);
  address.protocol = address.protocol.replace("http", "ws");
  return address.href;
}

export function connect({ path, live, livePort, resumeFrom = null, onFrame, onLife = () => {}, onState = () => {}, poll, pollHidden, device }) {
  const address = liveAddress(path, live, livePort);
  let socket = null;
  let last = resumeFrom;
  let asked = last;
  let failures = 0;
  let watchdog = 0;
  let retryTimer = 0;
  let pollTimer = 0;
  let ended = false;

  const watch = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => lost(), WATCHDOG);
  };

  function open() {
    clearTimeout(retryTimer);
    if (ended || socket) return;
    if (!pollTimer) onState("connecting");
    try {
      socket = new WebSocket(address);
    } catch {
      return lost();
    }
    const mine = socket;
    watch();
    mine.onopen = () => {
      asked = last;
      mine.send(JSON.stringify({ resume_from: asked, ...(device && { device }) }));
    };
    mine.onmessage = (message) => mine === socket && receive(JSON.parse(message.data));
    mine.onclose = (event) => mine === socket && lost(event.code);
  }

  function receive(frame) {
    watch();
    onLife();
    if (frame.type === "ready") {
      failures = 0;
      stopPolling();
      last = onward(last, asked, frame.seq);
      onState("open");
    }
    if (frame.type === "notification") {
      if (last !== null && frame.seq <= last) return;
      last = frame.seq;
    }
    onFrame(frame);
  }

  function lost(code) {
    clearTimeout(watchdog);
    const old = socket;
    socket = null;
    old?.close();
    if (ended) return;
    failures += 1;
    const refused = code === 4401 || code === 4403;
    if (refused) onState("refused");
    if (failures > 1 || refused) startPolling(refused);
    const pause = refused ? LONGEST_WAIT : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1));
    retryTimer = setTimeout(open, pause * (0.5 + Math.random() / 2));
  }

  function startPolling(refused) {
    if (pollTimer) return;
    if (!refused) onState("polling");
    const tick = () => (pollHidden || document.visibilityState === "visible") && Promise.resolve(poll?.()).catch(() => {});
    tick();
    pollTimer = setInterval(tick, POLL_EVERY);
  }

  function stopPolling() {
    clearInterval(pollTimer);
    pollTimer = 0;
  }

  /** After a lock screen or a dead network the old socket may look open: ask for a fresh one at once. */
  function wake() {
    if (ended || document.visibilityState !== "visible") return;
    if (socket?.readyState === WebSocket.OPEN) return;
    failures = Math.min(failures, 1);
    if (!socket) open();
  }

  const sleep = () => {
    const old = socket;
    socket = null;
    clearTimeout(watchdog);
    old?.close();
  };
  const listeners = [[document, "visibilitychange", wake], [window, "online", wake], [window, "pageshow", wake], [window, "pagehide", sleep]];
  for (const [target, name, listener] of listeners) target.addEventListener(name, listener);
  open();

  return {
    seq: () => last,
    /** Polling asked `from` a number on and saw notifications up to `seq`: do not deliver them twice. */
    advance: (seq, from) => (last = onward(last, from, seq)),
    close() {
      ended = true;
      clearTimeout(retryTimer);
      stopPolling();
      sleep();
      for (const [target, name, listener] of listeners) target.removeEventListener(name, listener);
    },
  };
}
