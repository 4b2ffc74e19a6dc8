// What this tab knows: inbox rows, the three views over them, and the conversations that were opened.
// It changes by two ways only, a list that was read and an event that came, and both may come twice or cross:
// rows and messages are put in by their id, and events that came while a list was on its way are applied again after it.

import { Conversation } from "./conversation.js";

export const VIEWS = ["waiting", "mine", "all"];
const KEPT_CONVERSATIONS = 20;

const newestFirst = (row) => row.last_message?.at ?? "";
const ORDER = {
  waiting: { holds: (row) => Boolean(row.waiting_since), key: (row) => row.waiting_since ?? "", rising: true },
  mine: { holds: (row, me) => row.claimed_by?.id === me.id, key: newestFirst, rising: false },
  all: { holds: () => true, key: newestFirst, rising: false },
};

export class Store extends EventTarget {
  me = null;
  rows = new Map();
  #api;
  #views = new Map();
  #conversations = new Map();
  #loads = new Set();
  #changed = new Set();

  constructor(api) {
    super();
    this.#api = api;
    this.forget();
  }

  /** Everything but the words still being written, which are not kept here. */
  forget() {
    this.rows.clear();
    this.#conversations.clear();
    for (const view of VIEWS) this.#views.set(view, { loaded: false, next: null, edge: null, busy: false, turn: 0 });
    this.touch("rows");
  }

  /** Says that something changed; listeners hear of it once per frame, with all topics since the last. */
  touch(...topics) {
    if (this.#changed.size === 0) {
      requestAnimationFrame(() => {
        const detail = this.#changed;
        this.#changed = new Set();
        this.dispatchEvent(new CustomEvent("change", { detail }));
      });
    }
    for (const topic of topics) this.#changed.add(topic);
  }

  view(name) { return this.#views.get(name); }

  /** The rows of a view, in order, as far as it has been read. */
  list(name) {
    const { holds, key, rising } = ORDER[name];
    const { edge, loaded } = this.#views.get(name);
    if (!loaded) return [];
    const within = (row) => edge === null || (rising ? key(row) <= edge : key(row) >= edge);
    const sign = rising ? 1 : -1;
    return [...this.rows.values()]
      .filter((row) => holds(row, this.me) && within(row))
      .sort((a, b) => (key(a) < key(b) ? -sign : key(a) > key(b) ? sign : 0));
  }

  /** Reads the next page of a view, or with `anew` everything from its first; answers the list's `feed`.
   *  Raises what the API raises. */
  async more(name, { anew = false } = {}) {
    const view = this.#views.get(name);
    if (!anew && (view.busy || (view.loaded && !view.next))) return null;
    view.busy = true;
    const turn = ++view.turn;
    try {
      return await this.loading(() => this.#api.threads(name, anew ? null : view.next), (page) => {
        if (turn !== view.turn) return null;
        if (anew) this.#beginAgain();
        this.#takePage(view, page, ORDER[name].key);
        return page.feed ?? null;
      });
    } finally {
      if (turn === view.turn) view.busy = false;
    }
  }

  #takePage(view, page, key) {
    for (const row of page.items) this.rows.set(row.id, row);
    view.loaded = true;
    view.next = page.next ?? null;
    view.edge = view.next && page.items.length ? key(page.items.at(-1)) : null;
    this.touch("rows");
  }

  #beginAgain() {
    this.rows.clear();
    for (const view of this.#views.values()) Object.assign(view, { loaded: false, next: null, edge: null });
  }

  /** The conversation of a thread, opened or made. */
  conversation(id) {
    const known = this.#conversations.get(id) ?? new Conversation(id, this.#api, this);
    this.#conversations.delete(id);
    this.#conversations.set(id, known);
    if (this.#conversations.size > KEPT_CONVERSATIONS) {
      this.#conversations.delete(this.#conversations.keys().next().value);
    }
    return known;
  }

  /** Runs a read and takes in its answer, then whatever happened while it was on its way. */
  async loading(ask, take) {
    const missed = [];
    this.#loads.add(missed);
    try {
      const result = take(await ask());
      for (const event of missed) this.#apply(event);
      return result;
    } finally {
      this.#loads.delete(missed);
    }
  }

  /** An event of the stream: {kind, team, thread, at, by?, message?, row?}. */
  take(event) {
    for (const missed of this.#loads) missed.push(event);
    this.#apply(event);
  }

  #apply(event) {
    if (event.kind === "thread.read") return this.#read(event);
    if (event.row) this.#applyRow(event);
    this.#conversations.get(event.thread)?.take(event);
    this.touch("rows", event.thread);
  }

  /** Rows come as they are by now, so an event counts as unread by its own message, once: `counted` says up to when. */
  #applyRow(event) {
    const known = this.rows.get(event.thread);
    let { unread = 0, counted = known?.last_message?.at ?? "" } = known ?? {};
    if (event.kind === "message.received" && event.message?.at > counted) {
      unread += 1;
      counted = event.message.at;
    }
    if (event.kind === "message.sent" && event.by?.id === this.me?.id) unread = 0;
    this.rows.set(event.thread, { ...event.row, unread, counted });
  }

  #read(event) {
    if (event.by && event.by.id !== this.me?.id) return;
    this.patch(event.thread, { unread: 0 });
  }

  /** One's own change, shown before the server has it; answers what undoes it. */
  patch(id, change) {
    const before = this.rows.get(id);
    if (!before) return () => {};
    const after = { ...before, ...change };
    this.rows.set(id, after);
    this.touch("rows", id);
    return () => {
      if (this.rows.get(id) === after) this.rows.set(id, before);
      this.touch("rows", id);
    };
  }

  /** What the server says a row is now, from an action's answer or a thread's detail. */
  put(row) {
    this.rows.set(row.id, row);
    this.touch("rows", row.id);
  }

  drop(id) {
    this.rows.delete(id);
    this.#conversations.delete(id);
    this.touch("rows", id);
  }

  /** Reads again what is on the screen, after the stream said that it could not follow; answers the new `feed`. */
  async resync(view, threadId) {
    const open = threadId ? this.#conversations.get(threadId) : null;
    this.#conversations.clear();
    if (open) this.#conversations.set(threadId, open);
    const feed = await this.more(view, { anew: true });
    if (open) await open.refresh();
    return feed;
  }
}
