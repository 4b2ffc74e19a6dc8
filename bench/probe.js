// Runs in the console's page before its own scripts and notes times; it changes nothing that the page sees.
// `signedIn` is when the sign-in was answered (0, the navigation's start, where there was none), `usable` when the inbox
// could be worked in (a promise), `strokes` the milliseconds from each key to its paint.

const bench = { signedIn: 0, strokes: [], struck() {} };
globalThis.bench = bench;

new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.name.endsWith("/session")) bench.signedIn = entry.responseEnd;
  }
}).observe({ type: "resource", buffered: true });

const painted = (then) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = then;
  port2.postMessage(null);
});

bench.usable = new Promise((resolve) => requestAnimationFrame(function look() {
  const rows = document.querySelectorAll("tl-inbox .rows a.row").length > 0;
  const live = document.querySelector("tl-inbox .link-state")?.textContent === "Live";
  if (rows && live) painted(() => resolve(performance.now()));
  else requestAnimationFrame(look);
}));

addEventListener("keydown", ({ timeStamp }) => painted(() => {
  bench.strokes.push(performance.now() - timeStamp);
  bench.struck();
}), { capture: true });

/** The next `count` strokes, when they are painted. */
bench.next = (count) => new Promise((resolve) => {
  bench.strokes = [];
  bench.struck = () => bench.strokes.length === count && resolve(bench.strokes);
});
