// One thread as this tab has read it: a run of messages, notes and events without a hole, oldest first.
// The run mostly ends with the newest message. One that was found by a search may stand in the middle: then what comes
// live is only counted, until history has been read up to it. Pages are kept in the server's order.

const eventKey = (item) => `${item.event}|${item.at}|${item.author?.id ?? ""}`;

/** What makes an item the same item, whichever way it came. */
export const itemKey = (item) => (item.event ? eventKey(item) : `message|${item.id}`);

const QUIET = new Set(["thread.claimed", "thread.released", "thread.done", "thread.moved"]);
/** Stands before every message, as the id to read after. */
const BEGINNING = "0";

export class Conversation {
  detail = null;
  items = [];
  loaded = false;
  /** How many messages came live beyond the end of the run. */
  ahead = 0;
  #keys = new Map();
  #api;
  #store;
  #busy = false;
  #before = null;
  #after = null;
  /** Which run this is: a page that was asked for by the one before does not belong to it. */
  #run = 0;

  constructor(id, api, store) {
    this.id = id;
    this.#api = api;
    this.#store = store;
  }

  /** Whether there is history before, or after, what was read. */
  get older() { return this.#before !== null; }
  get newer() { return this.#after !== null; }
  get row() { return this.#store.rows.get(this.id) ?? this.detail; }
  get newest() { return this.items.findLast((item) => !item.event); }

  has(message) { return this.#keys.has(`message|${message}`); }

  /** Reads the thread and its newest page, or with `around` what stands around that message. Raises what the API
   *  raises. */
  async refresh(around = null) {
    const [detail] = await Promise.all([
      this.#store.loading(() => this.#api.thread(this.id), (answer) => {
        this.detail = answer;
        this.#store.put(answer);
        return answer;
      }),
      around && !this.has(around) ? this.#goTo(around) : this.newer ? null : this.toNewest(),
    ]);
    return detail;
  }

  /** Reads the newest page; what was read stays, if it reaches that far. */
  async toNewest() {
    await this.#store.loading(() => this.#api.messages(this.id), (page) => {
      const overlaps = page.items.some((item) => this.#keys.has(itemKey(item)));
      if (!overlaps) this.#begin();
      if (!this.items.length) this.#before = page.next ?? null;
      this.#after = null;
      this.ahead = 0;
      for (const item of page.items) this.put(item);
      this.loaded = true;
      this.#store.touch(this.id);
    });
  }

  async #goTo(message) {
    await this.#store.loading(async () => {
      const before = await this.#api.messages(this.id, { before: message });
      const last = before.items.findLast((item) => item.id)?.id ?? BEGINNING;
      return [before, await this.#api.messages(this.id, { after: last })];
    }, ([before, after]) => {
      this.#begin();
      this.#before = before.next ?? null;
      this.#after = after.next ?? null;
      this.ahead = 0;
      this.#append([...before.items, ...after.items]);
      this.loaded = true;
    });
  }

  /** Reads the page before the oldest message, if there is one. Raises what the API raises. */
  async earlier() {
    if (!this.older) return;
    await this.#page({ before: this.#before }, (page) => {
      const fresh = page.items.filter((item) => !this.#keys.has(itemKey(item)));
      this.#before = page.next ?? null;
      this.#replace([...fresh, ...this.items]);
    });
  }

  /** Reads the page after the newest message of the run, if it does not end with the newest there is. */
  async later() {
    if (!this.newer) return;
    await this.#page({ after: this.#after }, (page) => {
      this.#after = page.next ?? null;
      if (!this.newer) this.ahead = 0;
      this.#append(page.items);
    });
  }

  async #page(where, take) {
    if (this.#busy) return;
    this.#busy = true;
    const run = this.#run;
    try {
      await this.#store.loading(() => this.#api.messages(this.id, where), (page) => run === this.#run && take(page));
      this.#store.touch(this.id);
    } finally {
      this.#busy = false;
    }
  }

  #begin() {
    this.#run += 1;
    this.#replace([]);
  }

  #append(items) {
    const fresh = items.filter((item) => !this.#keys.has(itemKey(item)));
    this.#replace([...this.items, ...fresh]);
    this.#store.touch(this.id);
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
      this.items[this.items.lastIndexOf(former)] = item;
      return;
    }
    let place = this.items.length;
    while (place > 0 && this.items[place - 1].at > item.at) place -= 1;
    this.items.splice(place, 0, item);
  }

  /** Lets go of all but the newest items, so many; they are read again by whoever scrolls up to them. */
  keepNewest(count) {
    const from = this.items.findIndex((item, place) => place >= this.items.length - count && !item.event);
    if (from <= 0) return;
    this.#run += 1;
    this.#before = this.items[from].id;
    this.#replace(this.items.slice(from));
  }

  /** Lets go of the newest messages, so many; they are counted, and read again by whoever scrolls down to them. */
  holdBack(count) {
    const messages = this.items.filter((item) => !item.event);
    const last = messages.at(-count - 1);
    if (!last) return;
    this.#run += 1;
    this.ahead += count;
    this.#after = last.id;
    this.#replace(this.items.slice(0, this.items.indexOf(last) + 1));
  }

  /** What an action answered a message is by now, unless its delivery went on since. */
  answer(message) {
    const known = this.#keys.get(itemKey(message));
    if (known && !(known.delivery?.at > message.delivery?.at)) this.put(message);
  }

  /** An event of the stream that concerns this thread. */
  take(event) {
    if (!this.loaded) return;
    if (event.message) this.#takeMessage(event);
    else if (QUIET.has(event.kind) && !this.newer) this.put({ event: event.kind, at: event.at, author: event.by });
  }

  #takeMessage({ kind, message }) {
    const known = this.#keys.has(itemKey(message));
    // A change to a message outside of what was read would leave a hole: it will be read with its page.
    if (!known && kind === "delivery.changed") return;
    if (!known && this.newer) this.ahead += 1;
    else this.put(message);
  }
}
