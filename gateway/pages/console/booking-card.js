// One booking in words: on the board, in its week, beside its thread. It is made once and then only changed where
// something differs, so that what has the focus keeps it.

import { BookingActs } from "./booking-acts.js";
import { isLeft } from "./bookings.js";
import { KIND, callWords, standing } from "./booking-words.js";
import { h, icon, isolated, put, say } from "./dom.js";
import { exact } from "./time.js";
import { clockOf, hourWords, known, ownZone, zoneWords } from "./zoned.js";
import { addressName, hue, initials, personName } from "./words.js";

const kindIcon = (booking) => icon(booking.kind === "chat" ? "chat" : "phone");

/** How it stands now, with its call where one runs or has just ended. */
export function stateWords(booking, desk) {
  const { me } = desk.store;
  const { words, look } = standing(booking, me);
  return { words: booking.call && booking.state === "begun" && !isLeft(booking) ? callWords(booking, me) : words, look };
}

const aboutWords = (booking) => booking.about.replace(/\s+/gu, " ").trim();
const asked = (booking) => (booking.now ? "wanted to be called now" : "");

/** A row of a day: time, customer, what it is about, how it stands, and what can be done. */
export class DayRow {
  constructor(desk) {
    this.desk = desk;
    this.time = h("time", { class: "slot-time" });
    this.theirs = h("span", { class: "slot-theirs quiet" });
    this.avatar = h("span", { class: "avatar", "aria-hidden": "true" });
    this.link = h("a", { class: "booking-link" });
    this.facts = h("span", { class: "quiet booking-facts" });
    this.about = h("p", { class: "booking-about", dir: "auto" });
    this.state = h("p", { class: "standing-words" });
    this.acts = new BookingActs(desk, { quiet: true, spare: () => this.link.focus() });
    this.element = h("li", { class: "booking" }, h("div", { class: "slot" }, this.time, this.theirs), this.avatar,
      h("div", { class: "booking-what" }, h("div", { class: "booking-who" }, this.link, " ", this.facts), this.about, this.state), this.acts.element);
  }

  update(booking, { zone, href }) {
    const { words, look } = stateWords(booking, this.desk);
    const own = known(booking.zone);
    say(this.time, clockOf(booking.start, zone));
    put(this.time, "datetime", booking.start);
    put(this.time, "title", exact(booking.start));
    say(this.theirs, own === zone || clockOf(booking.start, own) === clockOf(booking.start, zone) ? "" : `${clockOf(booking.start, own)} ${zoneWords(own)}`);
    put(this.link, "href", href);
    const name = personName(booking.customer.name);
    if (this.link.textContent !== name) this.link.replaceChildren(isolated(name));
    say(this.avatar, initials(booking.customer.name));
    this.avatar.style.setProperty("--own-hue", hue("customer", booking.customer.id));
    const facts = [KIND[booking.kind], booking.phone && name !== addressName(booking.phone) && addressName(booking.phone), asked(booking)].filter(Boolean).join(" · ");
    if (this.facts.textContent !== facts) this.facts.replaceChildren(kindIcon(booking), facts);
    say(this.about, aboutWords(booking));
    this.about.hidden = !aboutWords(booking);
    put(this.element, "data-look", look);
    put(this.element, "data-state", booking.state);
    if (this.state.textContent !== words) this.state.replaceChildren(...(look === "urgent" || look === "broken" ? [icon("alert")] : []), h("span", {}, words));
    this.acts.show(booking);
  }
}

/** A booking of a week: what leads to its thread. */
export class WeekCard {
  constructor(desk) {
    this.desk = desk;
    this.time = h("time", { class: "slot-time" });
    this.kind = h("span", { class: "card-kind" });
    this.name = isolated("", { class: "card-name" });
    this.about = h("span", { class: "card-about", dir: "auto" });
    this.state = h("span", { class: "standing-words" });
    this.link = h("a", { class: "card-link" }, h("span", { class: "card-top" }, this.time, " ", this.kind), " ", this.name, " ", this.about, " ", this.state);
    this.element = h("li", { class: "booking week-card" }, this.link);
    // A week has no room for buttons; the key still claims.
    this.acts = new BookingActs(desk, { verbs: ["claim", "release"], spare: () => this.link.focus() });
    this.acts.ways.remove();
    this.element.append(this.acts.element);
  }

  update(booking, { zone, href }) {
    const { words, look } = stateWords(booking, this.desk);
    say(this.time, clockOf(booking.start, zone));
    put(this.time, "datetime", booking.start);
    if (this.kind.textContent !== KIND[booking.kind]) this.kind.replaceChildren(kindIcon(booking), KIND[booking.kind]);
    say(this.name, personName(booking.customer.name));
    say(this.about, aboutWords(booking));
    say(this.state, words);
    put(this.link, "href", href);
    put(this.link, "title", [`${exact(booking.start)}`, booking.phone && addressName(booking.phone), aboutWords(booking)].filter(Boolean).join(", "));
    put(this.element, "data-look", look);
    put(this.element, "data-state", booking.state);
    this.acts.show(booking);
  }
}

/** The customer's booking beside their thread. */
export class PanelCard {
  constructor(desk) {
    this.desk = desk;
    this.hour = h("p", { class: "card-hour" });
    this.theirs = h("p", { class: "quiet" });
    this.state = h("p", { class: "standing-words" });
    this.about = h("p", { class: "booking-about", dir: "auto" });
    this.acts = new BookingActs(desk, { spare: () => document.querySelector("tl-panel .panel").focus() });
    this.element = h("li", { class: "booking panel-card" }, this.hour, this.theirs, this.about, this.state, this.acts.element);
  }

  update(booking) {
    const { words, look } = stateWords(booking, this.desk);
    const own = known(booking.zone);
    const hour = `${KIND[booking.kind]}, ${hourWords(booking.start)}`;
    if (this.hour.textContent !== hour) this.hour.replaceChildren(kindIcon(booking), h("span", {}, hour));
    put(this.hour, "title", exact(booking.start));
    const theirs = [booking.phone && addressName(booking.phone), own !== ownZone && clockOf(booking.start, own) !== clockOf(booking.start, ownZone) && `${clockOf(booking.start, own)} for them, ${zoneWords(own)}`].filter(Boolean);
    say(this.theirs, theirs.join(" · "));
    say(this.about, aboutWords(booking));
    this.about.hidden = !aboutWords(booking);
    if (this.state.textContent !== words) this.state.replaceChildren(...(look === "urgent" || look === "broken" ? [icon("alert")] : []), h("span", {}, words));
    put(this.element, "data-look", look);
    this.acts.show(booking);
  }
}
