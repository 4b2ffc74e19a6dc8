// How many threads each view has. The server counts; this asks again soon after something happened, and not more often
// than every two seconds however much happens.

const SOON = 250;
const AT_MOST_EVERY = 2_000;
const MOST = 1_000;

export class Counts {
  #api;
  #store;
  #numbers = {};
  #timer = null;
  #asked = 0;

  constructor(api, store) {
    this.#api = api;
    this.#store = store;
  }

  /** "12", or "999+" where the server stopped counting; "" as long as nothing is known. */
  words(view) {
    const number = this.#numbers[view];
    return number === undefined ? "" : number >= MOST ? "999+" : String(number);
  }

  /** Something happened that may have changed a view. */
  stir() {
    this.#timer ??= setTimeout(() => this.#ask(), Math.max(SOON, this.#asked + AT_MOST_EVERY - Date.now()));
  }

  async #ask() {
    this.#asked = Date.now();
    try {
      const { waiting, mine, all } = await this.#api.counts();
      this.#numbers = { waiting, mine, all };
      this.#store.touch("counts");
    } catch {
      // The old numbers stay until the stream is live again, which stirs.
    } finally {
      this.#timer = null;
    }
  }
}
