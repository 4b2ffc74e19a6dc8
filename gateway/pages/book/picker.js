// Where a customer chooses a time, moves one, or asks for a call now. What was typed stays until that is done, whatever is
// refused meanwhile; what is chosen is asked for until there is an answer.

import { button, h, say } from "../console/dom.js";
import { Form, NOW } from "./form.js";
import { patiently } from "./patience.js";
import { dayOf, days, ownZone, when } from "./times.js";
import { isLeft, sentence } from "./words.js";

/** Days that are shown before one asks for more. */
const FORTNIGHT = 14;
/** What is proposed first: one that is not booked already. */
const KINDS = ["call", "chat"];
const FIELD = /^(phone|about|slot|kind|now|zone): (.+)$/s;

export class Picker {
  #bookings;
  #offered = null;
  #kind = null;
  #day = null;
  #slot = null;
  /** The booking that is moved; null: a new one is made. */
  #moving = null;
  /** Whether it is about that booking and no other. */
  #isSet = false;
  #most = FORTNIGHT;
  #busy = false;
  /** Ends whenever it is closed or opened anew, and with it what was asked before. */
  #life = new AbortController();

  /** `team()`: its name. `isKnown`: the team may have a number for this customer. `onClose(booking)`: null for none. */
  constructor(bookings, { team, isKnown = false, onClose }) {
    this.#bookings = bookings;
    Object.assign(this, { team, onClose });
    this.form = new Form(isKnown, {
      kind: (kind) => this.#turn(kind), day: (day) => this.#choose({ day, slot: null }), slot: (slot) => this.#choose({ slot }),
      later: () => this.#later(), send: () => this.#send(),
    });
    this.heading = h("h2", { tabindex: "-1", id: "picker-name" });
    this.note = h("p", { class: "picker-note" });
    this.wait = h("p", { class: "picker-wait", role: "status" });
    this.again = button("Try again", { hidden: true, press: () => { this.heading.focus(); this.#load(); } });
    this.element = h("section", { class: "picker", "aria-labelledby": "picker-name", hidden: true, on: { keydown: (event) => event.key === "Escape" && this.close(null) } },
      h("div", { class: "picker-head" }, button("Back", { icon: "back", look: "plain", press: () => this.close(null) }), this.heading),
      this.note, this.wait, this.again, this.form.element);
  }

  get isOpen() { return !this.element.hidden; }

  /** `moving`: a booking to be moved. `slot`: a time to begin with. */
  open({ moving = null, slot = null } = {}) {
    this.#life.abort();
    this.#life = new AbortController();
    this.#busy = false;
    this.#moving = moving;
    this.#isSet = Boolean(moving);
    this.#kind = moving?.kind ?? KINDS.find((kind) => !this.#bookings.openOne(kind)) ?? KINDS[0];
    [this.#day, this.#slot] = slot ? [dayOf(slot.start), slot.id] : [null, null];
    this.form.phone.control.value ||= moving?.phone ?? this.#bookings.phone;
    this.form.about.control.value ||= moving?.about ?? "";
    this.form.clear();
    this.element.hidden = false;
    this.element.scrollTop = 0;
    this.heading.focus({ preventScroll: true });
    return this.#load();
  }

  close(booked) {
    this.#life.abort();
    this.element.hidden = true;
    this.onClose(booked);
  }

  async #load() {
    const { signal } = this.#life;
    this.#offered = null;
    this.#say("Looking for times.");
    try {
      let offered = await this.#bookings.slots(this.#kind);
      if (!offered.kinds.includes(this.#kind) && offered.kinds.length) {
        [this.#kind] = offered.kinds;
        offered = await this.#bookings.slots(this.#kind);
      }
      if (signal.aborted) return;
      this.#offered = offered;
      this.#moving ??= this.#bookings.openOne(this.#kind) ?? null;
      this.#say("");
    } catch (error) {
      if (!("lasting" in error)) throw error;
      if (!signal.aborted) this.#say(`The times could not be read. ${sentence(error.message)}`, true);
    }
  }

  #say(words, isTrouble = false) {
    say(this.wait, this.#offered?.kinds.length === 0 ? "No times are offered here." : words);
    this.again.hidden = !isTrouble;
    this.#draw();
  }

  #turn(kind) {
    this.#kind = kind;
    this.#moving = null;
    [this.#day, this.#slot] = [null, null];
    this.form.clear();
    return this.#load().then(() => this.form.kinds.focus());
  }

  #choose({ day = this.#day, slot }) {
    [this.#day, this.#slot] = [day, slot];
    this.form.clear();
    this.#draw();
  }

  async #later() {
    this.#most += FORTNIGHT;
    const { next, items } = this.#offered;
    if (next) {
      const more = await this.#bookings.slots(this.#kind, next).catch(() => ({ items: [], next }));
      this.#offered = { ...this.#offered, next: more.next, items: [...items, ...more.items] };
    }
    this.#draw();
    this.form.days.focus();
  }

  #draw() {
    say(this.heading, this.#moving ? `Move the ${this.#kind}` : "Book a time");
    this.note.hidden = !this.#offered || !this.#moving;
    if (this.#moving) say(this.note, this.#noted);
    this.form.element.hidden = !this.#offered?.kinds.length;
    if (this.form.element.hidden) return;
    const found = days(this.#offered.items);
    const isNow = this.#kind === "call" && this.#offered.now.call && !this.#moving;
    if (!found.some(({ value }) => value === this.#day) && !(isNow && this.#day === NOW)) this.#day = isNow ? NOW : found[0]?.value ?? null;
    this.form.draw({
      offered: this.#offered, kind: this.#kind, days: found.slice(0, this.#most), day: this.#day, slot: this.#chosen, isNow, isSet: this.#isSet, moving: this.#moving,
      isMore: found.length > this.#most || Boolean(this.#offered.next), team: this.team(), ready: this.#ready,
    });
  }

  get #noted() {
    const { kind, state, start, can } = this.#moving;
    if (!can.includes("move")) return `A ${kind} is under way. Another can be booked once it is done.`;
    return state === "missed" || isLeft(this.#moving) ? "What you choose is a new promise." : `A ${kind} is booked ${when(start)}. What you choose takes its place.`;
  }

  /** The time that is chosen, while its day is in sight and it has a place. */
  get #chosen() {
    return this.#offered?.items.find(({ id, start, left }) => id === this.#slot && left && dayOf(start) === this.#day) ?? null;
  }

  get #ready() { return !this.#busy && Boolean(this.#chosen || this.#day === NOW) && (this.#moving?.can.includes("move") ?? true); }

  async #send() {
    if (this.#busy) return;
    if (this.#day !== NOW && !this.#chosen) return this.#unchosen();
    if (!this.#ready) return;
    this.form.clear();
    this.#busy = true;
    this.#draw();
    const { signal } = this.#life;
    const wish = this.#wish;
    const ask = () => (this.#moving ? this.#bookings.change(this.#moving.id, wish) : this.#bookings.book(wish));
    const onWait = () => this.form.complain("No answer came yet. It is asked for again, and counts once.");
    const [booked, refusal] = await patiently(ask, { signal, onWait }).then((made) => [made, null], (error) => [null, error]);
    if (signal.aborted) return;
    this.#busy = false;
    if (booked) return this.#done(booked);
    this.#draw();
    await this.#refused(refusal);
  }

  #unchosen() {
    this.form.hours.trouble.say("Choose a time.");
    this.form.hours.focus();
  }

  get #wish() {
    const { phone, about } = this.form;
    return {
      ...(this.#day === NOW ? { now: true } : { slot: this.#slot }), ...(this.#moving ? {} : { kind: this.#kind }),
      ...(this.#kind === "call" && phone.value ? { phone: phone.value } : {}), about: about.value, zone: ownZone(),
    };
  }

  #done(booked) {
    if (booked.kind === "call" && this.form.phone.value) this.#bookings.phone = this.form.phone.value;
    this.form.about.control.value = "";
    this.close(booked);
  }

  /** Each reason stands at what it is about, in the server's words. */
  async #refused(error) {
    if (!("lasting" in error)) throw error;
    const [, name, why] = FIELD.exec(error.message) ?? [null, "", error.message];
    if (error.type.endsWith("/already-booked")) return this.#already();
    if (error.facts.slots) return this.#taken(sentence(why), error.facts.slots);
    if (name !== "phone" && name !== "about") return this.form.complain(sentence(why));
    this.form[name].complain(sentence(why));
    this.form[name].control.focus();
  }

  async #taken(words, slots) {
    this.#slot = null;
    await this.#load();
    if (this.#offered) this.form.offer(words, slots, (slot) => { this.#choose({ day: dayOf(slot.start), slot: slot.id }); this.form.submit.focus(); });
  }

  /** In another tab, say. What was made there can be moved to here. */
  async #already() {
    await this.#bookings.load().catch(() => {});
    this.#moving = this.#bookings.openOne(this.#kind) ?? null;
    this.#draw();
    this.form.complain(this.#moving ? this.#noted : "One is booked already.");
  }
}
