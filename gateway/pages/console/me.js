// One's own: whether one is away, the phone that rings for a booked call, and whether a ring is heard in this browser.

import { announce, button, h, say } from "./dom.js";
import { habits } from "./habits.js";
import { addressName } from "./words.js";

const AWAY = "While you are away, bookings ring for others; what you have claimed passes on.";
const LEADS = " A lead still hears of one that nobody else keeps.";

export class Me extends HTMLElement {
  #desk;
  #busy = false;

  start(desk) {
    this.#desk = desk;
    this.name = h("h2", { id: "me-name" });
    this.away = h("input", { type: "checkbox", role: "switch", "aria-describedby": "me-away-words", on: { click: (event) => this.#turn(event) } });
    this.aloud = h("input", { type: "checkbox", role: "switch", on: { change: () => { habits.ringsAloud = this.aloud.checked; desk.store.touch("bookings"); } } });
    this.phone = h("input", { id: "me-phone", type: "tel", autocomplete: "tel", maxlength: "40", placeholder: "+1 303 555 0100", "aria-describedby": "me-phone-words me-phone-fault" });
    this.fault = h("p", { class: "danger", id: "me-phone-fault", role: "alert" });
    this.state = h("p", { class: "quiet", role: "status" });
    this.trouble = h("p", { class: "danger", role: "alert" });
    this.dialog = h("dialog", { class: "me", "aria-labelledby": "me-name" },
      h("header", {}, this.name, button("Close", { icon: "close", look: "plain", press: () => this.dialog.close() })),
      h("label", { class: "habit" }, this.away, h("span", {}, "Away")), this.means = h("p", { class: "quiet", id: "me-away-words" }), this.trouble,
      h("form", { class: "me-phone", novalidate: true, on: { submit: (event) => this.#save(event) } },
        h("div", { class: "field" }, h("label", { for: "me-phone" }, "Your phone"), this.phone),
        h("button", { class: "button", type: "submit" }, "Save")),
      h("p", { class: "quiet", id: "me-phone-words" }, "For a booked call it rings first, then the customer's. Customers never see it."), this.fault, this.state,
      h("label", { class: "habit" }, this.aloud, h("span", {}, "Sound when a booking rings for me")),
      h("p", { class: "quiet" }, "In this browser only."));
    this.append(this.dialog);
    desk.addEventListener("begun", () => desk.store.me.away === undefined && this.#read());
  }

  /** `at`: "phone" for the field of the number. */
  open(at = null) {
    for (const each of [this.fault, this.state, this.trouble]) say(each, "");
    this.#render();
    this.dialog.showModal();
    if (at === "phone") this.phone.focus();
    this.#read();
  }

  async #read() {
    try {
      this.#take(await this.#desk.api.me());
    } catch (error) {
      if (error.status !== 401 && this.dialog.open) say(this.trouble, `This could not be read. ${error.message}`);
    }
  }

  #take(me) {
    if (me.id !== this.#desk.store.me?.id) return;
    this.#desk.store.me = { ...this.#desk.store.me, ...me };
    this.#desk.store.touch("me");
    if (document.activeElement !== this.phone) this.#render();
  }

  #render() {
    const { me } = this.#desk.store;
    say(this.name, me.name);
    say(this.means, me.role === "lead" ? AWAY + LEADS : AWAY);
    this.away.checked = Boolean(me.away);
    this.aloud.checked = habits.ringsAloud;
    this.phone.value = me.phone ? addressName(me.phone) : "";
  }

  /** The switch shows what is, not what is hoped for. */
  async #turn(event) {
    event.preventDefault();
    if (this.#busy) return;
    this.#busy = true;
    say(this.trouble, "");
    try {
      this.#take(await this.#desk.api.changeMe({ away: !this.#desk.store.me.away }));
      this.away.checked = this.#desk.store.me.away;
      announce(this.away.checked ? "You are away" : "You are back");
    } catch (error) {
      if (error.status !== 401) say(this.trouble, `That did not go through. ${error.message} Nothing was changed.`);
    }
    this.#busy = false;
    this.away.checked = Boolean(this.#desk.store.me.away);
  }

  async #save(event) {
    event.preventDefault();
    say(this.fault, "");
    say(this.state, "");
    const phone = this.phone.value.trim() || null;
    try {
      this.#take(await this.#desk.api.changeMe({ phone }));
      this.phone.value = this.#desk.store.me.phone ? addressName(this.#desk.store.me.phone) : "";
      say(this.state, phone ? "Saved." : "No phone is written down any more.");
    } catch (error) {
      if (error.status === 401) return;
      say(this.fault, `Not saved. ${error.message}`);
      this.phone.focus();
    }
  }
}
customElements.define("tl-me", Me);
