// The team's booked callbacks as this tab knows them: lists that were read, and what the stream told since. An event that
// comes while a list is on its way stands. It decides what needs somebody, and shows nothing.

/** From so long before its hour, a booking that nobody has claimed is about to be broken (domain/booking.py asks then). */
export const SOON = 15 * 60_000;
const DAY = 24 * 3_600_000;
/** What the server gives at once. */
const PAGE = 500;
const CALM = 2_000;
const OPEN = new Set(["booked", "claimed", "ringing", "begun"]);

export const isOpen = (booking) => OPEN.has(booking.state);
const byHour = (a, b) => (a.start === b.start ? (a.id < b.id ? -1 : 1) : a.start < b.start ? -1 : 1);

/** Nobody has claimed it, and its hour is near or past. */
export const isUrgent = (booking, now = Date.now()) => booking.state === "booked" && new Date(booking.start) - now <= SOON;

/** Long after a person began it nobody has said how it ended. */
export const isLeft = (booking) => booking.state === "begun" && booking.step === "left";

export class Bookings {
  /** Of calls that were wanted at once: {count, median_seconds?, longest_seconds?}; null while not known. */
  waits = null;
  #items = new Map();
  #api;
  #store;
  #reads = new Set();
  #keys = new Map();
  #timer = null;
  #asked = 0;
  #whose = null;
  /** Which beginning it is: an answer to a question from before is dropped. */
  #turn = 0;

  constructor(api, store) {
    this.#api = api;
    this.#store = store;
  }

  get all() { return [...this.#items.values()].sort(byHour); }
  get(id) { return this.#items.get(id); }

  /** Those of a thread that are open, or were missed with nothing booked since; the next first. */
  of(thread) {
    const own = this.all.filter((booking) => booking.thread === thread);
    const open = own.filter(isOpen);
    return open.length ? open : own.filter((booking) => booking.state === "missed").slice(-1);
  }

  /** Whether somebody has to do something about it now. A promise that was broken is made up for by a new one. */
  needs(booking, now = Date.now()) {
    if (booking.state !== "missed") return isUrgent(booking, now) || booking.state === "ringing" || isLeft(booking);
    const anew = (other) => other.thread === booking.thread && other.kind === booking.kind && other.created_at > booking.start;
    return now - new Date(booking.start) < DAY && ![...this.#items.values()].some(anew);
  }

  get needing() { return this.all.filter((booking) => this.needs(booking)); }
  get count() { return this.needing.length; }

  /** What asks for this person, rings for them or is in their hands, what is most urgent first. */
  get own() {
    const { me } = this.#store;
    const rank = (booking) => (isLeft(booking) ? 3 : { ringing: 0, begun: 1, booked: 2 }[booking.state]);
    const mine = (booking) => (booking.state === "begun" ? booking.begun_by?.id === me?.id : booking.rings.includes(me?.id));
    return this.all.filter((booking) => rank(booking) !== undefined && mine(booking)).sort((a, b) => rank(a) - rank(b));
  }

  /** Reads anew all that is ahead or open, and what was missed of late: as when one begins, or has lost the stream. */
  async again() {
    const turn = ++this.#turn;
    const now = Date.now();
    if (this.#whose && this.#whose !== this.#store.me?.id) this.#items.clear();
    this.#whose = this.#store.me?.id;
    for (const [id, booking] of this.#items) if (!isOpen(booking) && now - new Date(booking.start) > DAY) this.#items.delete(id);
    await Promise.all([this.#ahead(), this.#page({ from: new Date(now - DAY), to: new Date(now) })]);
    if (turn === this.#turn) this.#store.touch("bookings");
  }

  /** They could not be read: again in a while. */
  later() { this.#soon(); }

  #ahead() {
    const now = Date.now();
    return this.#read({}, (booking) => new Date(booking.start) >= now || isOpen(booking));
  }

  /** Reads every booking with its hour in from..to. Raises what the API raises. */
  async between(from, to) {
    await this.#page({ from, to });
    this.#store.touch("bookings");
  }

  async #page({ from, to }) {
    for (let since = from; ;) {
      const items = await this.#read({ from: since, to }, (booking) => new Date(booking.start) >= since && new Date(booking.start) < to);
      const last = items.length < PAGE ? null : new Date(items.at(-1).start);
      if (!last || last <= since) return;
      since = last;
    }
  }

  async #read(query, within) {
    const turn = this.#turn;
    const touched = new Set();
    this.#reads.add(touched);
    try {
      const { items, now } = await this.#api.bookings(query);
      if (turn !== this.#turn) return [];
      this.waits = now;
      const found = new Set(items.map((booking) => booking.id));
      const last = items.length < PAGE ? null : items.at(-1).start;
      for (const [id, booking] of this.#items) {
        if (within(booking) && !found.has(id) && !touched.has(id) && (!last || booking.start < last)) this.#items.delete(id);
      }
      for (const booking of items) if (!touched.has(booking.id)) this.#items.set(booking.id, booking);
      return items;
    } finally {
      this.#reads.delete(touched);
    }
  }

  /** An event of the stream that has a booking: {kind, booking, whom?}. Who is asked or rung is read again where only
   *  the server can say. */
  take({ booking, whom }) {
    if (!booking) return;
    const before = this.#items.get(booking.id);
    const asks = Boolean(booking.step) && (booking.state === "booked" || booking.state === "ringing");
    const rings = !asks ? [] : whom ? whom.map(String) : before?.rings ?? [];
    this.#put({ ...booking, rings });
    this.#store.stir("bookings");
    this.#soon();
  }

  #put(booking) {
    this.#items.set(booking.id, booking);
    for (const touched of this.#reads) touched.add(booking.id);
  }

  /** The figures and who is rung follow what happened, asked for once every two seconds at most. */
  #soon() {
    this.#timer ??= setTimeout(() => {
      this.#asked = Date.now();
      this.#ahead().then(() => this.#store.stir("bookings"), () => {}).finally(() => { this.#timer = null; });
    }, Math.max(CALM / 4, this.#asked + CALM - Date.now()));
  }

  /** `ask(key)` does something to a booking, or makes one; its answer is taken in. With no answer the same key is used when
   *  it is asked for again, so that a phone rings once. Raises what the API raises. */
  async change(what, ask) {
    const key = this.#keys.get(what) ?? crypto.randomUUID();
    this.#keys.set(what, key);
    try {
      const booking = await ask(key);
      this.#keys.delete(what);
      this.#put(booking);
      this.#store.touch("bookings");
      return booking;
    } catch (error) {
      if (error.lasting) this.#keys.delete(what);
      throw error;
    }
  }

  /** `verb` is "claim", "release", "call" or "outcome". */
  act(id, verb, body) { return this.change(`${id}|${verb}|${JSON.stringify(body)}`, (key) => this.#api.actOnBooking(id, verb, body, key)); }
}
