// The first steps: four things that show what this is for. Each is ticked off by the thing itself having happened,
// never by a press here, and stays ticked in this browser.

import { h, icon, say } from "../console/dom.js";

const NAME = "teamline.first-steps";
const APPLE = /Mac|iPhone|iPad/.test(navigator.platform);

/** `hint` is told how one signs in, in words. */
const STEPS = [
  { name: "texted", title: "Text the team", hint: () => "You are the customer. Write something on the phone, as one would to a company." },
  { name: "answered", title: "Answer it", hint: (sign) => `Your text stands at the top of the console. ${sign} Open it and answer: ${APPLE ? "⌘" : "Ctrl"}+Enter sends, and the phone has it a moment later.` },
  { name: "noted", title: "Leave a note", hint: () => "Press n in the console and write a note. Your team sees it there; the phone never does." },
  { name: "colleague", title: "Bring a colleague", hint: (sign, colleague) => `Open the console in a private window, sign in as ${colleague}, and open the same conversation: each sees the other there, and typing.` },
];
const ALL_DONE = "That is the whole job: a text in, a person's answer out. Put a real number in config/adapters/ and it works with any phone. In the console, ? shows all keys.";

export class Steps {
  #part = (id) => document.getElementById(id);
  #memory = { done: [], hidden: false, ...JSON.parse(localStorage.getItem(NAME)) };
  #sign;
  #colleague;

  /** `sign` says how to sign in, `colleague` as whom a second person can. */
  constructor({ sign, colleague }) {
    this.#sign = sign;
    this.#colleague = colleague;
    this.#part("hide-steps").addEventListener("click", () => this.#hide(true));
    this.#part("show-steps").addEventListener("click", () => this.#hide(false));
    this.#draw();
  }

  /** Something has happened: the name of a step, or of nothing that is one. */
  tick(name) {
    if (this.#memory.done.includes(name) || !STEPS.some((step) => step.name === name)) return;
    this.#memory.done.push(name);
    this.#keep();
    const next = this.#next;
    const done = STEPS.find((step) => step.name === name);
    this.#part("announcer").textContent = `${done.title}: done. ${next ? `Next: ${next.title}.` : "All first steps are done."}`;
  }

  get #next() { return STEPS.find((step) => !this.#memory.done.includes(step.name)); }

  #keep() {
    localStorage.setItem(NAME, JSON.stringify(this.#memory));
    this.#draw();
  }

  #hide(hidden) {
    this.#memory.hidden = hidden;
    this.#keep();
    this.#part(hidden ? "show-steps" : "hide-steps").focus();
  }

  #draw() {
    this.#part("steps").hidden = this.#memory.hidden;
    this.#part("show-steps").hidden = !this.#memory.hidden;
    this.#part("step-list").replaceChildren(...STEPS.map((step, place) => this.#step(step, place)));
    const next = this.#next;
    say(this.#part("step-hint"), next ? next.hint(this.#sign, this.#colleague).replace(/ +/g, " ") : ALL_DONE);
  }

  #step({ name, title }, place) {
    const done = this.#memory.done.includes(name);
    return h("li", { class: "step", "data-done": done, "aria-current": this.#next?.name === name ? "step" : null },
      h("span", { class: "step-mark" }, done ? [icon("check"), h("span", { class: "unseen" }, "Done: ")] : String(place + 1)), h("span", {}, title));
  }
}
