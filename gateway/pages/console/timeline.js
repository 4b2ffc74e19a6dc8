// The messages of the open thread, in one scroller. What is being read never moves: older history grows above it,
// news below it is counted and waits, and only somebody who is at the end is kept at the end.

import { Viewer } from "../chat/viewer.js";
import { arrange, firstInSight, h, icon, say } from "./dom.js";
import { itemKey } from "./conversation.js";
import { dayElement, eventElement, messageElement, pendingElement } from "./message.js";
import { day, sameDay } from "./time.js";
import { needsAttention, underWay } from "./words.js";

const TOGETHER = 5 * 60_000;
const NEAR_END = 40;
const NEAR_START = 700;
/** With more messages than `MOST` drawn, only `KEPT` stay: a thread that is flooded must not slow down the keys. */
const MOST = 300;
const KEPT = 150;
/** For less than this the address of a file is followed as it is. */
const LINKS_LAST = 45 * 60_000;

export class Timeline {
  #desk;
  #conversation = null;
  #made = new Map();
  /** Since when a message, as it is, has been here. */
  #since = new WeakMap();
  #atEnd = true;
  #fresh = 0;
  #newest = null;
  #read = null;
  #wanted = null;
  /** Whether the run that is shown ended before the newest message: what is added to it was read, and is no news. */
  #apart = false;

