// Bookings as one part of a page: the button that offers one, the customer's own, and the choosing of a time. Which of
// them is shown is decided here; where they stand on the page is the page's.

import { announce } from "../console/dom.js";
import { glyphButton } from "../chat/words.js";
import { Bookings } from "./bookings.js";
import { Picker } from "./picker.js";
import { Shelf } from "./shelf.js";
import { lines, standing, title } from "./words.js";

export class Booking {
  #back = null;
  #known = {};

  /** `team()`: its name. `most`: cards at once. `isKnown`: the team may have a number for this customer. `onTurn()`: what is
   *  shown is another part. `onMade()`: there is a new one. `ensure`, `onUnknown` as Bookings has them. */
  constructor(api, { team, most, isKnown = false, ensure, onUnknown, onTurn, onMade = () => {} }) {
    Object.assign(this, { onTurn, onMade });
    this.bookings = new Bookings(api, { ensure, onUnknown, onChange: (one, before) => this.#changed(one, before) });
    this.offer = glyphButton("Book a time", "calendar", { look: "offer", hidden: true, press: () => this.#open({}) });
    const onMove = (moving, slot = null) => this.#open({ moving, slot });
    this.shelf = new Shelf(this.bookings, { most, onMove, onGone: () => { this.shelf.focus() || this.offer.focus(); } });
    this.picker = new Picker(this.bookings, { team, isKnown, onClose: (one) => this.#closed(one) });
  }

  get isPicking() { return this.picker.isOpen; }

  /** Lines for the conversation, in order. */
  get lines() {
    return this.bookings.items.flatMap(lines).sort((a, b) => (a.at < b.at ? -1 : 1));
  }

  /** `kinds` that the team takes bookings for, undefined while that is not known; `zone` is the team's. */
  render({ kinds, zone }) {
    this.#known = { kinds, zone };
    this.bookings.zone = zone ?? this.bookings.zone;
    this.offer.hidden = kinds?.length === 0 || this.isPicking;
    this.shelf.render();
    this.shelf.element.hidden = this.isPicking || !this.shelf.isWanted;
  }

  #open(asked) {
    this.#back = document.activeElement;
    this.picker.open(asked);
    this.#turn();
  }

  #turn() {
    this.render(this.#known);
    this.onTurn();
  }

  #closed(one) {
    this.#turn();
    if (one) this.onMade(one);
    if (one && this.shelf.focus(one.id)) return;
    (this.#back?.isConnected && this.#back.checkVisibility() ? this.#back : this.offer).focus();
  }

  #changed(one, before) {
    const words = `${title(one)}. ${standing(one)}`;
    if (!before || words !== `${title(before)}. ${standing(before)}`) announce(words);
    this.onTurn();
  }
}
