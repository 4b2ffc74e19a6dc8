// Recording that a customer wants nothing more, when they said so in words that no carrier knows. It closes one way, asks
// before, and cannot be taken back by us: only the customer's own word reopens it.

import { announce, button, h, say } from "./dom.js";
import { wayWords } from "./words.js";

export class OptOut {
  #desk;
  #conversation = null;
  #drawn = "";

  constructor(desk) {
    this.#desk = desk;
    this.begin = button("Record an opt-out", { press: () => this.#open() });
    this.way = h("select", { id: "opt-out-way" });
    this.note = h("textarea", { id: "opt-out-note", rows: "3", maxlength: "1000", dir: "auto", "aria-describedby": "opt-out-fault" });
    this.fault = h("p", { class: "danger", id: "opt-out-fault", role: "alert" });
    this.form = h("form", { class: "opt-out", hidden: true, "aria-label": "Record an opt-out", on: {
      submit: (event) => this.#record(event), keydown: (event) => this.#key(event),
    } },
    h("p", {}, "Nothing more goes out by this way. Only the customer can reopen it."),
    h("div", { class: "field" }, h("label", { for: "opt-out-way" }, "What is closed"), this.way),
    h("div", { class: "field" }, h("label", { for: "opt-out-note" }, "What the customer said"), this.note),
    this.fault,
    h("div", { class: "choices" }, this.confirm = h("button", { class: "button primary", type: "submit" }, "Record it"), button("Cancel", { press: () => this.#close() })));
    this.element = h("div", { class: "opt-out-place" }, this.begin, this.form);
  }

  show(conversation) {
    if (conversation !== this.#conversation) this.form.hidden = true;
    this.#conversation = conversation;
    const open = (conversation.detail?.ways ?? []).filter((way) => way.problem !== "opted-out");
    this.element.hidden = open.length === 0;
    this.begin.hidden = !this.form.hidden;
    const state = JSON.stringify(open.map((way) => way.id));
    if (state === this.#drawn) return;
    this.#drawn = state;
    this.way.replaceChildren(...open.map((way) => h("option", { value: way.id }, wayWords(way))));
  }

  #open() {
    this.form.hidden = false;
    this.begin.hidden = true;
    this.note.value = "";
    say(this.fault, "");
    this.note.focus();
  }

  #close() {
    this.form.hidden = true;
    this.begin.hidden = false;
    (this.element.hidden ? document.querySelector("tl-panel .panel") : this.begin).focus();
  }

  #key(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.#close();
  }

  async #record(event) {
    event.preventDefault();
    const conversation = this.#conversation;
    if (!this.note.value.trim()) {
      say(this.fault, "Write what the customer said, so that others can see why.");
      return this.note.focus();
    }
    if (this.confirm.getAttribute("aria-disabled") === "true") return;
    this.confirm.setAttribute("aria-disabled", "true");
    try {
      const { ways } = await this.#desk.api.optOut(conversation.id, this.way.value, this.note.value);
      conversation.detail = { ...conversation.detail, ways };
      conversation.way = null;
      this.#close();
      announce("The opt-out is recorded");
      this.#desk.store.touch(conversation.id);
    } catch (error) {
      say(this.fault, `It was not recorded. ${error.message} Your words are kept here.`);
    } finally {
      this.confirm.removeAttribute("aria-disabled");
    }
  }
}
