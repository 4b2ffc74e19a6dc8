// The inbox: three views over the same rows, and the search over them. Nothing in it moves while somebody points at it,
// stands in it with the keyboard or has scrolled: news is counted in words and waits.

import { arrange, button, h, icon, say } from "./dom.js";
import { Leaving } from "./leaving.js";
import { VIEWS } from "./lists.js";
import { Pace } from "./pace.js";
import { go, href, place } from "./router.js";
import { Row, othersIn } from "./row.js";
import { Search } from "./search.js";
import { Steady } from "./steady.js";
import { hue, initials } from "./words.js";

/** Milliseconds between two drawings of the list: one that flickers cannot be read. */
const CALM = 250;
/** A list that is held still takes in no more than this of what comes live; the rest is counted. */
const MOST = 300;
const TITLES = { waiting: "Waiting", mine: "Mine", all: "All" };
const EMPTY = {
  waiting: ["Nobody is waiting", "When a customer writes, they appear here, the longest waiting first."],
  mine: ["Nothing is on you", "Take a conversation on, and it stays here until you let it go."],
  all: ["No conversations yet", "When a customer writes for the first time, it begins here."],
};

export class Inbox extends HTMLElement {
  #desk;
  #view = "waiting";
  #thread = null;
  /** The thread that was open last: where one goes on from. */
  #last = null;
  #made = new Map();
  #steady = new Steady();
  #below = new Set();
  #pointed = false;
  #paged = false;
  #searching = false;
  #fault = "";
  #pace = new Pace(CALM, () => this.#render());

