// What the customer has seen, told to the server at most once a second: read is what was in sight on a visible page,
// received is what came and was not.

const EVERY = 1_000;

export class Reading {
  #api;
  #marks = { read: null, received: null };
  #told = { read: "", received: "" };
  #timer = null;
  #last = 0;

  constructor(api) {
    this.#api = api;
  }

  /** What the server has already been told, as the time of that message. */
  known(at) {
    this.#told.read = at;
  }

  /** Messages of the team only; each stands for all before it. */
  read(message) { this.#mark("read", message); }
  received(message) { this.#mark("received", message); }

  #mark(what, message) {
    const known = [this.#told.read, what === "received" ? this.#told.received : "", this.#marks[what]?.at ?? ""];
    if (known.some((at) => at >= message.at)) return;
    this.#marks[what] = message;
    this.#timer ??= setTimeout(() => this.#tell(), Math.max(0, this.#last + EVERY - Date.now()));
  }

  async #tell() {
    const { read, received } = this.#marks;
    this.#marks = { read: null, received: null };
    this.#last = Date.now();
    this.#timer = null;
    if (received && !(read?.at >= received.at)) await this.#put("received", received);
    if (read) await this.#put("read", read);
  }

  /** What the server does not take is marked again with the next look at the page. */
  async #put(what, message) {
    const before = this.#told[what];
    this.#told[what] = message.at;
    try {
      await this.#api[what](message.id);
    } catch {
      this.#told[what] = before;
    }
  }
}
