// The open thread: who it is with, what can be done about it, its messages, and where one writes.

import { button, h, isolated, put, say } from "./dom.js";
import { Composer } from "./composer.js";
import { habits } from "./habits.js";
import { Pace } from "./pace.js";
import { go, href, place } from "./router.js";
import { titled } from "./title.js";
import { Timeline } from "./timeline.js";
import { since } from "./time.js";
import { channelName, personName, presenceWords } from "./words.js";

/** Milliseconds between two readings of the ways to a customer who writes on and on. */
const WAYS_EVERY = 2_000;

export class Thread extends HTMLElement {
  #desk;
  #id = null;
  #conversation = null;
  #ways = new Pace(WAYS_EVERY, () => this.#renewWays());
  #message = null;
  #fault = null;
  /** Whether the focus is to come here once there is something to put it on. */
  #expected = false;
  /** What is to be written once there is something to write in. */
  #mode = null;

  start(desk) {
    this.#desk = desk;
    this.timeline = new Timeline(desk, { onEdit: (...words) => this.composer.edit(...words) });
    this.composer = new Composer(desk);
    this.composer.onSent = () => this.timeline.toEnd() ?? this.composer.text.focus();
    this.#build();
    desk.store.addEventListener("change", ({ detail }) => this.#id && (detail.has(this.#id) || detail.has("clock")) && this.#render());
    addEventListener("focus", () => this.#readDraft());
    desk.addEventListener("complaint", ({ detail }) => this.#complain(detail));
    desk.addEventListener("following", () => this.show(place()));
  }

  #build() {
    this.back = h("a", { class: "button plain back", href: "#/waiting" });
    this.back.append(...button("Inbox", { icon: "back" }).childNodes);
    this.name = isolated("", {});
    this.heading = h("h2", { id: "thread-name", tabindex: "-1" }, this.name);
    this.about = h("p", { class: "quiet about" }, h("span"), h("span", { class: "where" }));
    this.others = h("p", { class: "others", hidden: true });
    const act = (verb) => () => this.act(verb);
    this.claim = button("Take on", { icon: "claim", press: act("claim"), "data-key": "c" });
    this.done = button("Done", { icon: "done", press: act("done"), "data-key": "e" });
    this.details = button("Details", { icon: "person", look: "plain details", press: () => this.#panel().toggle() });
    this.complaint = h("div", { class: "complaint", role: "alert", hidden: true }, h("p"),
      button("Understood", { look: "plain", press: () => { this.complaint.hidden = true; this.takeFocus(); } }));
    this.open = h("div", { class: "open", hidden: true },
      h("header", {}, this.back, h("div", { class: "who" }, this.heading, h("div", { class: "standing" }, this.others, this.about)),
        h("div", { class: "acts" }, this.claim, this.done, this.details)),
      this.complaint, this.timeline.element, this.composer.element);
    this.closed = h("div", { class: "closed" }, h("h2"), h("p", { class: "quiet" }));
    this.append(h("section", { "aria-label": "Conversation" }, this.open, this.closed));
  }

  #panel() { return document.querySelector("tl-panel"); }

  /** Shows a thread, perhaps at one of its messages, or the empty place. */
  show({ thread: id, message, ...where }) {
    const turned = id !== this.#id;
    const moved = message !== this.#message;
    this.#id = id;
    this.#message = message;
    this.back.setAttribute("href", href(where));
    say(this.back.lastElementChild, { search: "Search", bookings: "Bookings" }[where.view] ?? "Inbox");
    if (!this.#desk.following) return;
    this.#desk.presence.look(id);
    const conversation = id ? this.#desk.store.conversation(id) : null;
    const asked = conversation && (conversation !== this.#conversation || moved || this.#fault);
    this.#conversation = conversation;
    if (turned) this.complaint.hidden = true;
    if (turned) this.#mode = null;
    this.#fault = null;
    if (asked) this.#load(conversation, message);
    this.#render();
  }

  async #load(conversation, message) {
    try {
      await this.#meetDraft(conversation, () => conversation.refresh(message));
    } catch (error) {
      if (conversation !== this.#conversation || error.status === 401) return;
      if (error.status === 404) this.#desk.store.drop(conversation.id);
      if (error.status === 404 || !conversation.loaded) this.#fault = error;
    }
    if (conversation !== this.#conversation) return;
    this.#render();
    if (message && conversation.loaded && message === this.#message) this.timeline.find(conversation, message);
  }

  /** What another window of this person has begun is taken from the thread's detail, which `read` answers. */
  async #meetDraft(conversation, read) {
    const { drafts, outgoing } = this.#desk;
    const turn = drafts.turn(conversation.id);
    const underWay = outgoing.of(conversation.id).some((item) => item.kind === "reply");
    const { draft } = await read();
    if (!underWay) drafts.meet(conversation.id, draft, turn);
  }

  /** Whoever comes back to this window may have gone on in another. */
  #readDraft() {
    const conversation = this.#conversation;
    if (this.isOpen && conversation.loaded) this.#meetDraft(conversation, () => conversation.describe()).catch(() => {});
  }

  #render() {
    const conversation = this.#conversation;
    const shown = Boolean(conversation?.row) && !this.#fault;
    this.open.hidden = !shown;
    this.closed.hidden = shown;
    titled(shown ? `${personName(conversation.row.customer.name)} · Teamline` : "Teamline");
    if (!shown) return this.#sayEmpty();
    this.#sayPresence(this.#desk.presence.of(conversation.id));
    if (conversation.doubted) this.#ways.soon();
    this.timeline.show(conversation, this.#message);
    this.composer.show(conversation);
    this.#describe(conversation.row);
    if (this.#expected && document.activeElement === document.body) this.takeFocus();
    if (this.#mode) this.write(this.#mode);
  }

  #renewWays() {
    const conversation = this.#conversation;
    if (conversation?.doubted) conversation.describe().catch(() => conversation.doubt());
  }

  #sayEmpty() {
    const missing = this.#fault?.status === 404;
    const [title, text] = this.#fault
      ? [missing ? "This conversation is not here" : "The conversation could not be read",
        missing ? "It does not exist, or it is with another team." : `${this.#fault.message} Open it again to try again.`]
      : this.#id ? ["", ""] : ["No conversation is open", habits.singleKeys ? "Choose one from the inbox: j and k move, Enter opens, ? shows all keys." : "Choose one from the inbox."];
    say(this.closed.firstElementChild, title);
    say(this.closed.lastElementChild, text);
  }

  #describe(row) {
    const { me } = this.#desk.store;
    say(this.name, personName(row.customer.name));
    const mine = row.claimed_by?.id === me.id;
    say(this.claim.lastElementChild, mine ? "Let go" : "Take on");
    put(this.claim.querySelector("use"), "href", `/static/console/icons.svg#${mine ? "release" : "claim"}`);
    this.done.hidden = Boolean(row.done_at);
    const team = this.#conversation.detail?.team_name ?? row.team;
    const holder = row.claimed_by ? (mine ? "You are on it" : `${row.claimed_by.name} is on it`) : "Nobody is on it";
    const wait = row.waiting_since ? `waiting ${since(row.waiting_since).replace("now", "since just now")}` : null;
    const state = row.done_at ? "done" : wait;
    say(this.about.firstElementChild, [holder, state].filter(Boolean).join(" · "));
    say(this.about.lastElementChild, ` · ${channelName(this.composer.route.way?.kind ?? (row.kind || row.channel))} · ${team}`);
  }

  /** "Ben is here", "Ben and Cleo are typing": those who type before those who only look. */
  #sayPresence(people) {
    const typing = people.filter((person) => person.typing);
    const words = presenceWords(people);
    this.others.hidden = !words;
    this.others.toggleAttribute("data-typing", typing.length > 0);
    if (this.others.textContent !== words) this.others.replaceChildren(h("span", { class: "pulse", "aria-hidden": "true" }), isolated(words));
  }

  #complain(words) {
    say(this.complaint.firstElementChild, words);
    this.complaint.hidden = false;
  }

  /** "claim" turns into letting go where one is on it already. */
  async act(verb) {
    const row = this.#conversation?.row;
    if (!row) return;
    const mine = row.claimed_by?.id === this.#desk.store.me.id;
    this.complaint.hidden = true;
    await actOn(this.#desk, row, verb === "claim" && mine ? "release" : verb);
    if (document.activeElement === document.body) this.takeFocus();
  }

  get isOpen() { return this.#conversation !== null && !this.open.hidden; }

  /** Puts the focus where one writes; while the thread is being read, as soon as it is there. */
  write(mode) {
    this.#mode = this.isOpen ? null : this.#id && mode;
    if (this.isOpen) this.composer.write(mode);
  }

  pickWay() { if (this.isOpen) this.composer.pickWay(); }

  toNewest() { if (this.isOpen) this.timeline.toEnd(); }

  /** Focus on the messages, so that the arrows scroll at once; while there are none yet, as soon as there are. */
  takeFocus() {
    this.#expected = !this.isOpen;
    if (this.isOpen) this.timeline.scroller.focus({ preventScroll: true });
  }
}

/** Does a verb to a row, wherever it was asked for; "done" passes the focus on to the next in the inbox. */
export async function actOn(desk, row, verb) {
  if (verb === "done" && row.done_at) return;
  const inbox = document.querySelector("tl-inbox");
  const acting = desk.act(row.id, verb);
  if (verb === "done") {
    if (place().thread && !matchMedia("(min-width: 700px)").matches) go({ ...place(), thread: null });
    requestAnimationFrame(() => inbox.passOn(row.id));
  }
  await acting;
}
customElements.define("tl-thread", Thread);
