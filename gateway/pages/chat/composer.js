// Where a customer writes. Words and files are kept as they come, so that a reload loses none; once sent they are the
// outgoing list's, whatever the network does.

import { arrange, h, icon, isolated, put, say } from "../console/dom.js";
import { ownFile } from "./attachment.js";
import { order } from "./kept.js";
import { dropping, sort } from "./picking.js";
import { glyphButton } from "./words.js";

const LINES = 8;
const MOST = 16_000;
const SIZES_ITSELF = CSS.supports("field-sizing", "content");
/** A keyboard at hand sends with Enter, as people know it; on a screen keyboard Enter begins a line. */
const ENTER_SENDS = matchMedia("(hover: hover) and (pointer: fine)").matches;

export class Composer {
  #chat;
  #files = [];
  #rows = new Map();

  constructor(chat) {
    this.#chat = chat;
    this.text = h("textarea", { rows: "1", id: "words", dir: "auto", enterkeyhint: ENTER_SENDS ? "send" : "enter", on: {
      input: () => this.#typed(), keydown: (event) => this.#key(event), paste: (event) => this.#pasted(event),
    } });
    this.label = h("label", { class: "unseen", for: "words" });
    this.picker = h("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files", on: { change: () => this.#picked() } });
    this.files = h("ul", { class: "draft-files", "aria-label": "Files of this message" });
    this.trouble = h("ul");
    this.hint = h("span", { class: "hint" });
    this.attach = glyphButton("Attach", "attach", { look: "plain attach", press: () => this.picker.click() });
    this.button = h("button", { type: "button", class: "button primary send", on: { click: () => this.#send() } }, icon("send"), h("span", {}, "Send"));
    this.box = h("div", { class: "composer-box" }, this.files, this.text, h("div", { class: "composer-foot" }, this.attach, this.hint, this.button));
    this.element = h("section", { class: "composer", "aria-labelledby": "composer-name" },
      h("h2", { class: "unseen", id: "composer-name" }, "Write"), this.label, h("div", { class: "trouble", role: "status" }, this.trouble), this.picker, this.box);
    dropping(this.box, (files) => this.#add(files));
  }

  get #draft() { return `teamline.chat.${this.#chat.channel}.draft`; }

  /** Takes up what was begun here before. */
  async resume() {
    this.text.value = localStorage.getItem(this.#draft) ?? "";
    this.#files = (await this.#chat.kept.all(this.#chat.channel)).filter((each) => each.kind === "file");
    this.render();
  }

  focus() { this.text.focus(); }

  render() {
    const { facts } = this.#chat.visitor;
    const name = facts?.team.name ?? "us";
    say(this.label, `Message to ${name}`);
    put(this.text, "placeholder", `Write to ${name}`);
    if (facts?.accepts?.types.length) put(this.picker, "accept", facts.accepts.types.join(","));
    this.attach.hidden = facts?.accepts?.max_files === 0;
    const over = [...this.text.value].length - (facts?.accepts?.max_body ?? MOST);
    this.hint.toggleAttribute("data-attention", over > 0);
    say(this.hint, over > 0 ? `${over.toLocaleString("en")} characters too many` : ENTER_SENDS ? "Enter sends, Shift+Enter begins a line" : "");
    put(this.button, "aria-disabled", String(!this.#ready));
    this.#drawFiles();
    this.#grow();
  }

  get #ready() {
    const length = [...this.text.value].length;
    return (Boolean(this.text.value.trim()) || this.#files.length > 0) && length <= (this.#chat.visitor.facts?.accepts?.max_body ?? MOST);
  }

  #drawFiles() {
    for (const file of this.#files) {
      if (!this.#rows.has(file.key)) this.#rows.set(file.key, h("li", {}, ownFile(file, () => this.#drop(file))));
    }
    arrange(this.files, this.#files.map((file) => this.#rows.get(file.key)));
    this.files.hidden = this.#files.length === 0;
  }

  #grow() {
    if (SIZES_ITSELF) return;
    this.text.style.height = "auto";
    const { lineHeight, paddingTop, paddingBottom } = getComputedStyle(this.text);
    const most = LINES * parseFloat(lineHeight) + parseFloat(paddingTop) + parseFloat(paddingBottom);
    this.text.style.height = `${Math.min(this.text.scrollHeight, most)}px`;
  }

  #typed() {
    if (this.text.value) localStorage.setItem(this.#draft, this.text.value);
    else localStorage.removeItem(this.#draft);
    this.render();
  }

  #key(event) {
    if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
    if (!ENTER_SENDS && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.#send();
  }

  #picked() {
    this.#add([...this.picker.files]);
    this.picker.value = "";
    this.text.focus();
  }

  #pasted(event) {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    this.#add(files);
  }

  /** Words and files come back to be changed. */
  edit(body, files) {
    this.text.value = [body, this.text.value].filter(Boolean).join("\n");
    this.#typed();
    return this.#keep(files.map(({ name, type, size, blob }) => ({ name, type, size, blob })));
  }

  #add(files) {
    const { taken, refused } = sort(files, this.#files, this.#chat.visitor.facts?.accepts);
    this.#complain(refused.map(({ name, why }) => [isolated(name), ` was not added: ${why}.`]));
    return this.#keep(taken);
  }

  #complain(lines) {
    this.trouble.replaceChildren(...lines.map((words) => h("li", {}, icon("alert"), h("span", {}, words))));
  }

  #keep(files) {
    const { channel, kept } = this.#chat;
    const put = files.map((file) => ({ ...file, key: crypto.randomUUID(), channel, kind: "file", order: order() }));
    this.#files = [...this.#files, ...put];
    this.render();
    return kept.change({ put }).catch(() => {
      this.#files = this.#files.filter((file) => !put.includes(file));
      this.#complain(put.map((file) => [isolated(file.name), " was not added: this browser has no room to keep it."]));
      this.render();
    });
  }

  #drop(file) {
    this.#files = this.#files.filter((each) => each !== file);
    this.#rows.delete(file.key);
    this.render();
    this.text.focus();
    return this.#chat.kept.change({ remove: [file.key] });
  }

  #send() {
    if (!this.#ready) return this.text.focus();
    const body = this.text.value.trim() ? this.text.value : "";
    const files = this.#files;
    this.#files = [];
    this.#rows.clear();
    this.text.value = "";
    this.trouble.replaceChildren();
    this.render();
    this.text.focus();
    this.#chat.send(body, files).then(() => this.text.value || localStorage.removeItem(this.#draft), () => this.#bounce(body, files));
  }

  /** What could not be kept is not sent either, since it might be lost on the way. */
  #bounce(body, files) {
    this.text.value = body;
    this.#files = files;
    this.#complain(["This was not sent: the browser has no room to keep it until it has arrived. Fewer or smaller files may help."]);
    this.render();
  }
}
