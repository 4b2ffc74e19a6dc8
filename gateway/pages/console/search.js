// The search: a field over the inbox, and what was found in place of its rows. It asks while one types, shows the words
// that were found through text nodes only, and remembers where one was, so that going back shows the same place.

import { announce, h, icon, isolated, say } from "./dom.js";
import { excerpt, marked } from "./marks.js";
import { href, place, replace } from "./router.js";
import { exact, ago } from "./time.js";
import { channelName, firstName, hue, initials, personName } from "./words.js";

const PAUSE = 180;

const pieces = (parts) => parts.map(([text, found]) => (found ? h("mark", {}, text) : text));

export class Search {
  #desk;
  #query = null;
  #turn = 0;
  #timer = null;
  #next = null;
  #busy = false;
  #current = "";
  #home = "waiting";

  constructor(desk) {
    this.#desk = desk;
    this.field = h("input", { type: "search", id: "search", placeholder: "Search messages and customers", autocomplete: "off",
      spellcheck: "false", enterkeyhint: "search", "aria-keyshortcuts": "/", maxlength: "200",
      on: { input: () => this.#typed(), keydown: (event) => this.#key(event) } });
    this.box = h("div", { class: "search", role: "search" }, h("label", { class: "unseen", for: "search" }, "Search messages and customers"),
      icon("search"), this.field, h("kbd", { "aria-hidden": "true" }, "/"));
    this.people = h("ol", { class: "hits", "aria-labelledby": "hits-people" });
    this.messages = h("ol", { class: "hits", "aria-labelledby": "hits-messages" });
    this.peopleHead = h("h3", { id: "hits-people", hidden: true }, "Customers");
    this.messagesHead = h("h3", { id: "hits-messages", hidden: true }, "Messages");
    this.note = h("div", { class: "empty", hidden: true }, h("h3"), h("p", { class: "quiet" }));
    this.end = h("div", { class: "list-end" });
    this.element = h("div", { class: "scroller found-list", hidden: true, tabindex: "-1" },
      this.peopleHead, this.people, this.messagesHead, this.messages, this.note, this.end);
    new IntersectionObserver(([entry]) => entry.isIntersecting && this.#more(), { root: this.element, rootMargin: "400px" }).observe(this.end);
  }

  get links() { return [...this.element.querySelectorAll("a.row")]; }

  /** Shows what a place asks for; elsewhere than in a search the field is empty. */
  show({ view, query, thread, message }) {
    const on = view === "search";
    this.element.hidden = !on;
    if (!on) {
      if (view !== "status") this.#home = view;
      this.#query = null;
      if (view === "status" || document.activeElement !== this.field) this.field.value = "";
      return;
    }
    if (this.field.value.trim() !== query && document.activeElement !== this.field) this.field.value = query;
    this.#mark(href({ view, query, thread, message }));
    if (query !== this.#query) this.#ask(query);
  }

  focus() {
    this.field.focus();
    this.field.select();
  }

  /** Leaves the search for the view that one came from. */
  leave() {
    clearTimeout(this.#timer);
    this.field.value = "";
    this.field.blur();
    replace({ view: this.#home, thread: matchMedia("(min-width: 700px)").matches ? place().thread : null });
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#follow(), PAUSE);
  }

  #follow() {
    const query = this.field.value.trim();
    if (!query && place().view !== "search") return;
    if (query) replace({ view: "search", query, thread: matchMedia("(min-width: 700px)").matches ? place().thread : null });
    else replace({ view: this.#home, thread: place().thread });
  }

  #key(event) {
    if (event.isComposing || !["Enter", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    clearTimeout(this.#timer);
    this.#follow();
    this.#whenThere(() => this.links[0]?.focus());
  }

  #whenThere(act) {
    if (this.#busy) this.onAnswer = act;
    else act();
  }

  onAnswer = () => {};

  async #ask(query) {
    this.#query = query;
    this.#next = null;
    this.#busy = true;
    const turn = ++this.#turn;
    try {
      const page = await this.#desk.api.search(query);
      if (turn === this.#turn) this.#show(page, query);
    } catch (error) {
      if (turn === this.#turn && error.status !== 401) this.#sayNothing("The search did not work", `${error.message} Nothing was changed.`);
    } finally {
      if (turn === this.#turn) {
        this.#busy = false;
        this.onAnswer();
        this.onAnswer = () => {};
      }
    }
  }

  #show(page, query) {
    const customers = page.customers ?? [];
    this.people.replaceChildren(...customers.map((row) => this.#person(row, query)));
    this.messages.replaceChildren(...page.items.map((hit) => this.#hit(hit, query)));
    this.peopleHead.hidden = !customers.length;
    this.messagesHead.hidden = !page.items.length;
    this.note.hidden = customers.length + page.items.length > 0;
    this.#next = page.next ?? null;
    this.element.scrollTop = 0;
    this.#mark(location.hash);
    if (!this.note.hidden) this.#sayNothing("Nothing was found", "Words are found as they are written, whole or from their beginning; customers by name or number.");
    else announce(`${page.items.length}${this.#next ? " or more" : ""} messages, ${customers.length} customers`);
  }

  #sayNothing(title, words) {
    this.people.replaceChildren();
    this.messages.replaceChildren();
    this.peopleHead.hidden = this.messagesHead.hidden = true;
    this.note.hidden = false;
    say(this.note.firstElementChild, title);
    say(this.note.lastElementChild, words);
    announce(title);
  }

  async #more() {
    if (!this.#next || this.#busy || this.element.hidden) return;
    this.#busy = true;
    const [turn, query] = [this.#turn, this.#query];
    try {
      const page = await this.#desk.api.search(query, this.#next);
      if (turn !== this.#turn) return;
      this.#next = page.next ?? null;
      this.messages.append(...page.items.map((hit) => this.#hit(hit, query)));
    } catch {
      // The end of the list stays where it is, and is asked for again when it is scrolled to.
    } finally {
      if (turn === this.#turn) this.#busy = false;
    }
  }

  #person(row, query) {
    return this.#line(href({ view: "search", query, thread: row.id }), row.customer,
      [h("span", { class: "row-top" }, isolated("", { class: "row-name" }), h("time", { class: "row-time" }, row.last_message ? ago(row.last_message.at) : "")),
        h("span", { class: "row-bottom" }, h("span", { class: "row-line" }, isolated(row.last_message?.body.slice(0, 200) ?? "", { class: "row-text", dir: "auto" })),
          h("span", { class: "row-meta" }, channelName(row.kind || row.channel)))], query);
  }

  #hit({ message, thread }, query) {
    const { me } = this.#desk.store;
    const mine = message.author.kind === "agent" && message.author.id === me.id;
    const who = message.direction === "in" ? "" : `${mine ? "You" : firstName(message.author.name)}${message.direction === "note" ? ", in a note" : ""}: `;
    return this.#line(href({ view: "search", query, thread: thread.id, message: message.id }), thread.customer,
      [h("span", { class: "row-top" }, isolated("", { class: "row-name" }), h("time", { class: "row-time", title: exact(message.at) }, ago(message.at))),
        h("span", { class: "hit-text" }, isolated(who, { class: "row-who" }), h("bdi", { dir: "auto" }, pieces(excerpt(message.body, query))))], query);
  }

  #line(to, customer, content, query) {
    const link = h("a", { class: "row hit", href: to },
      h("span", { class: "avatar", hue: hue("customer", customer.id), "aria-hidden": "true" }, initials(customer.name)), content);
    link.querySelector(".row-name").append(...pieces(marked(personName(customer.name).slice(0, 200), query)));
    return h("li", {}, link);
  }

  /** The open one among what was found. */
  #mark(to) {
    this.#current = to;
    for (const link of this.links) {
      if (link.hash === this.#current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
}
