// One thread as this tab has read it: a run of messages, notes and events without a hole, oldest first.
// Pages are kept in the server's order; what comes live is put where its time belongs, once.

const eventKey = (item) => `${item.event}|${item.at}|${item.author?.id ?? ""}`;

/** What makes an item the same item, whichever way it came. */
export const itemKey = (item) => (item.event ? eventKey(item) : `message|${item.id}`);

const QUIET = new Set(["thread.claimed", "thread.released", "thread.done", "thread.moved"]);

export class Conversation {
  detail = null;
  items = [];
  loaded = false;
  fault = null;
  #keys = new Map();
  #api;
  #store;
  #busy = false;
  #next = null;

  constructor(id, api, store) {
    this.id = id;
    this.#api = api;
    this.#store = store;
  }

  /** Whether there is history before what was read. */
  get older() { return this.#next !== null; }
  get row() { return this.#store.rows.get(this.id) ?? this.detail; }
  get newest() { return this.items.findLast((item) => !item.event); }

  /** Reads the thread and its newest page. Raises what the API raises. */
  async refresh() {
    const [detail] = await Promise.all([
      this.#store.loading(() => this.#api.thread(this.id), (answer) => {
        this.detail = answer;
        this.#store.put(answer);
        return answer;
      }),
      this.#store.loading(() => this.#api.messages(this.id), (page) => this.#newest(page)),
    ]);
    return detail;
  }

  #newest(page) {
    const overlaps = page.items.some((item) => this.#keys.has(itemKey(item)));
    if (!overlaps) this.#replace([]);
    if (!this.items.length) this.#next = page.next ?? null;
    for (const item of page.items) this.put(item);
    this.loaded = true;
    this.#store.touch(this.id);
  }

  /** Reads the page before the oldest message, if there is one. Raises what the API raises. */
  async earlier() {
    if (!this.older || this.#busy) return;
    this.#busy = true;
    try {
      await this.#store.loading(() => this.#api.messages(this.id, this.#next), (page) => {
        const fresh = page.items.filter((item) => !this.#keys.has(itemKey(item)));
        this.#next = page.next ?? null;
        this.#replace([...fresh, ...this.items]);
        this.#store.touch(this.id);
      });
    } finally {
      this.#busy = false;
    }
  }

  #replace(items) {
    this.items = items;
    this.#keys = new Map(items.map((item) => [itemKey(item), item]));
  }

  /** Puts one item in its place, or in the place of its former self. */
  put(item) {
    const key = itemKey(item);
    const former = this.#keys.get(key);
    this.#keys.set(key, item);
    if (former) {
      if (former.delivery?.at && item.delivery?.state === former.delivery.state) item.delivery.at ??= former.delivery.at;
      this.items[this.items.indexOf(former)] = item;
      return;
    }
    let place = this.items.length;
    while (place > 0 && this.items[place - 1].at > item.at) place -= 1;
    this.items.splice(place, 0, item);
  }

  /** An event of the stream that concerns this thread. */
  take(event) {
    if (!this.loaded) return;
    if (event.message) this.#takeMessage(event);
    else if (QUIET.has(event.kind)) this.put({ event: event.kind, at: event.at, author: event.by });
  }

  #takeMessage({ kind, message, at }) {
    const known = this.#keys.has(itemKey(message));
    // A change to a message older than what was read would leave a hole: it will be read with its page.
    if (!known && kind === "delivery.changed") return;
    if (kind === "delivery.changed" && message.delivery) message.delivery.at ??= at;
    this.put(message);
  }
}
