// How often the page is drawn anew for what others do. It is gathered, and drawn when nothing else is to be done, so
// that a key never waits behind it. What a person does at this page is not held up here.

/** Milliseconds after which it is drawn even though the page is never idle. */
const PATIENCE = 100;

const whenIdle = (act) => (globalThis.requestIdleCallback ? requestIdleCallback(act, { timeout: PATIENCE }) : setTimeout(act));

export class Pace {
  #every;
  #draw;
  #done = -Infinity;
  #waiting = null;

  /** `draw` rests at least `every` milliseconds between its end and its next beginning. */
  constructor(every, draw) {
    this.#every = every;
    this.#draw = draw;
  }

  /** Something is to be drawn; however often this is said until then, it is drawn once. */
  soon() {
    this.#waiting ??= setTimeout(() => whenIdle(() => this.#now()), Math.max(0, this.#done + this.#every - performance.now()));
  }

  #now() {
    this.#waiting = null;
    try {
      this.#draw();
    } finally {
      this.#done = performance.now();
    }
  }
}
