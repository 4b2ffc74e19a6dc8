// The strip at the top of whatever one looks at: a booking that asks for this person, rings for them, or is in their
// hands. It is said once, takes the focus from nobody, and is gone when the booking is somebody else's.

import { BookingActs } from "./booking-acts.js";
import { stateWords } from "./booking-card.js";
import { isLeft } from "./bookings.js";
import { KIND, callRuns, sinceWords } from "./booking-words.js";
import { announce, h, icon, isolated, put, say } from "./dom.js";
import { habits } from "./habits.js";
import { RingSound } from "./ring-sound.js";
import { href, place } from "./router.js";
import { clockOf, ownZone } from "./zoned.js";
import { marked } from "./title.js";
import { personName } from "./words.js";

const VERBS = ["call", "dial", "claim", "release", "outcome"];

/** Where the focus goes when the strip that had it is gone. */
function goBack() {
  const open = ["tl-board", "tl-thread", "tl-inbox"].map((name) => document.querySelector(name)).find((part) => !part.hidden && part.checkVisibility());
  open?.takeFocus();
}

export class Ringing extends HTMLElement {
  #desk;
  #shown = null;
  #said = new Map();
  #second = null;
  #sound = new RingSound();

  start(desk) {
    this.#desk = desk;
    this.kind = h("span", { class: "strip-kind" });
    this.who = isolated("", { class: "strip-who" });
    this.when = h("span", { class: "strip-when" });
    this.about = h("span", { class: "strip-about", dir: "auto" });
    this.state = h("span", { class: "strip-state" });
    this.open = h("a", { class: "button" }, "Open");
    this.acts = new BookingActs(desk, { verbs: VERBS, spare: () => this.open.focus() });
    this.more = h("a", { class: "strip-more", href: href({ view: "bookings" }) });
    this.section = h("section", { class: "strip", "aria-label": "A booking that needs you" },
      h("div", { class: "strip-what" }, h("p", { class: "strip-line" }, this.kind, " ", this.who, " ", this.when), h("p", { class: "strip-line" }, this.state, " ", this.about)),
      this.acts.element, this.open, this.more);
    this.hidden = true;
    this.append(this.section);
    desk.store.addEventListener("change", ({ detail }) => (detail.has("bookings") || detail.has("clock")) && this.#render());
    new ResizeObserver(() => document.documentElement.style.setProperty("--strip", `${this.offsetHeight}px`)).observe(this);
  }

  /** A chat that one has opened needs no strip over its own thread, until it is left. */
  get #wanted() {
    return this.#desk.bookings.own.filter((booking) => !(booking.state === "begun" && booking.kind === "chat") || isLeft(booking));
  }

  #render() {
    const wanted = this.#desk.store.me && !document.getElementById("workplace").hidden ? this.#wanted : [];
    // Words that are being written here stay until they are noted, whatever else rings.
    const first = (this.acts.isOpen && wanted.find((booking) => booking.id === this.#shown)) || wanted[0];
    const had = this.contains(document.activeElement);
    this.hidden = !first;
    this.#tell(wanted);
    this.#tick(first);
    if (!first) {
      this.#shown = null;
      if (had) goBack();
      return;
    }
    this.#shown = first.id;
    this.#draw(first);
    this.more.hidden = wanted.length < 2;
    say(this.more, wanted.length < 2 ? "" : `and ${wanted.length - 1} more`);
  }

  #draw(booking) {
    const ringing = booking.state !== "booked";
    const { words } = stateWords(booking, this.#desk);
    put(this.section, "data-state", booking.state);
    const title = `${KIND[booking.kind]} with`;
    if (this.kind.textContent !== title) this.kind.replaceChildren(icon(booking.kind === "chat" ? "chat" : "phone"), title);
    const name = personName(booking.customer.name);
    say(this.who, name);
    const time = clockOf(booking.start, ownZone);
    say(this.when, booking.now ? `wanted now, ${sinceWords(booking.created_at)}` : ringing ? `at ${time}` : `at ${time}, asked of you`);
    say(this.state, booking.state === "ringing" ? `Rings you${booking.fired_at ? ` ${sinceWords(booking.fired_at)}` : ""}${booking.broken ? ". The promise is broken" : ""}` : words);
    say(this.about, booking.about.replace(/\s+/gu, " ").trim());
    put(this.open, "href", href({ view: "all", thread: booking.thread }));
    put(this.open, "aria-label", `Open the conversation with ${name}`);
    this.open.hidden = place().thread === booking.thread;
    this.acts.show(booking);
  }

  /** Each thing that asks or rings is said once; a tab in the background shows it in its title. */
  #tell(wanted) {
    const asking = wanted.filter((booking) => booking.state !== "begun");
    const now = new Map(asking.map((booking) => [booking.id, booking.state]));
    for (const booking of asking) {
      if (this.#said.get(booking.id) === booking.state) continue;
      const name = personName(booking.customer.name);
      const about = booking.about ? ` About: ${booking.about.slice(0, 120)}` : "";
      announce(booking.state === "ringing" ? `${KIND[booking.kind]} with ${name} rings for you.${about}`
        : `Nobody has claimed the ${booking.kind} with ${name} at ${clockOf(booking.start, ownZone)}. You are asked.${about}`);
    }
    this.#said = now;
    const rings = asking.find((booking) => booking.state === "ringing");
    const first = rings ?? asking[0];
    marked(first ? `${rings ? "Rings" : "Asks"}: ${personName(first.customer.name)}` : "");
    this.#sound.ring(Boolean(rings) && habits.ringsAloud);
  }

  /** While two talk, the seconds go on. */
  #tick(booking) {
    const talks = booking?.state === "begun" && callRuns(booking.call) && booking.call.customer === "answered";
    if (talks === (this.#second !== null)) return;
    clearInterval(this.#second);
    this.#second = talks ? setInterval(() => this.#desk.store.touch("bookings"), 1_000) : null;
  }
}
customElements.define("tl-ringing", Ringing);