  start(desk) {
    this.#desk = desk;
    this.#build();
    desk.store.addEventListener("change", ({ detail }) => {
      if (detail.has("counts")) this.#sayCounts();
      if (detail.has("bookings") || detail.has("clock")) this.#sayBookings();
      if (detail.has("me")) this.#sayPerson();
      if (detail.has("rows") || detail.has("presence")) this.#pace.soon();
    });
    desk.addEventListener("begun", () => this.#begun());
    desk.addEventListener("connection", () => this.#sayConnection());
    setInterval(() => desk.store.touch("rows", "clock"), 30_000);
  }

  #build() {
    this.heading = h("h2", { tabindex: "-1" }, "Inbox");
    this.links = Object.fromEntries(VIEWS.map((view) => [view,
      h("a", { href: href({ view }) }, TITLES[view], " ", h("span", { class: "count" }))]));
    this.search = new Search(this.#desk);
    this.leaving = new Leaving(this.#desk);
    this.rows = h("ol", { class: "rows", "aria-labelledby": "view-name" });
    this.empty = h("div", { class: "empty", hidden: true }, h("h3"), h("p", { class: "quiet" }));
    this.trouble = h("div", { class: "empty", hidden: true }, h("p"), button("Try again", { press: () => this.#more() }));
    this.end = h("div", { class: "list-end" });
    this.skeleton = h("div", { class: "skeleton", "aria-hidden": "true" }, ...Array.from({ length: 8 }, () => h("span")));
    this.scroller = h("div", { class: "scroller" }, this.skeleton, this.rows, this.empty, this.trouble, this.end);
    this.news = h("button", { type: "button", class: "news", hidden: true, on: { click: () => this.#catchUp() } }, icon("up"), h("span"));
    this.person = button("", { look: "plain person", "aria-haspopup": "dialog", press: () => document.querySelector("tl-me").open() });
    this.state = h("span", { class: "link-state", role: "status" });
    this.status = h("a", { class: "button plain", href: href({ view: "status" }), "data-key": "s", hidden: true }, "Status");
    this.append(
      h("nav", { "aria-label": "Inbox" },
        h("header", {}, this.heading, h("p", { id: "view-name", class: "unseen" }),
          this.bookings = h("a", { class: "button plain bookings-link", href: href({ view: "bookings" }), "data-key": "b" }, icon("calendar"), h("span", {}, "Bookings"), h("span", { class: "pressing" })),
          h("a", { class: "button plain write-first", href: href({ view: "new" }), "data-key": "w" }, icon("note"), h("span", {}, "New"))),
        this.search.box,
        this.views = h("div", { class: "views" }, Object.values(this.links)),
        this.list = h("div", { class: "list" }, this.scroller, this.search.element, this.news),
        this.leaving.element,
        h("footer", {}, this.person, this.state, this.status,
          button("Keys", { look: "plain", press: () => document.querySelector("tl-keys").open() }),
          this.leaving.press)));
    this.#listen();
  }

  #listen() {
    this.list.addEventListener("pointerenter", (event) => { this.#pointed = event.pointerType === "mouse"; });
    this.list.addEventListener("pointerleave", () => { this.#pointed = false; this.#render(); });
    this.scroller.addEventListener("focusout", () => this.#pace.soon());
    this.scroller.addEventListener("scroll", () => this.news.hidden || this.#render(), { passive: true });
    new IntersectionObserver(([entry]) => entry.isIntersecting && this.#more(), { root: this.scroller, rootMargin: "800px" })
      .observe(this.end);
  }

  #sayPerson() {
    const { me } = this.#desk.store;
    this.person.replaceChildren(h("span", { class: "avatar small", hue: hue("agent", me.id), "aria-hidden": "true" }, initials(me.name)), h("bdi", {}, me.name),
      ...(me.away ? [h("span", { class: "away" }, "Away")] : []));
  }

  /** How many bookings need somebody now; none is no number. */
  #sayBookings() {
    const { count } = this.#desk.bookings;
    const number = this.bookings.lastElementChild;
    if (number.dataset.count === String(count)) return;
    number.dataset.count = String(count);
    number.replaceChildren(...(count ? [String(count), h("span", { class: "unseen" }, count === 1 ? " needs somebody now" : " need somebody now")] : []));
  }

  #begun() {
    const { me } = this.#desk.store;
    this.#sayPerson();
    this.heading.textContent = me.teams.length === 1 ? me.teams[0].name : "Inbox";
    this.status.hidden = me.role !== "admin";
    this.#sayConnection();
  }

  #sayCounts() {
    for (const [view, link] of Object.entries(this.links)) say(link.lastElementChild, this.#desk.counts.words(view));
  }

  #sayConnection() {
    const { connection } = this.#desk;
    say(this.state, { live: "Live", connecting: "Connecting", lost: "Reconnecting" }[connection]);
    this.state.toggleAttribute("data-lost", connection !== "live");
  }

  /** Shows a view, with one row as the open one, or what a search found. */
  show(where) {
    const view = ["search", "bookings", "status", "new"].includes(where.view) ? this.#view : where.view;
    const turned = view !== this.#view;
    this.#view = view;
    this.#thread = where.thread;
    this.#last = where.thread ?? this.#last;
    this.#searching = where.view === "search";
    this.scroller.hidden = this.#searching;
    this.search.show(where);
    for (const [name, link] of [...Object.entries(this.links), ["bookings", this.bookings]]) {
      if (name === where.view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    say(this.querySelector("#view-name"), this.#searching ? "Found" : TITLES[view]);
    if (turned) {
      this.#steady = new Steady();
      this.#below.clear();
      this.scroller.scrollTop = 0;
      if (this.#desk.store.me && !this.#desk.store.view(view).loaded) this.#more();
    }
    this.#render();
  }

  async #more() {
    const { store } = this.#desk;
    const first = !store.view(this.#view).loaded;
    if (!store.me || this.#searching || (first && store.view(this.#view).busy)) return;
    this.#fault = "";
    try {
      this.#paged = (await store.more(this.#view)) !== undefined;
    } catch (error) {
      this.#fault = `The list could not be read. ${error.message}`;
    } finally {
      this.#render();
    }
  }

  get #calm() {
    return !this.#pointed && this.scroller.scrollTop < 8 && !this.scroller.contains(document.activeElement);
  }

  /** Shows everything that waited. */
  #catchUp() {
    const below = this.news.dataset.where === "below";
    this.#steady = new Steady();
    this.#render();
    this.scroller.scrollTop = below ? this.scroller.scrollHeight : 0;
    (below ? this.rows.lastElementChild : this.rows.firstElementChild)?.querySelector("a").focus({ preventScroll: true });
  }

  /** A list that has grown long by what came live is read again, while nobody looks further down in it. */
  #renew() {
    const { store } = this.#desk;
    if (this.#calm && store.isLong(this.#view)) store.more(this.#view, { renew: true }).catch(() => {});
  }

  #render() {
    const { store } = this.#desk;
    if (!store.me || this.#searching) return;
    this.#renew();
    const order = store.view(this.#view).ids;
    const version = (id) => store.rows.get(id)?.last_message?.id;
    const before = this.#steady.shown;
    if (before.length === 0 || this.#calm) this.#steady.follow([...order], version);
    else this.#steady.hold(order, version, { exists: (id) => store.rows.has(id), most: this.#paged ? Infinity : MOST });
    for (const id of this.#made.keys()) if (!store.rows.has(id)) this.#made.delete(id);
    const minute = Math.floor(Date.now() / 30_000);
    arrange(this.rows, this.#steady.shown.map((id) => this.#row(id, minute)));
    this.#noticeBelow(before);
    this.#sayNews(this.#steady.waiting(order, version));
    this.#sayState(order);
  }

  #sayState(order) {
    const { loaded } = this.#desk.store.view(this.#view);
    this.skeleton.hidden = loaded || Boolean(this.#fault);
    this.empty.hidden = !loaded || order.length > 0 || this.#steady.shown.length > 0;
    say(this.empty.firstElementChild, EMPTY[this.#view][0]);
    say(this.empty.lastElementChild, EMPTY[this.#view][1]);
    this.trouble.hidden = !this.#fault;
    say(this.trouble.firstElementChild, this.#fault);
  }

  #row(id, minute) {
    const { store, drafts, outgoing, presence } = this.#desk;
    const row = store.rows.get(id);
    if (!this.#made.has(id)) this.#made.set(id, new Row());
    const made = this.#made.get(id);
    made.update(row, {
      href: href({ view: this.#view, thread: id }), current: id === this.#thread, me: store.me, waitingView: this.#view === "waiting",
      settled: !store.view(this.#view).has(id), draft: drafts.of(id).reply, pending: outgoing.of(id).at(-1),
      others: othersIn(presence, id), minute,
    });
    return made.element;
  }

  /** Remembers rows that came live and stand below what can be seen; those of a page that was read are no news. */
  #noticeBelow(before) {
    const known = new Set(before);
    const paged = this.#paged || before.length === 0;
    this.#paged = false;
    const fresh = paged ? [] : this.#steady.shown.filter((id) => !known.has(id));
    for (const id of fresh) this.#below.add(id);
    if (this.#below.size === 0) return;
    const edge = this.scroller.getBoundingClientRect().bottom;
    const hidden = (id) => this.#made.get(id)?.element.getBoundingClientRect().top > edge - 16;
    for (const id of this.#below) if (!hidden(id)) this.#below.delete(id);
  }

  #sayNews(above) {
    const below = this.#below.size;
    this.news.hidden = this.#searching || above + below === 0;
    this.news.dataset.where = above ? "above" : "below";
    this.news.firstElementChild.toggleAttribute("data-down", !above);
    say(this.news.lastElementChild, `${above || below} new`);
  }

  /** Moves the focus by rows; from outside the list it begins at the open one. */
  step(by) {
    const links = this.#searching ? this.search.links : [...this.rows.children].map((row) => row.firstElementChild);
    if (!links.length) return;
    const from = links.findIndex((link) => link === document.activeElement);
    const open = links.indexOf(this.#open);
    const to = from >= 0 ? from + by : open >= 0 ? open + by : 0;
    const link = links[Math.max(0, Math.min(links.length - 1, to))];
    link.focus({ preventScroll: true });
    link.scrollIntoView({ block: "nearest" });
  }

  /** The thread of the row that has the focus. */
  get focused() {
    const link = document.activeElement?.closest?.("a.row");
    return link && this.contains(link) ? place(link.hash).thread : null;
  }

  /** The row of the thread that is open, or was open last. */
  get #open() {
    if (this.#searching) return this.search.links.find((link) => link.hasAttribute("aria-current"));
    const row = this.#made.get(this.#thread ?? this.#last)?.element;
    return row?.isConnected ? row.firstElementChild : undefined;
  }

  /** Focus on the open row, else the first, else the heading. */
  takeFocus() {
    const row = this.#open ?? (this.#searching ? this.search.links[0] : this.rows.querySelector("a"));
    (row ?? (this.#searching ? this.search.field : this.heading)).focus();
  }

  /** After "done": the row goes, and the next one has the focus, so that one goes on with Enter. */
  passOn(id) {
    const link = this.#made.get(id)?.element;
    const next = link?.nextElementSibling ?? link?.previousElementSibling;
    if (this.#searching || this.#view !== "waiting") return this.takeFocus();
    this.#steady.remove(id);
    this.#render();
    if (!next) return this.heading.focus();
    next.querySelector("a").focus();
  }

  /** Shows a view and puts the focus into it; in the view where one is already, what waited. */
  turn(view) {
    if (view === place().view && this.checkVisibility() && !this.news.hidden) return this.#catchUp();
    go({ view, thread: matchMedia("(min-width: 700px)").matches ? this.#thread : null });
    requestAnimationFrame(() => this.takeFocus());
  }
}
customElements.define("tl-inbox", Inbox);
