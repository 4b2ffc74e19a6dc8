// Where a person writes. It saves as they type, says through which channel the words will go and what that means,
// and never holds them back: once sent they are the outgoing list's.

import { Attaching } from "./attaching.js";
import { misfit } from "./attached.js";
import { button, h, icon, put, say } from "./dom.js";
import { habits } from "./habits.js";
import { Rival } from "./rival.js";
import { Route, consequence } from "./route.js";
import { segments } from "./segments.js";
import { mediaWords, personName } from "./words.js";

const LINES = 8;
const SIZES_ITSELF = CSS.supports("field-sizing", "content");
/** What hands do at a keyboard; words that were pasted, dropped or put there by a program are not typing. */
const BY_HAND = /^(insertText|insertCompositionText|insertLineBreak|insertParagraph|deleteContent|deleteWord|deleteSoftLine)/;
const APPLE = /Mac|iPhone|iPad/.test(navigator.platform);

export class Composer {
  #desk;
  #conversation = null;
  #mode = "reply";
  /** The words as they were last put or typed here: others in the draft came from elsewhere. */
  #words = "";

  constructor(desk) {
    this.#desk = desk;
    this.text = h("textarea", { rows: "1", id: "words", dir: "auto", enterkeyhint: "enter", on: {
      input: (event) => this.#typed(event), keydown: (event) => this.#key(event),
      paste: (event) => this.attaching.pasted(event),
    } });
    this.modes = { reply: this.#tab("reply", "Reply", "reply"), note: this.#tab("note", "Note", "note") };
    this.route = new Route(desk, { onPick: () => { this.#describe(); this.text.focus(); } });
    this.rival = new Rival({ onTake: () => this.#choose("takeRival"), onKeep: () => this.#choose("keepMine") });
    this.measure = h("span", { class: "measure", id: "measure" });
    this.habit = h("input", { type: "checkbox", id: "enter-sends", on: { change: () => this.#setHabit() } });
    this.send = h("button", { type: "button", class: "button primary send", "aria-describedby": "measure", on: { click: () => this.#send() } }, icon("send"), h("span"));
    this.box = h("div", { class: "composer-box" });
    this.element = h("section", { class: "composer", "aria-labelledby": "composer-name" },
      h("h3", { class: "unseen", id: "composer-name" }, "Answer"),
      h("div", { class: "modes", role: "group", "aria-label": "What you write" }, this.modes.reply, this.modes.note, this.route.element),
      this.route.notice,
      this.rival.element,
      h("label", { class: "unseen", for: "words" }),
      this.box);
    this.attaching = new Attaching(desk, { box: this.box, onAdded: () => { this.#describe(); this.text.focus(); } });
    this.box.append(this.attaching.list, this.text, this.attaching.picker,
        h("div", { class: "composer-foot" }, this.attaching.button,
          h("label", { class: "habit" }, this.habit, h("span", {}, "Enter sends")), this.measure, this.send));
    this.box.before(h("div", { class: "trouble", role: "status" }, this.attaching.trouble));
    this.label = this.element.querySelector("label[for=words]");
    this.#sayHabit();
  }

  #tab(mode, label, name) {
    return button(label, { icon: name, look: "plain mode", "aria-pressed": "false", press: () => this.write(mode) });
  }

  /** Shows the composer of a conversation, with what was begun there. */
  show(conversation) {
    const same = this.#conversation === conversation;
    const draft = this.#desk.drafts.of(conversation.id);
    this.#conversation = conversation;
    if (!same) this.#turn(!draft.reply && draft.note ? "note" : "reply");
    else if (draft[this.#mode] !== this.#words) this.#turn(this.#mode);
    this.#describe();
  }

  /** `verb` says which of two windows' words stay. */
  #choose(verb) {
    this.#desk.drafts[verb](this.#conversation.id);
    this.write("reply");
    this.#turn("reply");
  }

  /** Puts the focus into the composer, as a reply or a note. */
  write(mode) {
    if (mode !== this.#mode) this.#turn(mode);
    this.text.focus();
  }

  /** Puts the focus where another way to the customer is picked. */
  pickWay() {
    this.write("reply");
    this.route.takeFocus();
  }

  /** Puts words, and files, back that came back. */
  edit(mode, body, files = []) {
    this.#desk.attached.restore(this.#conversation.id, files);
    this.#turn(mode);
    this.text.value = [body, this.text.value].filter(Boolean).join("\n");
    this.#typed();
    this.text.focus();
  }

  /** Puts words, such as a link, into the reply after what stands there. */
  insert(words) {
    this.write("reply");
    const before = this.text.value;
    this.text.value = `${before}${before && !/\s$/u.test(before) ? " " : ""}${words}`;
    this.#typed();
    this.text.setSelectionRange(this.text.value.length, this.text.value.length);
  }

  #turn(mode) {
    this.#mode = mode;
    this.element.dataset.mode = mode;
    for (const [name, tab] of Object.entries(this.modes)) tab.setAttribute("aria-pressed", String(name === mode));
    this.#words = this.#desk.drafts.of(this.#conversation.id)[mode];
    this.text.value = this.#words;
    this.#describe();
    this.#grow();
  }

  #typed(event = null) {
    const { drafts, presence } = this.#desk;
    this.#words = this.text.value;
    drafts.save(this.#conversation.id, this.#mode, this.#words);
    if (!this.text.value) presence.stopped();
    else if (event?.isTrusted && BY_HAND.test(event.inputType) && this.#mode === "reply") presence.typing();
    this.#describe();
    this.#grow();
  }

  #grow() {
    if (SIZES_ITSELF) return;
    this.text.style.height = "auto";
    const { lineHeight, paddingTop, paddingBottom } = getComputedStyle(this.text);
    const frame = this.text.offsetHeight - this.text.clientHeight;
    const most = LINES * parseFloat(lineHeight) + parseFloat(paddingTop) + parseFloat(paddingBottom);
    this.text.style.height = `${Math.min(this.text.scrollHeight, most) + frame}px`;
  }

  get #limit() {
    return this.#mode === "note" ? 16_000 : this.route.way?.max_body || 16_000;
  }

  /** Those that go with what is being written: none with a note. */
  get #files() { return this.#mode === "note" ? [] : this.#desk.attached.of(this.#conversation.id); }

  get #ready() {
    const body = this.text.value;
    if ([...body].length > this.#limit || !(body.trim() || this.#files.length)) return false;
    return this.#mode === "note" || (this.route.isOpen && !misfit(this.#files, this.route.way) && this.#desk.attached.ready(this.#conversation.id));
  }

  #describe() {
    const note = this.#mode === "note";
    const name = personName(this.#conversation.row?.customer.name ?? "the customer");
    say(this.label, note ? "Note for your team" : `Reply to ${name}`);
    put(this.text, "placeholder", note ? "Write a note. Only your team sees it." : `Write to ${name}`);
    say(this.send.lastElementChild, note ? "Add note" : "Send");
    this.route.show(this.#conversation, { note, writing: Boolean(this.text.value) });
    this.attaching.show(this.#conversation.id, this.route.way, !note);
    this.rival.show(note ? "" : this.#desk.drafts.of(this.#conversation.id).rival);
    this.#sayMeasure(note);
    put(this.send, "aria-disabled", String(!this.#ready));
  }

  #sayMeasure(note) {
    const body = this.text.value;
    const over = [...body].length - this.#limit;
    const trouble = over > 0 ? `${over.toLocaleString("en")} characters too many` : misfit(this.#files, this.route.way);
    this.measure.toggleAttribute("data-attention", Boolean(trouble));
    say(this.measure, trouble || (note ? "Stays in the team" : this.#consequence(body)));
  }

  /** "SMS, 2 segments": the channel, and what these words mean there. */
  #consequence(body) {
    const { way } = this.route;
    const files = this.#files;
    if (!way?.ok) return "";
    return consequence(way, { segments: files.length ? 0 : segments(body).segments, files: files.length ? mediaWords(files) : "" });
  }

  #setHabit() {
    habits.enterSends = this.habit.checked;
    this.#sayHabit();
  }

  #sayHabit() {
    this.habit.checked = habits.enterSends;
    this.send.title = habits.enterSends ? "Enter sends, Shift+Enter begins a line" : `${APPLE ? "⌘" : "Ctrl"}+Enter sends`;
  }

  #key(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    const chord = event.ctrlKey || event.metaKey;
    if (!chord && (!habits.enterSends || event.shiftKey)) return;
    event.preventDefault();
    this.#send();
  }

  #send() {
    if (!this.#ready) return this.text.focus();
    const note = this.#mode === "note";
    const body = this.text.value.trim() ? this.text.value : "";
    const attachments = note ? [] : this.#desk.attached.take(this.#conversation.id);
    this.#desk.outgoing.send(this.#conversation.id, this.#mode, body, { attachments, way: note ? null : this.route.picked });
    this.#desk.drafts.sent(this.#conversation.id, this.#mode);
    this.#desk.presence.stopped();
    this.#words = this.text.value = "";
    this.#describe();
    this.#grow();
    if (this.#mode === "note") this.#turn("reply");
    this.text.focus();
    this.onSent();
  }

  onSent = () => {};
}
