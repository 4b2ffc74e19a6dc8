// A customer's bookings as the server has them, and what the customer does with them. What is booked goes under a key
// that stays the same until there is an answer, so that a second press, a lost answer or a reload books once.

import { isLeft } from "./words.js";

const INTENT = "teamline.book.intent";
const PHONE = "teamline.book.phone";
const OPEN = new Set(["booked", "due", "begun"]);
/** How long a broken promise stands at the top, in milliseconds. */
const REGRET = 7 * 24 * 60 * 60_000;

const isOpen = (one) => OPEN.has(one.state);

export class Bookings {
  /** The newest first. */
  items = [];
  isRead = false;
  /** What the server says of the team with them, as GET /thread has it; null where it says nothing. */
  facts = null;
  /** The team's time zone, once it is known. */
  zone = "";
  #api;

  /** `onChange(one, before)`: it stands otherwise; `before` is undefined for a new one. `ensure()`, awaited before times are
   *  asked for: the server knows who asks. `onUnknown()`: it did not. */
  constructor(api, { onChange, ensure = async () => {}, onUnknown = () => {} }) {
    this.#api = api;
    Object.assign(this, { onChange, ensure, onUnknown });
  }

  /** What is ahead or under way, the next one first, and promises broken of late that nothing has replaced. */
  get ahead() {
    const open = this.items.filter(isOpen);
    const broken = this.items.filter((one) => one.state === "missed" && Date.now() - new Date(one.end) < REGRET
      && !this.items.some((other) => other.kind === one.kind && other.created_at > one.created_at));
    return [...broken, ...open.sort((a, b) => (a.start < b.start ? -1 : 1))];
  }

  get past() {
    const ahead = new Set(this.ahead);
    return this.items.filter((one) => !ahead.has(one));
  }

  /** The one of this kind that keeps another from being made. */
  openOne(kind) { return this.items.find((one) => one.kind === kind && isOpen(one) && !isLeft(one)); }

  async #ask(answer) {
    try {
      return await answer;
    } catch (error) {
      if (error.status === 401) this.onUnknown();
      throw error;
    }
  }

  /** Reads them all; whoever asks for that draws. */
  async load() {
    const { items, ...facts } = await this.#ask(this.#api.bookings());
    this.items = items;
    this.facts = facts.team ? facts : null;
    this.isRead = true;
  }

  /** Nobody is known here any more. */
  forget() {
    this.items = [];
  }

  /** One as the stream tells it: it has no links, and nothing to choose from where it was missed. */
  async hear(told) {
    const known = this.items.find(({ id }) => id === told.id);
    this.#put({ ...(known ? { ics: known.ics, manage: known.manage } : {}), ...told });
    if (!known || told.state === "missed" || told.broken || isLeft(told)) this.#put(await this.#api.booking(told.id));
  }

  #put(one) {
    const place = this.items.findIndex(({ id }) => id === one.id);
    const before = this.items[place];
    this.items = place < 0 ? [one, ...this.items] : this.items.with(place, one);
    this.onChange(one, before);
    return one;
  }

  /** {items, zone, now, kinds, next?}: what can be booked from a moment on, of one kind or both. */
  async slots(kind, from = null) {
    await this.ensure();
    const offered = await this.#ask(this.#api.slots({ kind, from }));
    this.zone = offered.zone;
    return offered;
  }

  /** `wish` as POST /bookings takes it. Throws the refusal, or that there was no answer: then it is asked again as it is. */
  async book(wish) {
    await this.ensure();
    const { key, words } = intent(wish);
    try {
      const made = this.#put(await this.#ask(this.#api.book(wish, key)));
      forgetIntent(words);
      return made;
    } catch (error) {
      if (error.lasting) forgetIntent(words);
      throw error;
    }
  }

  async change(id, change) { return this.#put(await this.#ask(this.#api.rebook(id, change))); }
  async cancel(id) { return this.#put(await this.#ask(this.#api.unbook(id))); }

  /** It with links that can be followed now. */
  async renew(id) { return this.#put(await this.#ask(this.#api.booking(id))); }

  /** The number that was given last in this browser. */
  get phone() { return localStorage.getItem(PHONE) ?? ""; }
  set phone(number) { localStorage.setItem(PHONE, number); }
}

/** {key, words}: the key of this wish, the same until it was answered. */
function intent(wish) {
  const words = JSON.stringify(wish);
  const kept = JSON.parse(sessionStorage.getItem(INTENT) ?? "null");
  const key = kept?.words === words ? kept.key : crypto.randomUUID();
  sessionStorage.setItem(INTENT, JSON.stringify({ key, words }));
  return { key, words };
}

function forgetIntent(words) {
  if (JSON.parse(sessionStorage.getItem(INTENT) ?? "null")?.words === words) sessionStorage.removeItem(INTENT);
}
