// How files are added to a reply and what is seen of them before it leaves: picked, pasted or dropped, each with its
// progress, each to be taken away again. Refusals are words.

import { ownFile } from "../chat/attachment.js";
import { dropping } from "../chat/picking.js";
import { glyphButton } from "../chat/words.js";
import { arrange, button, h, icon, isolated, put } from "./dom.js";

const STATES = {
  leaving: (file) => `${Math.floor(file.progress * 100)} %`,
  ready: () => "",
  broken: (file) => file.detail,
  refused: (file) => `Not taken: ${file.detail}`,
};

export class Attaching {
  #desk;
  #thread = null;
  #way = null;
  #open = false;
  #rows = new Map();

  /** `box` is marked while files hang over the page; `onAdded()`: the writer goes on writing. */
  constructor(desk, { box, onAdded }) {
    this.#desk = desk;
    this.onAdded = onAdded;
    this.picker = h("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files", on: { change: () => this.#picked() } });
    this.button = glyphButton("Attach", "attach", { look: "plain attach", press: () => this.picker.click() });
    this.list = h("ul", { class: "draft-files", "aria-label": "Files of this reply", hidden: true });
    this.trouble = h("ul");
    dropping(box, (files) => this.#open && this.#add(files));
  }

  show(thread, way, open) {
    if (thread !== this.#thread) this.trouble.replaceChildren();
    this.#thread = thread;
    this.#way = way;
    this.#open = open;
    this.button.hidden = !open || way?.max_files === 0;
    put(this.picker, "accept", (way?.file_types ?? []).join(","));
    this.#draw();
  }

  pasted(event) {
    const files = [...event.clipboardData.files];
    if (!files.length || !this.#open) return;
    event.preventDefault();
    this.#add(files);
  }

  #picked() {
    this.#add([...this.picker.files]);
    this.picker.value = "";
  }

  #add(files) {
    const refused = this.#desk.attached.add(this.#thread, files, this.#way);
    this.trouble.replaceChildren(...refused.map(({ name, why }) => h("li", {}, icon("alert"), h("span", {}, isolated(name), ` was not added: ${why}.`))));
    this.onAdded();
  }

  sent() { this.trouble.replaceChildren(); }

  #draw() {
    const files = this.#open ? this.#desk.attached.of(this.#thread) : [];
    const keys = new Set(files.map((file) => file.key));
    for (const key of this.#rows.keys()) if (!keys.has(key)) this.#rows.delete(key);
    arrange(this.list, files.map((file) => this.#row(file)));
    this.list.hidden = files.length === 0;
  }

  #row(file) {
    if (!this.#rows.has(file.key)) this.#rows.set(file.key, this.#make(file));
    const { element, words, bar, again } = this.#rows.get(file.key);
    const text = STATES[file.state](file);
    if (words.textContent !== text) words.textContent = text;
    words.classList.toggle("danger", file.state === "refused" || file.state === "broken");
    bar.hidden = file.state !== "leaving";
    bar.value = file.progress ?? 1;
    again.hidden = file.state !== "broken";
    return element;
  }

  #make(file) {
    const words = h("span", { class: "file-about", role: "status" });
    const bar = h("progress", { max: "1", "aria-label": `How much of ${file.name} has left` });
    const again = button("Try again", { press: () => this.#desk.attached.again(this.#thread, file) });
    const element = h("li", {}, ownFile(file, () => { this.#desk.attached.remove(this.#thread, file); this.onAdded(); }, [words, bar, again]));
    return { element, words, bar, again };
  }
}
