// Words not yet sent, saved as they are typed, by person and thread. A reply's draft is the server's, so that one goes
// on with it elsewhere; this browser keeps a copy, with a note's words beside it, for when the network is away.
// The last hand wins: words typed here that the server does not have yet go there, else the server's are taken.

const PREFIX = "teamline.draft.";
const PAUSE = 800;
const LONGEST_WAIT = 30_000;
/** For how long somebody who signs out waits until the server has what they began. */
const FAREWELL = 3_000;
/** `saved` is what the server is known to have of the reply. */
const EMPTY = Object.freeze({ reply: "", note: "", saved: "" });

export class Drafts {
  #api;
  #store;
  /** What was read, since every row of the inbox asks; another tab's writing makes it void. */
  #known = new Map();
  #timers = new Map();
  #sending = new Map();
  #turns = new Map();
  #gone = false;

  constructor(api, store) {
    this.#api = api;
    this.#store = store;
    addEventListener("storage", (event) => {
      if (event.key !== null && !event.key.startsWith(PREFIX)) return;
      this.#known.clear();
      store.touch("rows");
    });
    addEventListener("pagehide", () => this.#flush());
    document.addEventListener("visibilitychange", () => document.hidden && this.#flush());
  }

  #name(thread) { return `${PREFIX}${this.#store.me.id}.${thread}`; }

  /** {reply, note}, each "" when there is none. */
  of(thread) {
    const name = this.#name(thread);
    if (!this.#known.has(name)) this.#known.set(name, { ...EMPTY, ...JSON.parse(localStorage.getItem(name)) });
    return this.#known.get(name);
  }

  /** `kind` is "reply" or "note". */
  save(thread, kind, body) {
    this.#put(thread, { [kind]: body });
    if (kind === "reply") this.#later(thread, PAUSE);
  }

  /** The words were handed on to be sent. The server drops its own draft with the reply, so it need not be told;
   *  unless a draft is on its way to it, which might come after. */
  sent(thread, kind) {
    clearTimeout(this.#timers.get(thread));
    this.#timers.delete(thread);
    this.#put(thread, { [kind]: "", ...(kind === "reply" && !this.#sending.has(thread) ? { saved: "" } : {}) });
    if (kind === "reply" && this.#sending.has(thread)) this.#later(thread, PAUSE);
  }

  /** Grows with each change here: what was asked for before one is too old to be taken. */
  turn(thread) { return this.#turns.get(thread) ?? 0; }

  /** What the server has, as asked for at `turn`. Answers whether the reply's words are others now. */
  meet(thread, body, turn) {
    const { reply, saved } = this.of(thread);
    if (turn !== this.turn(thread) || this.#timers.has(thread) || this.#sending.has(thread)) return false;
    const theirs = body ?? "";
    if (reply !== saved && reply !== theirs) {
      this.#later(thread, 0);
      return false;
    }
    this.#put(thread, { reply: theirs, saved: theirs });
    return reply !== theirs;
  }

  /** The threads of this person that have words here. */
  #threads() {
    const mine = this.#name("");
    return Object.keys(localStorage).filter((name) => name.startsWith(mine)).map((name) => name.slice(mine.length));
  }

  #unsaved(thread) {
    const { reply, saved } = this.of(thread);
    return reply !== saved;
  }

  /** The server is there (again): what it does not have yet goes to it. */
  resume() {
    for (const thread of this.#threads()) if (this.#unsaved(thread)) this.#later(thread, PAUSE);
  }

  /** Brings to the server at once what it does not have yet; resolves when it has it, or when that takes too long. */
  async bring() {
    const late = new Promise((resolve) => setTimeout(resolve, FAREWELL));
    const brought = this.#threads().filter((thread) => this.#unsaved(thread)).map((thread) => this.#push(thread, { last: true }));
    await Promise.race([late, Promise.all(brought)]);
  }

  /** The threads with words that are nowhere but here: a note's, or a reply's that the server does not have. */
  left() { return this.#threads().filter((thread) => this.of(thread).note.trim() || this.#unsaved(thread)); }

  /** Nothing of this person stays in this browser, and nothing is kept any more. */
  forget() {
    this.#gone = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    for (const thread of this.#threads()) localStorage.removeItem(this.#name(thread));
  }

  #put(thread, change) {
    if (this.#gone) return;
    const draft = Object.freeze({ ...this.of(thread), ...change });
    const name = this.#name(thread);
    this.#known.set(name, draft);
    this.#turns.set(thread, this.turn(thread) + 1);
    if (draft.reply || draft.note || draft.saved) localStorage.setItem(name, JSON.stringify(draft));
    else localStorage.removeItem(name);
    this.#store.touch("rows");
  }

  #later(thread, wait) {
    clearTimeout(this.#timers.get(thread));
    const me = this.#store.me.id;
    this.#timers.set(thread, setTimeout(() => {
      this.#timers.delete(thread);
      if (this.#store.me?.id === me) this.#push(thread, { wait });
    }, wait));
  }

  #flush() {
    for (const [thread, timer] of this.#timers) {
      clearTimeout(timer);
      this.#push(thread, { last: true });
    }
    this.#timers.clear();
  }

  /** One at a time for a thread; what is typed meanwhile goes after it. */
  async #push(thread, { wait = PAUSE, last = false }) {
    const { reply, saved } = this.of(thread);
    if (reply === saved) return;
    if (this.#sending.has(thread) && !last) return this.#later(thread, PAUSE);
    this.#sending.set(thread, reply);
    try {
      await this.#api.draft(thread, reply, { last });
      this.#put(thread, { saved: reply });
    } catch (error) {
      if (error.lasting) this.#put(thread, { saved: reply });
      else if (!last && error.status !== 401) this.#later(thread, Math.min(LONGEST_WAIT, 2 * Math.max(wait, PAUSE)));
    } finally {
      this.#sending.delete(thread);
    }
  }
}
