// One booking: what it is, how it stands, and what its customer can do: move it, cancel it, put it into their calendar.

import { button, h, icon, isolated, put, say } from "../console/dom.js";
import { glyph } from "../chat/words.js";
import { instead } from "./fields.js";
import { beside, first, when } from "./times.js";
import { isLeft, sentence, standing, title } from "./words.js";

/** Links to calendar files are good for longer than this, in milliseconds. */
const LINKS_KEPT = 60 * 60_000;
/** How many other times stand with a broken promise; the rest are a press away. */
const NEXT = 3;

export class Card {
  #bookings;
  #one = null;
  #ics = null;
  #since = 0;
  #asking = false;
  #busy = false;
  #problem = "";

  /** `onMove(booking, slot?)`; `onGone()`: it was cancelled here. */
  constructor(bookings, { onMove, onGone }) {
    this.#bookings = bookings;
    Object.assign(this, { onMove, onGone });
    this.mark = h("span", { class: "card-mark" });
    this.title = h("h3", { tabindex: "-1" });
    this.beside = h("p", { class: "card-beside" });
    this.standing = h("p", { class: "card-standing" });
    this.about = h("p", { class: "card-about" });
    this.instead = h("div", { class: "card-instead" });
    this.trouble = h("p", { class: "card-trouble", role: "alert" });
    this.question = h("p", { class: "card-question" });
    this.move = button("Move", { press: () => this.onMove(this.#one) });
    this.cancel = button("Cancel", { look: "plain", press: () => this.#ask(true) });
    this.calendar = h("a", { class: "button plain", on: { click: (event) => this.#follow(event) } }, h("span", {}, "Add to calendar"));
    this.sure = button("", { press: () => this.#cancel() });
    this.keep = button("Keep it", { look: "plain", press: () => this.#ask(false) });
    this.actions = h("div", { class: "card-actions" }, this.question, this.sure, this.keep, this.move, this.calendar, this.cancel);
    this.element = h("li", { class: "card", on: { keydown: (event) => event.key === "Escape" && this.#asking && this.#ask(false) } },
      this.mark, h("div", { class: "card-words" }, this.title, this.beside, this.standing, this.about, this.instead, this.trouble, this.actions));
  }

  focus() { this.title.focus(); }

  render(one) {
    if (one.state !== this.#one?.state) this.#asking = false;
    if (one.ics !== this.#ics) [this.#ics, this.#since] = [one.ics, Date.now()];
    const isNew = one.kind !== this.#one?.kind || one.state !== this.#one?.state || one.can.length !== this.#one?.can.length || one.next !== this.#one?.next;
    this.#one = one;
    put(this.element, "data-state", one.state);
    if (isNew) this.mark.replaceChildren(one.state === "missed" ? icon("alert") : glyph(one.kind === "call" ? "phone" : "chat"));
    if (isNew) this.instead.replaceChildren(...this.#choices());
    say(this.title, title(one));
    const other = one.now ? "" : beside(one.start, this.#bookings.zone);
    say(this.beside, other && `${first(other)}, the team's time`);
    say(this.standing, standing(one));
    this.#drawAbout(one);
    this.#drawActions(one);
  }

  #drawAbout({ phone, about }) {
    const shown = JSON.stringify([phone, about]);
    if (this.about.dataset.shown === shown) return;
    this.about.dataset.shown = shown;
    this.about.replaceChildren(...[phone && isolated(phone), phone && about && " · ", about && isolated(about)].filter(Boolean));
  }

  #choices() {
    const { state, can, next } = this.#one;
    const waits = (state === "due" || isLeft(this.#one)) && next?.length;
    if ((state !== "missed" && !waits) || !can.includes("move")) return [];
    const words = isLeft(this.#one) ? "If you still want to talk, choose another time. These are the next:" : waits ? "Or choose another time. These are the next:" : next?.length ? "Choose another time. These are the next:" : "Another time can be chosen.";
    return [h("p", {}, words), instead((next ?? []).slice(0, NEXT), (slot) => first(when(slot.start)), (slot) => this.onMove(this.#one, slot))];
  }

  #drawActions({ kind, state, can, ics, now }) {
    const open = state === "booked";
    say(this.question, `Cancel this ${kind}?`);
    say(this.sure.firstElementChild, "Yes, cancel it");
    say(this.move.firstElementChild, state === "missed" ? "Other times" : "Move");
    for (const part of [this.question, this.sure, this.keep]) part.hidden = !this.#asking;
    this.move.hidden = this.#asking || !can.includes("move");
    this.cancel.hidden = this.#asking || !can.includes("cancel") || state === "missed";
    this.calendar.hidden = this.#asking || !open || !ics || Boolean(now);
    if (ics) put(this.calendar, "href", ics);
    this.actions.hidden = [...this.actions.children].every((part) => part.hidden);
    put(this.sure, "aria-disabled", String(this.#busy));
    say(this.trouble, this.#problem);
  }

  #ask(asking) {
    this.#asking = asking;
    this.#problem = "";
    this.render(this.#one);
    (asking ? this.sure : this.cancel).focus();
  }

  async #cancel() {
    if (this.#busy) return;
    this.#busy = true;
    this.#problem = "";
    try {
      await this.#bookings.cancel(this.#one.id);
      this.onGone(this.#one);
    } catch (error) {
      if (!("lasting" in error)) throw error;
      this.#problem = `It was not cancelled. ${sentence(error.message)}`;
    }
    this.#busy = false;
    this.render(this.#one);
  }

  /** A calendar's link is followed while it is young; an old one is renewed first. */
  async #follow(event) {
    if (Date.now() - this.#since < LINKS_KEPT) return;
    event.preventDefault();
    this.#since = Date.now();
    await this.#bookings.renew(this.#one.id).catch(() => {});
    this.calendar.click();
  }
}
