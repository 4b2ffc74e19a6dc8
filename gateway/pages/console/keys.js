// Every action by keyboard, and the list of keys. A key acts only where it would not have been text.

import { button, h, put } from "./dom.js";
import { habits } from "./habits.js";
import { VIEWS } from "./lists.js";
import { go, listOf, place } from "./router.js";
import { Telling } from "./telling.js";
import { actOn } from "./thread.js";

const SHEET = [
  ["In the inbox", [["j", "Next conversation"], ["k", "Previous conversation"], ["Enter", "Open it"], ["1 2 3", "Waiting, mine, all"]]],
  ["In a conversation", [["r", "Reply"], ["n", "Write a note"], ["c", "Take it on, or let it go"], ["e", "Done"], ["d", "Details"], ["y", "Choose the way a reply takes"],
    ["↑ ↓", "Scroll"], ["g", "To the newest message"]]],
  ["In the bookings", [["j k", "Next, previous"], ["Enter", "Open the conversation"], ["c", "Claim it, or hand it back"], ["[ ] ← →", "The day or week before, after"],
    ["t", "Today"], ["v", "A day, or a week"]]],
  ["Anywhere", [["b", "Bookings"], ["w", "Write to somebody first"], ["/", "Search messages and customers"], ["?", "This list"], ["Esc", "Back one level"]]],
];
const FOR_ADMINS = ["s", "Status"];

const WIDE = matchMedia("(min-width: 700px)");
const HABIT = "Single-letter keys";
const writing = (element) => element.matches?.("textarea, select, input:not([type=checkbox])") || element.isContentEditable;

export class Keys extends HTMLElement {
  #desk;

  start(desk) {
    this.#desk = desk;
    const line = ([key, what]) => h("div", {}, h("dt", {}, key.split(" ").map((each) => h("kbd", {}, each))), h("dd", {}, what));
    const groups = SHEET.map(([title, keys]) => h("section", {}, h("h3", {}, title), h("dl", {}, keys.map(line))));
    this.status = line(FOR_ADMINS);
    groups.at(-1).querySelector("dl").append(this.status);
    this.habit = h("input", { type: "checkbox", role: "switch", id: "single-keys", on: { change: () => this.#setHabit() } });
    this.telling = new Telling(desk);
    const modifier = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
    this.dialog = h("dialog", { "aria-labelledby": "keys-name" },
      h("header", {}, h("h2", { id: "keys-name" }, "Keys"), button("Close", { icon: "close", look: "plain", press: () => this.dialog.close() })),
      this.sheet = h("div", { class: "sheet" }, groups),
      h("label", { class: "habit" }, this.habit, h("span", {}, HABIT)),
      h("p", { class: "quiet" }, `Without them, Tab, Enter and Escape go everywhere. In the composer, ${modifier}+Enter sends, or Enter alone if you choose so there.`),
      this.telling.element);
    this.#sayHabit();
    this.append(this.dialog);
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  open() {
    this.status.hidden = this.#desk.store.me?.role !== "admin";
    this.telling.render();
    this.dialog.showModal();
  }

  #setHabit() {
    habits.singleKeys = this.habit.checked;
    this.#sayHabit();
  }

  /** Buttons name their key only as long as it does something. */
  #sayHabit() {
    const on = habits.singleKeys;
    this.habit.checked = on;
    document.documentElement.toggleAttribute("data-single-keys", on);
    for (const element of document.querySelectorAll("[data-key]")) {
      for (const name of ["title", "aria-keyshortcuts"]) on ? put(element, name, element.dataset.key) : element.removeAttribute(name);
    }
  }

  #key(event) {
    if (!this.#desk.store.me || document.getElementById("workplace").hidden || document.querySelector("dialog[open]")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") return this.#back(event);
    if (!habits.singleKeys || writing(event.target)) return;
    const act = this.#action(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #action(key) {
    const inbox = document.querySelector("tl-inbox");
    const thread = document.querySelector("tl-thread");
    const board = document.querySelector("tl-board");
    const own = board.checkVisibility() && !inbox.contains(document.activeElement) ? board.action(key) : null;
    if (own) return own;
    const view = VIEWS[Number(key) - 1];
    if (view) return () => inbox.turn(view);
    return {
      j: () => this.#inList(inbox, () => inbox.step(1)),
      k: () => this.#inList(inbox, () => inbox.step(-1)),
      r: () => this.#write("reply", inbox, thread),
      n: () => this.#write("note", inbox, thread),
      c: () => this.#act("claim", inbox, thread),
      e: () => this.#act("done", inbox, thread),
      d: () => thread.isOpen && document.querySelector("tl-panel").toggle(),
      g: () => thread.toNewest(),
      y: () => thread.pickWay(),
      b: () => go({ view: "bookings" }),
      w: () => go({ view: "new" }),
      "/": () => this.#inList(inbox, () => inbox.search.focus()),
      s: this.#desk.store.me.role === "admin" ? () => go({ view: "status" }) : null,
      "?": () => this.open(),
    }[key];
  }

  /** Does something in the inbox, which on a narrow screen is shown first. */
  #inList(inbox, act) {
    if (inbox.checkVisibility()) return act();
    addEventListener("hashchange", act, { once: true });
    go({ ...place(), view: listOf(place().view), thread: null, message: null });
  }

  /** A verb means the row that has the focus, else the open thread. */
  #act(verb, inbox, thread) {
    const row = inbox.focused && this.#desk.store.rows.get(inbox.focused);
    if (!row) return thread.act(verb);
    const mine = row.claimed_by?.id === this.#desk.store.me.id;
    return actOn(this.#desk, row, verb === "claim" && mine ? "release" : verb);
  }

  #write(mode, inbox, thread) {
    if (inbox.focused && inbox.focused !== place().thread) {
      go({ ...place(document.activeElement.hash) });
      requestAnimationFrame(() => thread.write(mode));
    } else thread.write(mode);
  }

  /** One level: the panel, the composer, the thread, what was found, the search, the inbox. */
  #back(event) {
    const [panel, thread, inbox] = ["tl-panel", "tl-thread", "tl-inbox"].map((name) => document.querySelector(name));
    const where = place();
    const inList = inbox.contains(event.target);
    event.preventDefault();
    if (panel.isOpen) return panel.toggle();
    if (event.target === inbox.search.field) return this.#afterwards(() => inbox.search.leave(), inbox);
    if (writing(event.target) && thread.contains(event.target)) return thread.takeFocus();
    if (where.view === "bookings" && where.thread && !inList) return go({ ...where, thread: null, message: null });
    if (where.view === "bookings" && !where.thread) return this.#afterwards(() => go({ view: "waiting" }), inbox);
    if (where.view === "status" || where.view === "new") return this.#afterwards(() => history.length > 1 ? history.back() : go({ view: "waiting" }), inbox);
    if (where.view === "search" && inList) return inbox.search.focus();
    if (where.thread && !inList && !WIDE.matches) return this.#afterwards(() => go({ ...where, thread: null, message: null }), inbox);
    return this.#afterwards(() => {}, inbox);
  }

  #afterwards(leave, inbox) {
    leave();
    requestAnimationFrame(() => requestAnimationFrame(() => inbox.takeFocus()));
  }
}
customElements.define("tl-keys", Keys);
