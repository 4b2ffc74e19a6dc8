// The messages that are known here, oldest first, each once. It reads pages and takes what the stream brings; it draws nothing.

import { LIMIT } from "./api.js";

/** Links to files are signed for a short time; older ones are asked for again before they are followed. */
const LINKS_KEPT = 4 * 60_000;

export class Conversation {
  items = [];
  loaded = false;
  /** Whether there is more above. */
  older = false;
  #api;
  #reading = null;
  #taken = new Map();

  constructor(api) {
    this.#api = api;
  }

  /** Nothing was said yet. */
  begin() {
    this.loaded = true;
  }

  /** Reads the newest page; what stood above it stays if they meet. Answers where the stream goes on. `also()` reads what is
   *  shown with it, after it, so that the stream goes on from before both. */
  async load(also) {
    const page = await this.#page({});
    await also();
    const meets = this.items.findIndex((item) => item.id === page.items[0]?.id);
    if (meets < 0) this.older = this.#isMore(page);
    this.items = [...(meets < 0 ? [] : this.items.slice(0, meets)), ...page.items];
    this.loaded = true;
    return page.feed ?? null;
  }

  /** Reads the page above, once at a time. */
  earlier() {
    if (!this.older) return null;
    this.#reading ??= this.#above().finally(() => { this.#reading = null; });
    return this.#reading;
  }

  async #above() {
    const page = await this.#page({ before: this.items[0].id });
    const known = new Set(this.items.map((item) => item.id));
    this.items = [...page.items.filter((item) => !known.has(item.id)), ...this.items];
    this.older = this.#isMore(page) && page.items.length > 0;
  }

  async #page(bounds) {
    const page = await this.#api.messages(bounds);
    for (const item of page.items) this.#taken.set(item.id, Date.now());
    return page;
  }

  #isMore(page) { return "next" in page || page.items.length >= LIMIT; }

  /** Takes a message as it is now. Answers whether it is a new one. */
  take(message) {
    this.#taken.set(message.id, Date.now());
    const place = this.items.findIndex((item) => item.id === message.id);
    if (place >= 0) {
      this.items = this.items.with(place, message);
      return false;
    }
    const after = this.items.findLastIndex((item) => item.at <= message.at);
    this.items = this.items.toSpliced(after + 1, 0, message);
    return true;
  }

  /** The file with links that can be followed now. */
  async fresh(message, file) {
    if (Date.now() - this.#taken.get(message.id) < LINKS_KEPT) return file;
    const place = this.items.findIndex((item) => item.id === message.id);
    const { items } = await this.#api.messages({ after: this.items[place - 1]?.id, before: place ? undefined : this.items[1]?.id, limit: 1 });
    const again = items.find((item) => item.id === message.id);
    if (again) this.take(again);
    return again?.attachments.find((each) => each.id === file.id) ?? file;
  }
}
