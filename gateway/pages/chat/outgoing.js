// Words on their way to the team. Each is kept in this browser, under the key that the server will know it by, until the
// server has it: neither a lost network nor a closed tab loses it, and two tabs do not send it twice.
// They leave one after another, in the order they were written.

import { NoAnswer } from "../console/api.js";
import { order } from "./kept.js";

const LOCK = "teamline.chat.outgoing";
/** Older than this, its writer says whether it should still go: the moment for the words may have passed. */
const FRESH = 24 * 60 * 60_000;
/** An upload that no message names goes after a day; before that it is sent again. */
const UPLOAD_KEPT = 20 * 60 * 60_000;

const isWaiting = (item) => !item.refused && !item.held;

export class Outgoing {
  items = [];
  /** The key of the one that is leaving now, and how much of its files has left, from 0 to 1. */
  leaving = null;
  progress = 0;
  #api;
  #channel;
  #kept;
  #visitor;
  #news = new BroadcastChannel("teamline.chat.outgoing");
  #running = false;
  #wake = () => {};
  #met = new Set();

  /** `onChange()`: something is to be drawn. `onSent(message)`: the server has it. */
  constructor(api, channel, kept, visitor, { onChange, onSent }) {
    this.#api = api;
    this.#channel = channel;
    this.#kept = kept;
    this.#visitor = visitor;
    Object.assign(this, { onChange, onSent });
    this.#news.addEventListener("message", () => this.#refresh().then(() => this.#run()));
    addEventListener("online", () => this.hurry());
  }

  /** What is still on its way, without what the stream has already shown. */
  get shown() { return this.items.filter((item) => !this.#met.has(item.key)); }

  /** Takes up what an earlier page left behind. */
  async resume() {
    await this.#refresh();
    const old = this.items.filter((item) => isWaiting(item) && Date.now() - item.order > FRESH);
    if (old.length) await this.#edit(old.map((item) => item.key), (item) => ({ ...item, held: "old" }));
    this.#run();
  }

  /** `files` are {key, name, type, size, blob}, kept as those of a message not yet sent; they become this one's. */
  async send(body, files) {
    const item = {
      key: crypto.randomUUID(), channel: this.#channel, kind: "message", order: order(), at: new Date().toISOString(), body,
      files: files.map(({ name, type, size, blob }) => ({ name, type, size, blob })), tried: false, refused: null, held: null,
    };
    await this.#change({ put: [item], remove: files.map((file) => file.key) });
    this.#run();
  }

  /** Sends one that was held, after what was written since. */
  async again(item) {
    await this.#edit([item.key], (now) => ({ ...now, order: order(), held: null }));
    this.#run();
  }

  /** Takes one out before it has left. It may be leaving at this moment: then it is too late, and it is sent. */
  async remove(item) {
    await navigator.locks.request(LOCK, () => this.#change({ remove: [item.key] }));
  }

  /** The stream may show our own message before the answer to it has come: then the one that waits steps aside. */
  meets(message) {
    const item = this.shown.find((each) => each.tried && each.body === message.body && each.files.length === (message.attachments ?? []).length);
    if (item) this.#met.add(item.key);
  }

  /** The server knows this browser no more: what was seen to arrive is done with, what may have arrived in the earlier conversation is not sent into another
   *  one unasked. */
  async part() {
    await this.#edit(this.items.map((item) => item.key), (item) => {
      if (this.#met.has(item.key)) return null;
      if (isWaiting(item) && item.tried) return { ...item, held: "parted", tried: false };
      return { ...item, files: item.files.map(({ id, ...file }) => file) };
    });
  }

  hurry() { this.#wake(); }

  #change(change) { return this.#changed(this.#kept.change(change)); }
  #edit(keys, turn) { return this.#changed(this.#kept.edit(keys, turn)); }

  async #changed(change) {
    await change;
    this.#news.postMessage("");
    await this.#refresh();
  }

  async #refresh() {
    this.items = (await this.#kept.all(this.#channel)).filter((each) => each.kind === "message");
    this.onChange();
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let attempt = 0; this.items.some(isWaiting);) {
        const went = await navigator.locks.request(LOCK, () => this.#first());
        attempt = went ? 0 : attempt + 1;
        if (!went) await this.#pause(attempt);
      }
    } finally {
      this.#running = false;
    }
  }

  /** The first that waits, whichever tab it was written in. Answers whether there is reason to go on at once. */
  async #first() {
    await this.#refresh();
    const item = this.items.find(isWaiting);
    if (!item) return true;
    try {
      await this.#deliver(item);
      return true;
    } catch (error) {
      return await this.#failed(item, error);
    } finally {
      this.leaving = null;
      this.onChange();
    }
  }

  async #deliver(item) {
    await this.#visitor.ensure();
    const now = this.items.find((each) => each.key === item.key);
    if (!now || !isWaiting(now)) return;
    this.leaving = item.key;
    this.#say(0);
    const ready = await this.#upload(now);
    await this.#edit([item.key], (each) => (isWaiting(each) ? { ...each, tried: true } : each));
    if (!this.items.some((each) => each.key === item.key && isWaiting(each))) return;
    const message = await this.#api.write(ready.body, ready.files.map((file) => file.id), ready.key);
    // Until it is out of what is kept here, it stands in the conversation and steps aside among those that wait.
    this.#met.add(item.key);
    this.onSent(message);
    await this.#change({ remove: [item.key] });
    this.#met.delete(item.key);
  }

  async #upload(item) {
    const total = item.files.reduce((sum, file) => sum + file.size, 0) || 1;
    let sent = 0;
    for (const [place, file] of item.files.entries()) {
      if (!file.id || (!item.tried && Date.now() - file.uploaded > UPLOAD_KEPT)) {
        const { id } = await this.#api.upload(file.blob, file.name, (part) => this.#say((sent + part * file.size) / total))
          .catch((error) => { throw Object.assign(error, { file: file.name }); });
        item = { ...item, files: item.files.with(place, { ...file, id, uploaded: Date.now() }) };
        await this.#edit([item.key], (each) => ({ ...each, files: item.files }));
      }
      sent += file.size;
      this.#say(sent / total);
    }
    return item;
  }

  #say(part) {
    this.progress = part;
    this.onChange();
  }

  /** `before` is the one that should have left, as it was until then. Answers whether there is reason to go on at once. */
  async #failed(before, error) {
    if (!("lasting" in error)) throw error;
    if (error.status === 401) this.#visitor.doubt();
    const refused = error.lasting ? { detail: error.message, file: error.file ?? null } : null;
    const unheard = error instanceof NoAnswer;
    const problem = unheard || error.status === 401 ? "" : error.message;
    if (refused) this.#met.delete(before.key);
    // An answer says that the message was not taken this time; no answer leaves it open, now and later.
    await this.#edit([before.key], (item) => (isWaiting(item) ? { ...item, refused, problem, tried: before.tried || (item.tried && unheard) } : item));
    return Boolean(refused);
  }

  #pause(attempt) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(15_000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2));
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }
}
