// One thread as this tab has read it: a run of messages, notes and events without a hole, oldest first.
// The run mostly ends with the newest message. One that was found by a search may stand in the middle: then what comes
// live is only counted, until history has been read up to it. Pages are kept in the server's order.

const eventKey = (item) => `${item.event}|${item.at}|${item.author?.id ?? ""}|${item.what ?? ""}|${item.step ?? ""}`;

/** What makes an item the same item, whichever way it came. */
export const itemKey = (item) => (item.event ? eventKey(item) : `message|${item.id}`);

const QUIET = new Set(["thread.claimed", "thread.released", "thread.done", "thread.moved", "thread.opened",
  "line.opted_out", "line.opted_in", "line.help", "booking.changed"]);
/** What changes the ways to the customer. */
const WAYS = new Set(["message.received", "thread.opened", "line.opted_out", "line.opted_in"]);
/** A file's address is asked for anew at most this often; one that still does not load is gone. */
const RENEWED = 10 * 60_000;
/** Stands before every message, as the id to read after. */
const BEGINNING = "0";

const quietLine = ({ kind, at, by, source, answered, channel, address_kind, address, endpoint, row, what, form, hour, step, outcome, why, late }) => ({
  event: kind, at, author: by ?? (source === "customer" ? { kind: "customer", ...row?.customer } : undefined), source, answered,
  channel, address_kind, address, endpoint, what, form, hour, step, outcome, why, late,
});

export class Conversation {
  detail = null;
  /** The id of the way that a person picked, null for the usual one. */
  way = null;
  /** Whether the ways may have changed since the thread was read. */
  doubted = false;
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
  #renewed = new Map();
  #renewing = Promise.resolve();
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
      this.describe((answer) => this.#store.put(answer)),
      around && !this.has(around) ? this.#goTo(around) : this.newer ? null : this.toNewest(),
    ]);
    return detail;
  }

  /** Reads who it is with and by which ways; the row, which the stream keeps, only `take` wants. A picked way lasts until
   *  the customer uses another. */
  describe(take = () => this.#store.touch(this.id)) {
    this.doubted = false;
    return this.#store.loading(() => this.#api.thread(this.id), (answer) => {
      const used = (detail) => detail?.ways?.find((way) => way.last)?.id;
      if (used(answer) !== used(this.detail)) this.way = null;
      this.detail = answer;
      take(answer);
      return answer;
    });
  }

  /** The ways to the customer are not what they were thought to be. */
  doubt() {
    this.doubted = true;
    this.#store.stir(this.id);
  }

  /** Reads a message again, once in a while: the addresses of its files last an hour. Answers it as it is by then. */
  renew(message) {
    this.#renewing = this.#renewing.catch(() => {}).then(() => this.#renew(message));
    return this.#renewing;
  }

  async #renew(message) {
    const now = this.#keys.get(itemKey(message));
    if (now !== message || Date.now() - (this.#renewed.get(message.id) ?? 0) < RENEWED) return now ?? message;
    const messages = this.items.filter((item) => !item.event);
    const place = messages.indexOf(message);
    const where = place > 0 ? { after: messages[place - 1].id } : messages[1] ? { before: messages[1].id } : {};
    await this.#store.loading(() => this.#api.messages(this.id, where), ({ items }) => {
      for (const item of items) {
        if (!this.#keys.has(itemKey(item)) || item.event) continue;
        this.#renewed.set(item.id, Date.now());
        this.put(item);
      }
    });
    this.#store.touch(this.id);
    return this.#keys.get(itemKey(message)) ?? message;
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
    if (WAYS.has(event.kind)) this.doubted = true;
    if (!this.loaded) return;
    if (event.message) this.#takeMessage(event);
    else if (QUIET.has(event.kind) && !this.newer) this.put(quietLine(event));
  }

  #takeMessage({ kind, message }) {
    const known = this.#keys.has(itemKey(message));
    // A change to a message outside of what was read would leave a hole: it will be read with its page.
    if (!known && (kind === "delivery.changed" || kind === "attachment.changed")) return;
    if (!known && this.newer) this.ahead += 1;
    else this.put(message);
  }
}
