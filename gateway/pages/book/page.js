// The page behind a signed link: the same times and the same bookings, for somebody who has no account and came from a
// text. It shows no message. No stream leads here, so it asks again while somebody looks.

import { Facts } from "../chat/facts.js";
import { h, say } from "../console/dom.js";
import { Booking } from "./booking.js";
import { isLeft } from "./words.js";

/** Milliseconds until it asks again: while somebody is being asked or calls, and otherwise. */
const SOON = 5_000;
const LATER = 30_000;

export class Page {
  #isEnded = false;
  #timer = null;
  #problem = "";

  constructor(api) {
    this.booking = new Booking(api, {
      team: () => this.booking.bookings.facts?.team.name ?? "the team", most: Infinity, isKnown: true, onTurn: () => this.draw(), onUnknown: () => this.#end(),
    });
    this.facts = new Facts(this.booking.offer);
    this.trouble = h("p", { class: "connection", role: "status" });
    this.none = h("p", { class: "none" }, "Nothing is booked. Choose a time, and somebody calls you then, or meets you in a chat.");
    this.main = h("main", {}, this.trouble, this.none, this.booking.shelf.element, this.booking.picker.element);
    this.elements = [this.facts.element, this.main];
    document.addEventListener("visibilitychange", () => document.hidden || this.start());
  }

  async start() {
    clearTimeout(this.#timer);
    if (this.#isEnded || document.hidden) return;
    await this.#read();
    clearTimeout(this.#timer);
    if (!this.#isEnded) this.#timer = setTimeout(() => this.start(), this.#isUnderWay ? SOON : LATER);
  }

  get #isUnderWay() { return this.booking.bookings.items.some((one) => one.state === "due" || (one.state === "begun" && !isLeft(one))); }

  async #read() {
    try {
      await this.booking.bookings.load();
      this.#problem = "";
    } catch (error) {
      if (!("lasting" in error)) throw error;
      this.#problem = error.status === 401 ? "" : "The server cannot be reached. Trying again; nothing is lost.";
    }
    this.draw();
  }

  draw() {
    if (this.#isEnded) return;
    const { bookings } = this.booking;
    const { facts } = bookings;
    if (facts) this.facts.render(facts);
    else this.facts.wait(this.#problem, "Your bookings");
    document.title = facts ? `Book a time: ${facts.team.name}` : "Book a time";
    say(this.trouble, facts ? this.#problem : "");
    this.booking.render({ kinds: facts?.books, zone: facts?.timezone });
    this.none.hidden = !bookings.isRead || bookings.items.length > 0 || this.booking.isPicking;
  }

  /** The link is no good, and no other way leads on from here. */
  #end() {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    document.title = "This link has ended";
    this.facts.element.replaceChildren(h("h1", {}, "This link has ended"));
    this.main.replaceChildren(h("p", { class: "none", role: "status" },
      "It may be old, or not whole: a link is long, and has to be copied to its end. Nothing that was booked is lost by that. Ask the team for another link, where you got this one."));
  }
}
