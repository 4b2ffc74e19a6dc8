// The customer's bookings where they can be seen: what is next on top, all the others behind it.

import { arrange, button, h, put, say } from "../console/dom.js";
import { Card } from "./card.js";

export class Shelf {
  #bookings;
  #cards = new Map();
  #isWhole = false;

  /** `most`: how many of those ahead are shown at once. `onMove`, `onGone` as cards have them. */
  constructor(bookings, { most, onMove, onGone }) {
    this.#bookings = bookings;
    Object.assign(this, { most, onMove, onGone });
    this.ahead = h("ol", { class: "cards" });
    this.toggle = button("", { look: "plain shelf-toggle", "aria-expanded": "false", "aria-controls": "bookings-rest", press: () => this.#turn() });
    this.others = h("ol", { class: "cards" });
    this.earlier = h("h3", { class: "shelf-heading" }, "Earlier");
    this.past = h("ol", { class: "cards past" });
    this.rest = h("div", { class: "shelf-rest", id: "bookings-rest", hidden: true }, this.others, this.earlier, this.past);
    this.element = h("section", { class: "shelf", "aria-labelledby": "bookings-name", hidden: true, on: { keydown: (event) => this.#key(event) } },
      h("h2", { class: "unseen", id: "bookings-name" }, "Your bookings"), this.ahead, this.toggle, this.rest);
  }

  render() {
    const { ahead, past } = this.#bookings;
    const hadFocus = this.element.contains(document.activeElement);
    arrange(this.ahead, ahead.slice(0, this.most).map((one) => this.#card(one)));
    arrange(this.others, ahead.slice(this.most).map((one) => this.#card(one)));
    arrange(this.past, past.map((one) => this.#card(one)));
    this.ahead.hidden = !ahead.length;
    this.earlier.hidden = this.past.hidden = !past.length;
    const behind = past.length + Math.max(0, ahead.length - this.most);
    this.toggle.hidden = !behind;
    say(this.toggle.lastElementChild, ahead.length > this.most ? `All bookings (${ahead.length + past.length})` : `Earlier bookings (${past.length})`);
    if (!behind) this.#isWhole = false;
    this.rest.hidden = !this.#isWhole;
    const known = new Set(this.#bookings.items.map(({ id }) => id));
    for (const id of this.#cards.keys()) if (!known.has(id)) this.#cards.delete(id);
    if (hadFocus && !this.element.contains(document.activeElement)) this.focus();
  }

  #card(one) {
    if (!this.#cards.has(one.id)) this.#cards.set(one.id, new Card(this.#bookings, { onMove: this.onMove, onGone: this.onGone }));
    const card = this.#cards.get(one.id);
    card.render(one);
    return card.element;
  }

  /** Whether there is something to be seen; what is over alone is worth a place only where all are shown. */
  get isWanted() { return this.#bookings.ahead.length > 0 || (this.most > 1 && this.#bookings.items.length > 0); }

  /** On this booking, or on the first. Answers whether there is one. */
  focus(id = this.#bookings.ahead[0]?.id) {
    this.#cards.get(id)?.focus();
    return this.#cards.has(id);
  }

  #turn() {
    this.#isWhole = !this.#isWhole;
    this.rest.hidden = !this.#isWhole;
    put(this.toggle, "aria-expanded", String(this.#isWhole));
  }

  #key(event) {
    if (event.key !== "Escape" || !this.#isWhole || event.defaultPrevented) return;
    this.#turn();
    this.toggle.focus();
  }
}
