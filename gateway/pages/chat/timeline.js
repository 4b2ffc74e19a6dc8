// The conversation in one scroller. What is being read never moves: older messages grow above it, new ones below it are
// counted and wait, and only somebody who is at the end is kept at the end.

import { arrange, firstInSight, h, icon, isolated, say } from "../console/dom.js";
import { day, sameDay } from "../console/time.js";
import { bookedElement, dayElement, lineElement, messageElement, newElement, pendingElement } from "./bubble.js";

const TOGETHER = 5 * 60_000;
const NEAR_END = 40;
const NEAR_START = 500;
const ENDED = "An earlier conversation can no longer be shown in this browser; the team still has it. What you write now begins a new one.";

export class Timeline {
  #chat;
  #made = new Map();
  #atEnd = true;
  /** Where the scroller stood when it was last put at the end. */
  #endAt = 0;
  #fresh = 0;
  #newest = null;
  /** The first message that was new when the page was opened; undefined until that is known. */
  #newFrom;

  constructor(chat) {
    this.#chat = chat;
    this.list = h("ol", { class: "messages" });
    this.first = h("div", { class: "first", hidden: true });
    this.scroller = h("div", { class: "scroller", tabindex: "0", role: "group", "aria-labelledby": "thread-name" }, this.first, this.list);
    this.news = h("button", { type: "button", class: "news", hidden: true, on: { click: () => { this.scroller.focus({ preventScroll: true }); this.toEnd(); } } }, icon("down"), h("span"));
    this.element = h("section", { class: "thread", "aria-labelledby": "thread-name" },
      h("h2", { class: "unseen", id: "thread-name" }, "Conversation"), this.scroller, this.news);
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const sizes = new ResizeObserver(() => this.#isAtEnd() && this.#stick());
    for (const element of [this.scroller, this.list]) sizes.observe(element);
    document.addEventListener("visibilitychange", () => this.look());
  }

  toEnd() {
    this.#atEnd = true;
    this.#stick();
    this.look();
  }

  #stick() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#endAt = this.scroller.scrollTop;
    this.#fresh = 0;
    this.#sayNews();
  }

  /** A browser tells of scrolling a frame late: whoever has scrolled away since is not taken back to the end. */
  #isAtEnd() {
    if (this.#atEnd && this.scroller.scrollTop < this.#endAt - 1) this.#atEnd = this.#nearEnd();
    return this.#atEnd;
  }

