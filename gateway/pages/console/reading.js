// What this person has read. It shows at once, and the server is told at most once a second for a thread, however fast
// messages come: the last one counts, since it stands for all before it.

const EVERY = 1_000;

export class Reading {
  #api;
  #store;
  #marks = new Map();

  constructor(api, store) {
    this.#api = api;
    this.#store = store;
  }

  /** A thread was read up to this message. What the server does not take is unread again. */
  upTo(thread, message) {
    const mark = this.#marks.get(thread) ?? { message, unread: 0, told: 0, timer: null };
    this.#marks.set(thread, mark);
    mark.message = message;
    mark.unread += this.#store.rows.get(thread)?.unread ?? 0;
    this.#store.unread(thread, 0);
    mark.timer ??= setTimeout(() => this.#tell(thread, mark), Math.max(0, mark.told + EVERY - Date.now()));
  }

  async #tell(thread, mark) {
    const { message, unread } = mark;
    Object.assign(mark, { unread: 0, told: Date.now(), timer: null });
    try {
      await this.#api.read(thread, message);
    } catch {
      this.#store.unread(thread, unread + (this.#store.rows.get(thread)?.unread ?? 0));
    }
  }
}