  constructor(desk, { onEdit }) {
    this.#desk = desk;
    this.onEdit = onEdit;
    this.list = h("ol", { class: "messages" });
    this.scroller = h("div", { class: "scroller", tabindex: "0", role: "region", "aria-labelledby": "thread-name" }, this.list);
    this.news = h("button", { type: "button", class: "news", hidden: true, on: { click: () => this.toEnd() } }, icon("down"), h("span"));
    this.viewer = new Viewer();
    this.element = h("div", { class: "timeline" }, this.scroller, this.news, this.viewer.element);
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#atEnd && this.#stick()).observe(this.scroller);
    document.addEventListener("visibilitychange", () => this.#markRead());
    desk.addEventListener("connection", () => { this.#read = null; });
  }

  /** Shows a conversation; with `message`, nothing of it is shown before that one has been found. */
  show(conversation, message = null) {
    if (conversation === this.#conversation) return this.render();
    this.#conversation = conversation;
    this.#made.clear();
    this.viewer.element.close();
    this.list.replaceChildren();
    this.#wanted = message;
    this.#atEnd = !message;
    this.#fresh = 0;
    this.#newest = null;
    this.#read = null;
    this.render();
  }

  /** Goes to the newest message, reading up to it if need be. */
  toEnd() {
    this.#atEnd = true;
    this.scroller.focus({ preventScroll: true });
    if (!this.#conversation.newer) return this.#stick();
    this.#conversation.toNewest().then(() => { this.#atEnd = true; this.render(); }).catch(() => this.#desk.complain("The newest messages could not be read. Try again."));
  }

  /** Brings one message into the middle of what is seen, and marks it. */
  find(conversation, message) {
    if (conversation !== this.#conversation) return;
    this.#wanted = null;
    this.#atEnd = false;
    this.render();
    const element = this.#made.get(`message|${message}`)?.element;
    if (!element) return;
    for (const other of this.list.querySelectorAll(".found")) other.classList.remove("found");
    element.classList.add("found");
    const { top, height } = element.getBoundingClientRect();
    const { top: edge, height: room } = this.scroller.getBoundingClientRect();
    this.scroller.scrollTop += top - edge - Math.max(16, (room - height) / 2);
    this.#scrolled();
  }

  #stick() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#fresh = 0;
    this.#sayNews();
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.#atEnd = scrollHeight - clientHeight - scrollTop < NEAR_END && !this.#conversation?.newer;
    if (this.#atEnd) {
      this.#fresh = 0;
      this.#sayNews();
      this.#markRead();
    }
    this.#readOn();
  }

  /** Reads history before one comes to its edge, above and, after a search, below. */
  #readOn() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (!this.#conversation?.loaded || this.#wanted || !clientHeight) return;
    const failed = (what) => () => this.#desk.complain(`${what} messages could not be read. Scroll there again to try again.`);
    if (scrollTop < NEAR_START) this.#conversation.earlier().catch(failed("Older"));
    if (scrollHeight - clientHeight - scrollTop < NEAR_START) this.#conversation.later().catch(failed("Newer"));
  }

  render() {
    const conversation = this.#conversation;
    if (!conversation?.loaded || this.#wanted) return;
    const focused = this.list.contains(document.activeElement);
    const anchor = this.#atEnd ? null : firstInSight(this.scroller, this.list);
    this.#countFresh(conversation);
    this.#bound(conversation);
    arrange(this.list, this.#elements(conversation));
    if (this.#atEnd) this.#stick();
    else if (anchor) this.scroller.scrollTop += anchor.element.getBoundingClientRect().top - anchor.top;
    if (focused && !this.list.contains(document.activeElement)) this.scroller.focus({ preventScroll: true });
    this.#sayNews();
    this.#markRead();
    this.#readOn();
  }

  #countFresh(conversation) {
    const from = conversation.items.findLastIndex((item) => itemKey(item) === this.#newest);
    if (from >= 0 && !this.#atEnd && !this.#apart) this.#fresh += conversation.items.slice(from + 1).filter((item) => !item.event).length;
    this.#newest = conversation.items.length ? itemKey(conversation.items.at(-1)) : null;
    this.#apart = conversation.newer;
  }

  /** Lets go of what nobody looks at: the oldest, while one is at the end, else what has come since one left it. */
  #bound(conversation) {
    if (this.#atEnd && conversation.items.length > MOST) conversation.keepNewest(KEPT);
    if (this.#atEnd || this.#fresh <= MOST) return;
    conversation.holdBack(this.#fresh - KEPT);
    this.#fresh = KEPT;
    this.#newest = itemKey(conversation.items.at(-1));
    this.#apart = conversation.newer;
  }

  #sayNews() {
    const fresh = this.#fresh + (this.#conversation?.ahead ?? 0);
    this.news.hidden = fresh === 0 && !this.#conversation?.newer;
    say(this.news.lastElementChild, fresh ? `${fresh} new` : "To the newest");
  }

  /** Elements in order; one that shows the same thing as before is the same element. */
  #elements(conversation) {
    const { items } = conversation;
    const newestOut = items.findLast((item) => item.direction === "out");
    const wanted = [];
    const used = new Set();
    const want = (key, source, flags, make) => {
      const made = this.#made.get(key);
      if (!made || made.source !== source || made.flags !== flags) this.#made.set(key, { source, flags, element: make() });
      used.add(key);
      wanted.push(this.#made.get(key).element);
    };
    if (!conversation.older) want("start", "start", "", () => h("li", { class: "quiet-line" }, "The conversation begins here"));
    items.forEach((item, place) => this.#item(item, items[place - 1], newestOut, want));
    for (const item of this.#desk.outgoing.of(conversation.id)) {
      want(`pending|${item.key}`, item, item.state + (item.detail ?? ""), () => pendingElement(item, (...choice) => this.#choose(...choice)));
    }
    for (const key of this.#made.keys()) if (!used.has(key)) this.#made.delete(key);
    return wanted;
  }

  #item(item, before, newestOut, want) {
    const { me } = this.#desk.store;
    const newDay = !before || !sameDay(before.at, item.at);
    if (newDay) want(`day|${itemKey(item)}`, day(item.at), "", () => dayElement(day(item.at)));
    if (item.event) return want(itemKey(item), item, "", () => eventElement(item, me));
    const together = !newDay && before.direction === item.direction && before.author?.id === item.author.id
      && new Date(item.at) - new Date(before.at) < TOGETHER;
    const state = Boolean(item.delivery) && (item === newestOut || needsAttention(item.delivery) || underWay(item.delivery));
    want(itemKey(item), item, `${together}|${state}`, () => messageElement(item, {
      head: !together, state, me, decide: (message, decision) => this.#desk.decide(message, decision), files: this.#files(item),
    }));
  }

  /** What can be done with the files of a message. Their addresses last an hour: one that no longer leads anywhere is
   *  asked for again. */
  #files(message) {
    const conversation = this.#conversation;
    if (!this.#since.has(message)) this.#since.set(message, Date.now());
    const since = this.#since.get(message);
    const fresh = async (file) => (await conversation.renew(message)).attachments?.find((each) => each.id === file.id) ?? file;
    return {
      show: (file) => this.viewer.show(file, () => fresh(file)),
      fetch: async (file, event) => {
        const link = event.currentTarget;
        if (Date.now() - since < LINKS_LAST || link.dataset.fresh) return;
        event.preventDefault();
        link.setAttribute("href", (await fresh(file).catch(() => file)).url);
        link.dataset.fresh = "yes";
        link.click();
      },
      lost: () => conversation.renew(message).catch(() => {}),
    };
  }

  #choose(item, decision) {
    if (decision === "again") return this.#desk.outgoing.again(item.key);
    const { kind, body, attachments } = this.#desk.outgoing.takeBack(item.key);
    if (decision === "edit") this.onEdit(kind, body, attachments ?? []);
  }

  /** Read is what was in sight: the page visible, the thread open, its end on the screen. Said once for each newest
   *  message, and again only after the connection was lost. */
  #markRead() {
    const row = this.#conversation?.row;
    const newest = this.#conversation?.newest;
    if (document.hidden || !this.#atEnd || !row || !(row.unread > 0) || !newest || !this.scroller.offsetParent) return;
    if (newest.id === this.#read) return;
    this.#read = newest.id;
    this.#desk.reading.upTo(row.id, newest.id);
  }
}