  #nearEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - clientHeight - scrollTop < NEAR_END;
  }

  #scrolled() {
    this.#atEnd = this.#nearEnd();
    if (this.#atEnd) this.#fresh = 0;
    this.#sayNews();
    this.look();
    if (this.scroller.scrollTop < NEAR_START) this.#chat.earlier();
  }

  render() {
    const { conversation } = this.#chat;
    const focused = this.list.contains(document.activeElement);
    const anchor = this.#isAtEnd() ? null : firstInSight(this.scroller, this.list);
    this.#countFresh(conversation.items);
    const wanted = this.#elements(conversation);
    arrange(this.list, wanted);
    this.#sayFirst(conversation.loaded && wanted.length === 0);
    if (this.#atEnd) this.#stick();
    else if (anchor) this.scroller.scrollTop += anchor.element.getBoundingClientRect().top - anchor.top;
    if (focused && !this.list.contains(document.activeElement)) this.scroller.focus({ preventScroll: true });
    this.#sayNews();
    this.look();
    if (conversation.loaded && this.scroller.scrollTop < NEAR_START) this.#chat.earlier();
  }

  /** Where one left off is what is seen first. `message` is the first new one, null if there is none. */
  openAt(message) {
    this.#newFrom = message?.id ?? null;
    this.render();
    const mark = this.#made.get("new")?.element;
    if (!mark) return;
    const above = mark.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    if (above >= 0) return;
    this.#atEnd = false;
    this.scroller.scrollTop += above - 8;
  }

  #countFresh(items) {
    const from = items.findLastIndex((item) => item.id === this.#newest);
    if (from >= 0 && !this.#atEnd) this.#fresh += items.slice(from + 1).filter((item) => item.direction === "out").length;
    this.#newest = items.at(-1)?.id ?? null;
  }

  #sayNews() {
    this.news.hidden = this.#fresh === 0;
    say(this.news.lastElementChild, `${this.#fresh} new`);
  }

  #sayFirst(empty) {
    this.first.hidden = !empty;
    const team = this.#chat.visitor.facts?.team.name;
    const words = `${team}|${this.#chat.visitor.hasEnded}`;
    if (!empty || this.first.dataset.words === words) return;
    this.first.dataset.words = words;
    this.first.replaceChildren(
      this.#chat.visitor.hasEnded ? h("p", { class: "ended" }, ENDED) : "",
      h("p", { class: "promise" }, "Write, and close this page. The answer will be here."),
      h("p", { class: "quiet" }, "People", team ? [" of ", isolated(team)] : "", " read it and write back. To see the answer, open this page in this browser again."));
  }

  /** Elements in order; one that shows the same thing as before is the same element. */
  #elements(conversation) {
    const { items } = conversation;
    const { outgoing } = this.#chat;
    const wanted = [];
    const used = new Set();
    const want = (key, source, flags, make) => {
      const made = this.#made.get(key);
      if (!made || made.source !== source || made.flags !== flags) this.#made.set(key, { source, flags, element: make() });
      used.add(key);
      wanted.push(this.#made.get(key).element);
    };
    const pending = outgoing.shown;
    const { hasEnded } = this.#chat.visitor;
    if (conversation.loaded && !conversation.older && (items.length || (hasEnded && pending.length))) {
      const words = hasEnded ? ENDED : "The conversation begins here";
      want("start", words, "", () => lineElement(words));
    }
    const shown = this.#entries(conversation);
    shown.forEach((entry, place) => this.#entry(entry, shown[place - 1], !pending.length && entry.item === items.at(-1), want));
    pending.forEach((item, place) => this.#pending(item, place === 0, want));
    if (this.#chat.telling.isOffered) wanted.push(this.#chat.telling.element);
    for (const key of this.#made.keys()) if (!used.has(key)) this.#made.delete(key);
    return wanted;
  }

  /** Messages, and lines about bookings between them, by time: {at, item} or {at, line}. */
  #entries({ items, older, loaded }) {
    const messages = items.map((item) => ({ at: item.at, item }));
    const lines = loaded ? this.#chat.booking.lines.filter(({ at }) => !older || at >= items[0].at) : [];
    return [...messages, ...lines.map((line) => ({ at: line.at, line }))].sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
  }

  #entry({ at, item, line }, beside, last, want) {
    const newDay = !beside || !sameDay(beside.at, at);
    if (newDay) {
      const words = day(at);
      want(`day|${at.slice(0, 10)}|${item?.id ?? line.key}`, words, "", () => dayElement(words));
    }
    if (line) want(line.key, line.words, "", () => bookedElement(line));
    else this.#item(item, newDay ? null : beside.item, last, want);
  }

  /** `before`: the message right before it on the same day, if one is. */
  #item(item, before, last, want) {
    if (item.id === this.#newFrom) want("new", "new", "", newElement);
    const together = before && item.id !== this.#newFrom && before.direction === item.direction && before.author?.name === item.author?.name
      && new Date(item.at) - new Date(before.at) < TOGETHER;
    const foot = last && item.direction === "in" ? "Sent. You can close this page; the answer will be here." : "";
    want(item.id, item, `${together}|${foot}`, () => messageElement(item, {
      head: !together, foot, show: (file) => this.#chat.show(item, file), fetch: (file, event) => this.#chat.fetch(item, file, event),
    }));
  }

  #pending(item, first, want) {
    const { outgoing, connected } = this.#chat;
    const leaving = outgoing.leaving === item.key;
    const standing = { leaving, progress: leaving ? outgoing.progress : 0, connected, first };
    want(`pending|${item.key}`, JSON.stringify(item), item.refused || item.held ? "" : JSON.stringify(standing),
      () => pendingElement(item, standing, (...choice) => this.#chat.choose(...choice)));
  }

  /** Read is what is in sight of a visible page: the newest of the team's messages whose end, or half, is on the screen. */
  look() {
    if (document.hidden || !this.scroller.clientHeight) return;
    const room = this.scroller.getBoundingClientRect();
    const seen = this.#chat.conversation.items.findLast((item) => {
      const element = item.direction === "out" && this.#made.get(item.id)?.element;
      if (!element) return false;
      const { top, bottom } = element.getBoundingClientRect();
      return bottom <= room.bottom + 1 || top + room.height / 2 <= room.bottom;
    });
    if (seen) this.#chat.saw(seen);
  }
}
