// The customer's bookings beside their thread: what is ahead, booking for them, and a link with which they book themselves.
// The link is put where a person writes; a person sends it.

import { PanelCard } from "./booking-card.js";
import { KIND } from "./booking-words.js";
import { announce, arrange, button, h, say } from "./dom.js";
import { SlotPicker, nextFree } from "./slot-picker.js";

export class ThreadBookings {
  #desk;
  #conversation = null;
  #made = new Map();

  constructor(desk) {
    this.#desk = desk;
    this.list = h("ul", { class: "panel-cards" });
    this.none = h("p", { class: "quiet" }, "Nothing is booked.");
    this.begin = button("Book a time", { icon: "calendar", press: () => this.#open() });
    this.link = button("Booking link into the reply", { icon: "link", press: () => this.#copy() });
    this.trouble = h("p", { class: "danger", role: "alert" });
    this.kind = h("select", { id: "book-kind", on: { change: () => this.#turned() } });
    this.kindField = h("div", { class: "field" }, h("label", { for: "book-kind" }, "What"), this.kind);
    this.picker = new SlotPicker(desk, { onKinds: (kinds) => this.#offer(kinds) });
    this.phone = h("input", { id: "book-phone", type: "tel", autocomplete: "off", maxlength: "40", "aria-describedby": "book-phone-hint" });
    this.phoneField = h("div", { class: "field" }, h("label", { for: "book-phone" }, "Number to call"), this.phone,
      h("p", { class: "quiet", id: "book-phone-hint" }, "Empty: the number they are known by."));
    this.about = h("textarea", { id: "book-about", rows: "2", maxlength: "500", dir: "auto" });
    this.fault = h("p", { class: "danger", role: "alert" });
    this.confirm = h("button", { class: "button primary", type: "submit" }, "Book it");
    this.form = h("form", { class: "booking-form", hidden: true, novalidate: true, "aria-label": "Book a time", on: {
      submit: (event) => this.#book(event), keydown: (event) => this.#key(event),
    } }, this.kindField, this.picker.element, this.phoneField,
    h("div", { class: "field" }, h("label", { for: "book-about" }, "What it is about"), this.about), this.fault,
    h("div", { class: "choices" }, this.confirm, button("Back", { press: () => this.#close() })));
    this.element = h("section", { class: "thread-bookings", "aria-labelledby": "bookings-name" }, h("h3", { id: "bookings-name" }, "Bookings"),
      this.list, this.none, this.ways = h("div", { class: "choices" }, this.begin, this.link), this.trouble, this.form);
    desk.store.addEventListener("change", ({ detail }) => (detail.has("bookings") || detail.has("clock")) && this.#render());
  }

  show(conversation) {
    if (conversation !== this.#conversation) {
      this.#conversation = conversation;
      this.form.hidden = true;
      this.ways.hidden = false;
      say(this.trouble, "");
    }
    this.#render();
  }

  #render() {
    if (!this.#conversation || !this.#desk.store.me) return;
    const found = this.#desk.bookings.of(this.#conversation.id);
    const ids = new Set(found.map((booking) => booking.id));
    for (const id of this.#made.keys()) if (!ids.has(id)) this.#made.delete(id);
    arrange(this.list, found.map((booking) => {
      if (!this.#made.has(booking.id)) this.#made.set(booking.id, new PanelCard(this.#desk));
      const card = this.#made.get(booking.id);
      card.update(booking);
      return card.element;
    }));
    this.list.hidden = found.length === 0;
    this.none.hidden = found.length > 0;
  }

  async #copy() {
    say(this.trouble, "");
    const { id } = this.#conversation;
    try {
      const { url } = await this.#desk.api.bookingLink(id);
      if (this.#conversation.id !== id) return;
      document.querySelector("tl-panel").close();
      document.querySelector("tl-thread").composer.insert(url);
      announce("The booking link stands in the reply");
    } catch (error) {
      if (error.status !== 401) say(this.trouble, `The link could not be made. ${error.message}`);
    }
  }

  #open() {
    this.form.reset();
    say(this.fault, "");
    this.form.hidden = false;
    this.ways.hidden = true;
    this.#offer(["call", "chat"]);
    this.#turned();
    this.kind.focus();
  }

  /** The kinds that the team takes; where it is one, there is nothing to choose. */
  #offer(kinds) {
    const before = this.kind.value;
    if ([...this.kind.options].map((option) => option.value).join() === kinds.join()) return;
    this.kind.replaceChildren(...kinds.map((kind) => h("option", { value: kind }, KIND[kind])));
    this.kindField.hidden = kinds.length < 2;
    if (kinds.includes(before)) this.kind.value = before;
    else if (kinds.length && before) this.#turned();
    this.phoneField.hidden = this.kind.value !== "call";
  }

  #turned() {
    this.phoneField.hidden = this.kind.value !== "call";
    return this.picker.read(this.#conversation.id, this.kind.value);
  }

  #close() {
    this.form.hidden = true;
    this.ways.hidden = false;
    this.begin.focus();
  }

  #key(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.#close();
  }

  async #book(event) {
    event.preventDefault();
    if (this.confirm.getAttribute("aria-disabled") === "true") return;
    const slot = this.picker.value;
    if (!slot) return say(this.fault, "Choose a time.");
    const [kind, phone, about] = [this.kind.value, this.phone.value.trim(), this.about.value.trim()];
    const wish = { thread: this.#conversation.id, slot, kind, ...(kind === "call" && phone ? { phone } : {}), ...(about ? { about } : {}) };
    this.confirm.setAttribute("aria-disabled", "true");
    say(this.fault, "");
    try {
      await this.#desk.bookings.change(`book|${JSON.stringify(wish)}`, (key) => this.#desk.api.book(wish, key));
      announce("Booked");
      this.#close();
    } catch (error) {
      if (error.status === 401) return;
      say(this.fault, `Not booked. ${error.message}${nextFree(error)}`);
      if (error.facts?.slots) await this.#turned();
    } finally {
      this.confirm.removeAttribute("aria-disabled");
    }
  }
}
