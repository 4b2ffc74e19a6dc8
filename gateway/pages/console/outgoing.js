// Words on their way to the server. Each is kept in this browser, under the key that the server knows it by, until the
// server has answered for it: a lost connection or a closed page neither loses it nor sends it twice.

import { NoAnswer } from "./api.js";

const PREFIX = "teamline.outgoing.";
/** Older than this, a person says whether it should still go: the moment for the words may have passed. */
const FRESH = 60 * 60_000;
/** The server keeps keys for seven days; after that the same key would no longer protect. */
const KEY_KEPT = 6 * 24 * 60 * 60_000;
const UNDER_WAY = new Set(["sending", "waiting"]);

export class Outgoing {
  #api;
  #store;
  #items = new Map();
  #running = new Set();
  #wakers = new Set();

  /** `onReplied(thread)`: the server has a reply, and has dropped its draft with it. */
  constructor(api, store, { onReplied }) {
    this.onReplied = onReplied;
    this.#api = api;
    this.#store = store;
    addEventListener("online", () => this.hurry());
  }

  #name(key) { return `${PREFIX}${this.#store.me.id}.${key}`; }

  /** Takes up what an earlier page left behind. */
  resume() {
    this.#items.clear();
    for (const item of this.#kept().sort((a, b) => (a.at < b.at ? -1 : 1))) {
      const age = Date.now() - new Date(item.at);
      if (item.state !== "refused") item.state = age > FRESH ? "held" : "sending";
      item.sendable = age < KEY_KEPT;
      this.#items.set(item.key, item);
    }
    for (const item of this.#items.values()) this.#run(item.thread);
    this.#store.touch("rows", ...new Set([...this.#items.values()].map((item) => item.thread)));
  }

  /** What is on its way in a thread, oldest first, without what the stream has already shown. */
  of(thread) {
    return [...this.#items.values()].filter((item) => item.thread === thread && !item.seen);
  }

  /** `kind` is "reply" or "note"; with a reply go `attachments`, uploads as {id, name, type, size}, and `way`, if it is not
   *  the usual one. */
  send(thread, kind, body, { attachments = [], way = null } = {}) {
    const key = crypto.randomUUID();
    const item = { key, thread, kind, body, attachments, way, at: new Date().toISOString(), state: "sending", sendable: true };
    this.#items.set(key, item);
    this.#keep(item);
    this.#run(thread);
  }

  again(key) {
    const item = this.#items.get(key);
    item.state = "sending";
    item.detail = "";
    this.#keep(item);
    this.#run(item.thread);
  }

  /** Gives up on it and answers its words, so that they can be written on. */
  takeBack(key) {
    const item = this.#items.get(key);
    this.#forget(item);
    return item;
  }

  /** The stream may show our own message before the answer to it has come: then the pending one steps aside. */
  meets(message) {
    if (message.author?.kind !== "agent" || message.author.id !== this.#store.me?.id) return;
    const kind = message.direction === "note" ? "note" : "reply";
    const item = this.of(message.thread).find((each) => each.kind === kind && each.body === message.body
      && (each.attachments?.length ?? 0) === (message.attachments?.length ?? 0));
    if (item && UNDER_WAY.has(item.state)) item.seen = true;
  }

  /** The threads in which something of this person is not with the server yet, whichever tab it was written in. */
  left() { return this.#kept().map((item) => item.thread); }

  /** Nothing of this person stays in this browser. What is on its way may still arrive. */
  forget() {
    for (const { key } of this.#kept()) localStorage.removeItem(this.#name(key));
    this.#items.clear();
  }

  #kept() {
    const mine = this.#name("");
    const names = Object.keys(localStorage).filter((name) => name.startsWith(mine));
    return names.map((name) => JSON.parse(localStorage.getItem(name)));
  }

  /** The connection is back, or somebody signed in. */
  hurry() {
    for (const wake of this.#wakers) wake();
  }

  #keep(item) {
    if (!this.#items.has(item.key)) return;
    localStorage.setItem(this.#name(item.key), JSON.stringify(item));
    this.#store.touch("rows", item.thread);
  }

  #forget(item) {
    this.#items.delete(item.key);
    localStorage.removeItem(this.#name(item.key));
    this.#store.touch("rows", item.thread);
  }

  /** One at a time in a thread, so that two replies arrive as they were written. */
  async #run(thread) {
    const me = this.#store.me.id;
    const run = `${me}|${thread}`;
    if (this.#running.has(run)) return;
    this.#running.add(run);
    for (let attempt = 0; this.#store.me?.id === me;) {
      const item = [...this.#items.values()].find((each) => each.thread === thread && UNDER_WAY.has(each.state));
      if (!item) break;
      attempt = (await this.#deliver(item)) ? 0 : attempt + 1;
      if (attempt) await this.#pause(attempt);
    }
    this.#running.delete(run);
  }

  async #deliver(item) {
    try {
      const message = await this.#api.write(item.thread, item.kind, item.body, item.key, { attachments: item.attachments?.map((file) => file.id), way: item.way });
      const conversation = this.#store.conversation(item.thread);
      // The stream may have told more of it by now than this answer knew.
      if (message?.id && !conversation.has(message.id)) conversation.take({ kind: "message.sent", message });
      this.#forget(item);
      if (item.kind === "reply") this.onReplied(item.thread);
      return true;
    } catch (error) {
      item.state = error.lasting ? "refused" : "waiting";
      item.detail = error instanceof NoAnswer ? "" : error.message;
      if (error.lasting) item.seen = false;
      this.#keep(item);
      if (error.status === 409) this.#store.conversation(item.thread).doubt();
      return Boolean(error.lasting);
    }
  }

  #pause(attempt) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => wake(), Math.min(15_000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2));
      const wake = () => { clearTimeout(timer); this.#wakers.delete(wake); resolve(); };
      this.#wakers.add(wake);
    });
  }
}
