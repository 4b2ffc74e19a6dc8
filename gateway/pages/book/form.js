// How the choosing looks: a call or a chat, a day, a time in the reader's zone, the number, what it is about. It draws what
// it is given and tells what was chosen; what was typed stays in its fields.

import { button, h, icon, isolated, put, say } from "../console/dom.js";
import { Choice, Field, instead } from "./fields.js";
import { beside, first, hours, ownZone, when, zoneName } from "./times.js";

/** The day that is no day. */
export const NOW = "now";
const KINDS = { call: ["Call", "we call you"], chat: ["Chat", "you write here"] };
const ABOUT = 500;
const EXAMPLE = "From another country with its code, such as +1 303 555 0142.";

export class Form {
  /** `isKnown`: the team may have a number for this customer. `on` hears `kind`, `day`, `slot` (what was chosen), `later`
   *  and `send`. */
  constructor(isKnown, on) {
    this.kinds = new Choice("How", "kind", { look: "kinds", onChoose: on.kind });
    this.days = new Choice("Day", "day", { look: "days", onChoose: on.day });
    this.more = button("Later days", { look: "plain", hidden: true, press: on.later });
    this.hours = new Choice("Time", "time", { look: "times", onChoose: on.slot });
    this.zone = h("p", { class: "field-hint" });
    this.now = h("p", { class: "picker-now" });
    this.instead = h("div", { class: "picker-instead", role: "alert" });
    this.phone = new Field("Number to call", "phone", h("input", { type: "tel", autocomplete: "tel", maxlength: "40" }),
      `${EXAMPLE} ${isKnown ? "Left empty, it is the one that you text from." : "Kept in this browser for the next time."}`);
    this.about = new Field("What it is about", "about", h("textarea", { rows: "2", maxlength: String(ABOUT), dir: "auto" }),
      "If you like. Whoever takes it reads this first.");
    this.trouble = h("p", { class: "picker-trouble", role: "alert" });
    this.summary = h("p", { class: "summary" });
    this.submit = h("button", { type: "submit", class: "button primary" }, h("span"));
    this.element = h("form", { novalidate: true, on: { submit: (event) => { event.preventDefault(); on.send(); } } },
      this.kinds.element, this.instead, h("div", { class: "picker-days" }, this.days.element, this.more), this.hours.element, this.zone, this.now,
      this.phone.element, this.about.element, h("div", { class: "picker-foot" }, this.trouble, this.summary, this.submit));
  }

  /** `days` as `times.days` has them, `day` and `slot` what is chosen, `moving` the booking that is moved, if one is; `isSet`:
   *  it is about that one, and of its kind. */
  draw({ offered, kind, days, day, slot, isNow, isSet, isMore, moving, team, ready }) {
    const { kinds, zone } = offered;
    this.kinds.element.hidden = isSet || kinds.length < 2;
    this.kinds.render([{ options: kinds.map((value) => ({ value, words: KINDS[value] })) }], kind);
    this.days.render([{ options: [...(isNow ? [{ value: NOW, words: ["Now", "soonest"] }] : []), ...days] }], day);
    this.days.element.hidden = !days.length && !isNow;
    this.more.hidden = !isMore;
    const { slots = [] } = days.find(({ value }) => value === day) ?? {};
    this.hours.render(hours(slots, zone), slot?.id);
    for (const part of [this.hours.element, this.zone]) part.hidden = !slots.length;
    if (slots.length) this.#drawZone(slots[0].start, zone);
    this.#drawNow(day, days, team);
    this.phone.element.hidden = kind !== "call";
    this.#drawFoot({ kind, day, slot, zone, moving, ready });
  }

  #drawZone(at, zone) {
    const other = beside(at, zone);
    say(this.zone, `Times are in your own zone, ${zoneName(ownZone(), at)}.${other ? ` Beside them is the team's, ${zoneName(zone, at)}.` : ""}`);
  }

  #drawNow(day, days, team) {
    this.now.hidden = day !== NOW && days.length > 0;
    if (day !== NOW) return say(this.now, "Every time is taken. One comes back when somebody moves or cancels.");
    if (this.now.dataset.team === team && this.now.childElementCount) return;
    this.now.dataset.team = team;
    this.now.replaceChildren("The people of ", isolated(team), " who are here now are asked, one after another, and whoever takes it calls you. Who has taken it is said here; so is it if nobody does.");
  }

  #drawFoot({ kind, day, slot, zone, moving, ready }) {
    const other = slot ? beside(slot.start, zone) : "";
    say(this.summary, slot ? `${KINDS[kind][0]} ${when(slot.start)}${other && ` (${other})`}` : "");
    say(this.submit.firstElementChild, day === NOW ? "Call me now" : moving ? `Move the ${kind}` : `Book the ${kind}`);
    put(this.submit, "aria-disabled", String(!ready));
  }

  /** Something that stands at no field in particular. */
  complain(words) { say(this.trouble, words); }

  /** That time is gone: `slots` are the next, and `pick(slot)` hears which is taken instead. */
  offer(words, slots, pick) {
    this.instead.replaceChildren(h("p", {}, icon("alert"), h("span", {}, `${words} ${slots.length ? "These are the next:" : "No other is free."}`)),
      instead(slots, (slot) => first(when(slot.start)), pick));
    this.instead.querySelector("button")?.focus();
  }

  /** Takes away what was complained of. */
  clear() {
    this.complain("");
    this.instead.replaceChildren();
    for (const field of [this.phone, this.about]) field.complain("");
    this.hours.trouble.say("");
  }
}
