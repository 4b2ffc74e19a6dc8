// The parts of the form: one choice of several, and a field, each with a place for what is wrong with it.

import { arrange, button, h, icon, put, say } from "../console/dom.js";

/** A place for a refusal, beside what it is about. */
class Trouble {
  constructor(id) {
    this.words = h("span");
    this.element = h("p", { class: "field-trouble", id, role: "alert", hidden: true }, icon("alert"), this.words);
  }

  say(words) {
    this.element.hidden = !words;
    say(this.words, words);
  }
}

/** Radio buttons of which one is chosen, by the keys that the browser has for them. */
export class Choice {
  #name;
  #made = new Map();

  constructor(legend, name, { look = "", onChoose }) {
    this.#name = name;
    this.trouble = new Trouble(`${name}-trouble`);
    this.legend = h("legend", {}, legend);
    this.groups = h("div", { class: `chips ${look}`.trim() });
    this.element = h("fieldset", { class: "choice", "aria-describedby": `${name}-trouble` }, this.legend, this.trouble.element, this.groups);
    this.groups.addEventListener("change", ({ target }) => onChoose(target.value));
  }

  /** `groups` are [{heading?, options: [{value, words: [first, beside?]}]}]; `chosen` one of the values, or none of them. */
  render(groups, chosen) {
    const used = new Set();
    arrange(this.groups, groups.map(({ heading = "", options }) => {
      const group = this.#once(`group|${heading}`, used, () => h("div", { class: "chip-group" }, heading && h("p", { class: "chip-heading" }, heading), h("div", { class: "chip-row" })));
      arrange(group.lastElementChild, options.map((option) => this.#chip(option, used, chosen)));
      return group;
    }));
    for (const key of this.#made.keys()) if (!used.has(key)) this.#made.delete(key);
  }

  #chip({ value, words }, used, chosen) {
    const chip = this.#once(`${value}|${words}`, used, () => h("label", { class: "chip" },
      h("input", { type: "radio", name: this.#name, value }), h("span", { class: "chip-word" }, words[0]), words[1] && h("span", { class: "chip-beside" }, words[1])));
    chip.firstElementChild.checked = value === chosen;
    return chip;
  }

  #once(key, used, make) {
    used.add(key);
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key);
  }

  focus() { (this.groups.querySelector("input:checked") ?? this.groups.querySelector("input"))?.focus(); }
}

/** A control with its label. */
export class Field {
  constructor(label, id, control, hint) {
    this.control = control;
    this.trouble = new Trouble(`${id}-trouble`);
    this.hint = h("p", { class: "field-hint", id: `${id}-hint` }, hint);
    put(control, "id", id);
    put(control, "aria-describedby", `${id}-hint ${id}-trouble`);
    this.element = h("div", { class: "field" }, h("label", { for: id }, label), control, this.hint, this.trouble.element);
    control.addEventListener("input", () => this.complain(""));
  }

  get value() { return this.control.value.trim(); }

  complain(words) {
    this.trouble.say(words);
    if (words) put(this.control, "aria-invalid", "true");
    else this.control.removeAttribute("aria-invalid");
  }
}

/** Times to choose from instead of one that could not be had: a button each. */
export function instead(slots, words, press) {
  return h("ul", { class: "instead" }, slots.map((slot) => h("li", {}, button(words(slot), { press: () => press(slot) }))));
}
