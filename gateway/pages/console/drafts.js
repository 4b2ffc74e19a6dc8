// Words not yet sent, saved as they are typed, by person and thread. A reply's draft is the server's, so that one goes
// on with it elsewhere; this browser keeps a copy, with a note's words beside it, for when the network is away.
// What nobody has gone on with here follows the server's. Words of another window never go under those of this one, nor
// these under those: where both have some, the other's are a rival, until the person says which ones stay.

const PREFIX = "teamline.draft.";
const PAUSE = 800;
const LONGEST_WAIT = 30_000;
/** For how long somebody who signs out waits until the server has what they began. */
const FAREWELL = 3_000;
/** Of the reply, `saved` is what the server is known to have, `tried` what went to it and may have arrived, newest last,
 *  and `rival` another window's words. */
const EMPTY = Object.freeze({ reply: "", note: "", saved: "", tried: Object.freeze([]), rival: "" });
const TRIED = 2;

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
      store.touch("rows", ...(event.key === null ? [] : [event.key.split(".").at(-1)]));
    });
    addEventListener("pagehide", () => this.#flush());
    document.addEventListener("visibilitychange", () => document.hidden && this.#flush());
  }

  #name(thread) { return `${PREFIX}${this.#store.me.id}.${thread}`; }

  /** {reply, note, rival}, each "" when there is none. */
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

  /** The server has dropped its draft, and with it what was begun while the reply was on its way. */
  dropped(thread) {
    const { reply, saved, tried } = this.of(thread);
    if (!reply || !saved) return;
    this.#put(thread, { saved: "", tried: [...tried, saved].slice(-TRIED) });
    this.#later(thread, PAUSE);
  }

  /** Grows with each change here: what was asked for before one is too old to be taken. */
  turn(thread) { return this.#turns.get(thread) ?? 0; }

  /** What the server has, as asked for at `turn`. */
  meet(thread, body, turn) {
    if (turn !== this.turn(thread) || this.#timers.has(thread) || this.#sending.has(thread)) return;
    this.#compare(thread, body ?? "");
  }

  #compare(thread, theirs) {
    const { reply, saved, tried, rival } = this.of(thread);
    const known = [saved, ...tried, ""].includes(theirs);
    if (!rival && (reply === saved || (reply === "" && !known))) this.#put(thread, { reply: theirs, saved: theirs, tried: [] });
    else if (theirs && theirs === reply) this.#put(thread, { saved: theirs, tried: [], rival: "" });
    else {
      // A rival that is gone was sent or dropped there; unless it went with the reply that was sent from here.
      const stays = theirs || !saved ? rival : "";
      this.#put(thread, { saved: theirs, rival: known ? stays : theirs });
      this.#later(thread, 0);
    }
    this.#store.touch(thread);
  }

  /** The person goes on with the other window's words. */
  takeRival(thread) {
    this.#put(thread, { reply: this.of(thread).rival, rival: "" });
    this.#later(thread, 0);
  }

  /** The person goes on with their words here, which replace the other window's. */
  keepMine(thread) {
    this.#put(thread, { rival: "" });
    this.#later(thread, 0);
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

  /** The threads with words that may be nowhere but here: a note's, or a reply's that the server does not have. */
  left() {
    return this.#threads().filter((thread) => this.of(thread).note.trim() || this.of(thread).rival || this.#unsaved(thread));
  }

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
    if (draft.reply || draft.note || draft.saved || draft.rival) localStorage.setItem(name, JSON.stringify(draft));
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
    const { reply, saved, tried, rival } = this.of(thread);
    if (reply === saved || rival) return;
    if (this.#sending.has(thread) && !last) return this.#later(thread, PAUSE);
    this.#sending.set(thread, reply);
    try {
      this.#put(thread, { tried: [...tried, reply].slice(-TRIED) });
      await this.#api.draft(thread, reply, { was: saved, last });
      this.#put(thread, { saved: reply, tried: this.of(thread).tried.filter((words) => words !== reply) });
    } catch (error) {
      if (error.type?.endsWith("/draft-changed")) await this.#collide(thread, wait);
      else if (error.lasting) this.#put(thread, { saved: reply, tried: [] });
      else if (!last && error.status !== 401) this.#later(thread, Math.min(LONGEST_WAIT, 2 * Math.max(wait, PAUSE)));
    } finally {
      this.#sending.delete(thread);
    }
  }

  /** The server has other words: they are read, and shown beside those here. */
  async #collide(thread, wait) {
    try {
      const { draft } = await this.#api.thread(thread);
      this.#compare(thread, draft ?? "");
    } catch {
      this.#later(thread, Math.min(LONGEST_WAIT, 2 * Math.max(wait, PAUSE)));
    }
  }
}
