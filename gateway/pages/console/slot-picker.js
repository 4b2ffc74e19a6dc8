// Choosing a time: the days on which the team has some, and the times of the day that is chosen, by its wall clock. Times
// that are taken are shown as such. It is told what can be booked, and books nothing.

import { button, h, say } from "./dom.js";
import { clockOf, dateOf, known, nearDate, ownZone, zoneAbbreviation, zoneWords } from "./zoned.js";

let made = 0;

export class SlotPicker {
  #desk;
  #slots = [];
  #next = null;
  #zone = ownZone;
  #ask = null;
  #turn = 0;

  constructor(desk, { onKinds = () => {} } = {}) {
    this.#desk = desk;
    this.onKinds = onKinds;
    this.name = `slots-${made += 1}`;
    this.day = h("select", { id: `${this.name}-day`, on: { change: () => this.#drawTimes() } });
    this.later = button("Later days", { look: "plain", press: () => this.#more() });
    this.times = h("div", { class: "times" });
    this.state = h("p", { class: "quiet slot-state", role: "status" });
    this.choice = h("div", { class: "slot-choice", hidden: true },
      h("div", { class: "field" }, h("label", { for: `${this.name}-day` }, "Day"), this.day), this.later,
      h("fieldset", { class: "slot-times" }, this.legend = h("legend"), this.times));
    this.element = h("div", { class: "slots" }, this.state, this.choice);
  }

  /** The id of the chosen slot, null for none. */
  get value() { return this.times.querySelector("input:checked")?.value ?? null; }

  takeFocus() { (this.choice.hidden ? this.state : this.day).focus(); }

  /** Reads what can be booked for a thread's customer, of one kind; `not` is the moment that it stands at now. */
  async read(thread, kind, not = null) {
    const turn = ++this.#turn;
    this.#ask = { thread, kind, not };
    this.choice.hidden = true;
    say(this.state, "Reading the times");
    try {
      const answer = await this.#desk.api.slots(thread, { kind });
      if (turn !== this.#turn) return;
      this.#slots = [];
      this.#take(answer);
      this.onKinds(answer.kinds);
    } catch (error) {
      if (turn === this.#turn) say(this.state, `The times could not be read. ${error.message}`);
    }
  }

  async #more() {
    try {
      this.#take(await this.#desk.api.slots(this.#ask.thread, { kind: this.#ask.kind, from: this.#next }));
    } catch (error) {
      say(this.state, `Later days could not be read. ${error.message}`);
    }
  }

  #take({ items, zone, next }) {
    this.#zone = known(zone);
    this.#next = next ?? null;
    this.#slots = [...this.#slots, ...items.filter((slot) => slot.start !== this.#ask.not)];
    this.later.hidden = !this.#next;
    this.#drawDays();
  }

  get #dates() { return [...new Set(this.#slots.map((slot) => dateOf(slot.start, this.#zone)))]; }

  #drawDays() {
    const before = this.day.value;
    const dates = this.#dates;
    const today = dateOf(Date.now(), this.#zone);
    const free = (date) => this.#of(date).filter((slot) => slot.left > 0).length;
    this.choice.hidden = dates.length === 0;
    say(this.state, dates.length === 0 ? "No times are offered: the team's hours and terms leave none." : this.#zone === ownZone ? "" : `By ${zoneWords(this.#zone)}`);
    this.day.replaceChildren(...dates.map((date) => {
      const words = nearDate(date, today);
      return h("option", { value: date }, `${words.charAt(0).toUpperCase()}${words.slice(1)}${free(date) ? "" : ", full"}`);
    }));
    this.day.value = dates.includes(before) ? before : dates.find(free) ?? dates[0] ?? "";
    this.#drawTimes();
  }

  #of(date) { return this.#slots.filter((slot) => dateOf(slot.start, this.#zone) === date); }

  #drawTimes() {
    const slots = this.#of(this.day.value);
    const clocks = slots.map((slot) => clockOf(slot.start, this.#zone));
    say(this.legend, slots.length === 1 ? "1 time" : `${slots.length} times`);
    this.times.replaceChildren(...slots.map((slot, place) => {
      const twice = clocks.filter((clock) => clock === clocks[place]).length > 1;
      const words = twice ? `${clocks[place]} ${zoneAbbreviation(slot.start, this.#zone)}` : clocks[place];
      return h("label", { class: "time-chip", title: slot.left > 0 ? `${slot.left} left` : "Taken" },
        h("input", { type: "radio", name: this.name, value: slot.id, disabled: slot.left <= 0 }), h("span", {}, words, slot.left > 0 ? null : h("span", { class: "unseen" }, " taken")));
    }));
  }
}

/** What a refusal says beside its words: the next time that is free. */
export function nextFree(error, zone = ownZone) {
  const [slot] = error.facts?.slots ?? [];
  if (!slot) return "";
  return ` The next that is free: ${clockOf(slot.start, zone)} ${nearDate(dateOf(slot.start, zone), dateOf(Date.now(), zone))}.`;
}
