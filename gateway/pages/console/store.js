// What this tab knows: inbox rows, the three views over them, and the conversations that were opened.
// It changes by two ways only, a list that was read and an event that came, and both may come twice or cross:
// rows and messages are put in by their id, and events that came while a list was on its way are applied again after it.
// It stays small however many threads there are: a row that no view reaches and nobody has open is not kept.

import { Conversation } from "./conversation.js";
import { List, VIEWS } from "./lists.js";
import { Pace } from "./pace.js";

const KEPT_CONVERSATIONS = 20;
const KEPT_ROWS = 2_000;
/** A view that has grown longer than this by what came live is better read again. */
const LONG = 150;
/** Milliseconds between two drawings of what arrives. */
const CALM = 100;

export class Store extends EventTarget {
  me = null;
  rows = new Map();
  #api;
  #views = Object.fromEntries(VIEWS.map((name) => [name, new List(name)]));
  #conversations = new Map();
  #loads = new Set();
  #changed = new Set();
  #arrived = new Set();
  #pace = new Pace(CALM, () => this.#tellArrived());

  constructor(api) {
    super();
    this.#api = api;
  }

  /** Everything but the words still being written, which are not kept here. */
  forget() {
    this.#beginAgain();
    this.#conversations.clear();
    this.touch("rows");
  }

  /** Says that this person, or an answer they wait for, changed something: listeners hear of it in the next frame. */
  touch(...topics) {
    if (this.#changed.size === 0) {
      requestAnimationFrame(() => {
        const detail = this.#changed;
        this.#changed = new Set();
        this.#tell(detail);
      });
    }
    for (const topic of topics) this.#changed.add(topic);
  }

  /** Says that something came of itself: listeners hear of it a few times a second, when nothing else is to be done. */
  stir(...topics) {
    for (const topic of topics) this.#arrived.add(topic);
    this.#pace.soon();
  }

  #tellArrived() {
    const detail = this.#arrived;
    this.#arrived = new Set();
    this.#tell(detail);
  }

  #tell(detail) { this.dispatchEvent(new CustomEvent("change", { detail })); }

  view(name) { return this.#views[name]; }

  /** Whether a view has grown so long, by what came live, that its first page should be read again. */
  isLong(name) { return this.#views[name].ids.length > LONG; }

  /** Reads the next page of a view; with `renew` its first page in place of what it held; with `anew` that, and all
   *  else is forgotten. Answers the list's `feed`. Raises what the API raises. */
  async more(name, { anew = false, renew = false } = {}) {
    const view = this.#views[name];
    const first = anew || renew;
    if (!anew && (view.busy || (!renew && view.loaded && !view.next))) return null;
    view.busy = true;
    const turn = ++view.turn;
    try {
      return await this.loading(() => this.#api.threads(name, first ? null : view.next), (page) => {
        if (turn !== view.turn) return null;
        if (anew) this.#beginAgain();
        if (renew) view.clear();
        view.take(page, this.me);
        for (const row of page.items) this.#keep(row);
        this.touch("rows");
        return page.feed ?? null;
      });
    } finally {
      if (turn === view.turn) view.busy = false;
    }
  }

  #beginAgain() {
    this.rows.clear();
    for (const view of Object.values(this.#views)) view.clear();
  }

  /** Takes a row as it is now, if a view reaches it or somebody looks at it. */
  #keep(row) {
    let reached = this.rows.has(row.id) || this.#conversations.has(row.id);
    for (const view of Object.values(this.#views)) reached = view.place(row, this.me) || reached;
    if (!reached) return;
    this.rows.set(row.id, row);
    if (this.rows.size > KEPT_ROWS + LONG) this.#sweep();
  }

  #sweep() {
    const views = Object.values(this.#views);
    for (const id of this.rows.keys()) {
      if (!this.#conversations.has(id) && !views.some((view) => view.has(id))) this.rows.delete(id);
    }
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
    if (event.row) this.#applyRow(event);
    this.#conversations.get(event.thread)?.take(event);
    this.stir("rows", event.thread);
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
    this.#keep({ ...event.row, unread, counted });
  }

  /** How many messages of a thread this person has not read. Only its row says so. */
  unread(id, count) {
    const known = this.rows.get(id);
    if (!known || known.unread === count) return;
    this.#keep({ ...known, unread: count });
    this.stir("rows");
  }

  /** What an action answered a message is by now. The stream may have told more of it since, and that stands. */
  answer(message) {
    this.#conversations.get(message.thread)?.answer(message);
    this.touch(message.thread);
  }

  /** One's own change, shown before the server has it; answers what undoes it. */
  patch(id, change) {
    const before = this.rows.get(id);
    if (!before) return () => {};
    const after = { ...before, ...change };
    this.put(after);
    return () => { if (this.rows.get(id) === after) this.put(before); };
  }

  /** What the server says a row is now, from an action's answer, a thread's detail or a search. */
  put(row) {
    this.#keep(row);
    this.touch("rows", row.id);
  }

  drop(id) {
    this.rows.delete(id);
    this.#conversations.delete(id);
    for (const view of Object.values(this.#views)) view.remove(id);
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
