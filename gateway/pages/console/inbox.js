// The inbox: three views over the same rows. Nothing in it moves while somebody points at it, stands in it with the
// keyboard or has scrolled: news is counted in words and waits.

import { arrange, button, h, icon, say } from "./dom.js";
import { go, href, place } from "./router.js";
import { Row } from "./row.js";
import { Steady } from "./steady.js";
import { VIEWS } from "./store.js";
import { hue, initials } from "./words.js";

const TITLES = { waiting: "Waiting", mine: "Mine", all: "All" };
const EMPTY = {
  waiting: ["Nobody is waiting", "When a customer writes, they appear here, the longest waiting first."],
  mine: ["Nothing is on you", "Take a conversation on with c, and it stays here until you let it go."],
  all: ["No conversations yet", "When a customer writes for the first time, it begins here."],
};

export class Inbox extends HTMLElement {
  #desk;
  #view = "waiting";
  #thread = null;
  #made = new Map();
  #steady = new Steady();
  #below = new Set();
  #pointed = false;
  #paged = false;
  #fault = "";

  start(desk) {
    this.#desk = desk;
    this.#build();
    desk.store.addEventListener("change", ({ detail }) => detail.has("rows") && this.#render());
    desk.addEventListener("begun", () => this.#begun());
    desk.addEventListener("connection", () => this.#sayConnection());
    setInterval(() => desk.store.touch("rows"), 30_000);
  }

  #build() {
    this.heading = h("h2", { tabindex: "-1" }, "Inbox");
    this.links = Object.fromEntries(VIEWS.map((view) => [view, h("a", { href: href(view) }, TITLES[view])]));
    this.rows = h("ol", { class: "rows", "aria-labelledby": "view-name" });
    this.empty = h("div", { class: "empty", hidden: true }, h("h3"), h("p", { class: "quiet" }));
    this.trouble = h("div", { class: "empty", hidden: true }, h("p"), button("Try again", { press: () => this.#more() }));
    this.end = h("div", { class: "list-end" });
    this.skeleton = h("div", { class: "skeleton", "aria-hidden": "true" }, ...Array.from({ length: 8 }, () => h("span")));
    this.scroller = h("div", { class: "scroller" }, this.skeleton, this.rows, this.empty, this.trouble, this.end);
    this.news = h("button", { type: "button", class: "news", hidden: true, on: { click: () => this.#catchUp() } }, icon("up"), h("span"));
    this.person = h("span", { class: "person" });
    this.state = h("span", { class: "link-state", role: "status" });
    this.append(
      h("nav", { "aria-label": "Inbox" },
        h("header", {}, this.heading, h("p", { id: "view-name", class: "unseen" })),
        h("div", { class: "views" }, Object.values(this.links)),
        h("div", { class: "list" }, this.scroller, this.news),
        h("footer", {}, this.person, this.state,
          button("Keys", { icon: "keys", look: "plain", press: () => document.querySelector("tl-keys").open() }),
          button("Sign out", { icon: "leave", look: "plain", press: () => this.#desk.signOut() }))));
    this.#listen();
  }

  #listen() {
    this.scroller.addEventListener("pointerenter", (event) => { this.#pointed = event.pointerType === "mouse"; });
    this.scroller.addEventListener("pointerleave", () => { this.#pointed = false; this.#render(); });
    this.scroller.addEventListener("focusout", () => requestAnimationFrame(() => this.#render()));
    this.scroller.addEventListener("scroll", () => this.news.hidden || this.#render(), { passive: true });
    new IntersectionObserver(([entry]) => entry.isIntersecting && this.#more(), { root: this.scroller, rootMargin: "800px" })
      .observe(this.end);
  }

  #begun() {
    const { me } = this.#desk.store;
    this.person.replaceChildren(h("span", { class: "avatar small", hue: hue("agent", me.id), "aria-hidden": "true" }, initials(me.name)), h("bdi", {}, me.name));
    this.heading.textContent = me.teams.length === 1 ? me.teams[0].name : "Inbox";
    this.#sayConnection();
  }

  #sayConnection() {
    const { connection } = this.#desk;
    say(this.state, { live: "Live", connecting: "Connecting", lost: "Reconnecting" }[connection]);
    this.state.toggleAttribute("data-lost", connection !== "live");
  }

  /** Shows a view, with one row as the open one. */
  show(view, thread) {
    const turned = view !== this.#view;
    this.#view = view;
    this.#thread = thread;
    for (const [name, link] of Object.entries(this.links)) {
      if (name === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    say(this.querySelector("#view-name"), TITLES[view]);
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
    if (!store.me || (first && store.view(this.#view).busy)) return;
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

  #render() {
    const { store } = this.#desk;
    if (!store.me) return;
    const order = store.list(this.#view).map((row) => row.id);
    const version = (id) => store.rows.get(id)?.last_message?.id;
    const before = this.#steady.shown;
    if (before.length === 0 || this.#calm) this.#steady.follow(order, version);
    else this.#steady.hold(order, version, (id) => store.rows.has(id));
    for (const id of this.#made.keys()) if (!store.rows.has(id)) this.#made.delete(id);
    const inView = new Set(order);
    arrange(this.rows, this.#steady.shown.map((id) => this.#row(id, inView)));
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

  #row(id, inView) {
    const { store, drafts, outgoing } = this.#desk;
    const row = store.rows.get(id);
    if (!this.#made.has(id)) this.#made.set(id, new Row());
    const made = this.#made.get(id);
    made.update(row, {
      href: href(this.#view, id), current: id === this.#thread, me: store.me, waitingView: this.#view === "waiting",
      settled: !inView.has(id), written: { draft: drafts.of(id).reply, pending: outgoing.of(id).at(-1) },
    });
    return made.element;
  }

  /** Remembers rows that came live and stand below what can be seen; those of a page that was read are no news. */
  #noticeBelow(before) {
    const known = new Set(before);
    const paged = this.#paged || before.length === 0;
    this.#paged = false;
    const fresh = paged ? [] : this.#steady.shown.filter((id) => !known.has(id));
    const edge = this.scroller.getBoundingClientRect().bottom;
    const hidden = (id) => this.#made.get(id)?.element.getBoundingClientRect().top > edge - 16;
    for (const id of fresh) this.#below.add(id);
    for (const id of this.#below) if (!hidden(id)) this.#below.delete(id);
  }

  #sayNews(above) {
    const below = this.#below.size;
    this.news.hidden = above + below === 0;
    this.news.dataset.where = above ? "above" : "below";
    this.news.firstElementChild.toggleAttribute("data-down", !above);
    say(this.news.lastElementChild, `${above || below} new`);
  }

  /** Moves the focus by rows; from outside the list it begins at the open one. */
  step(by) {
    const links = [...this.rows.querySelectorAll("a")];
    if (!links.length) return;
    const from = links.findIndex((link) => link === document.activeElement);
    const open = links.findIndex((link) => link.hasAttribute("aria-current"));
    const to = from >= 0 ? from + by : open >= 0 ? open + by : 0;
    links[Math.max(0, Math.min(links.length - 1, to))].focus();
    document.activeElement.scrollIntoView({ block: "nearest" });
  }

  /** The thread of the row that has the focus. */
  get focused() {
    const link = this.rows.contains(document.activeElement) ? document.activeElement.closest("a") : null;
    return link ? place(link.hash).thread : null;
  }

  /** Focus on the open row, else the first, else the heading. */
  takeFocus() {
    const row = this.rows.querySelector("a[aria-current]") ?? this.rows.querySelector("a");
    (row ?? this.heading).focus();
  }

  /** After "done": the row goes, and the next one has the focus, so that one goes on with Enter. */
  passOn(id) {
    const link = this.#made.get(id)?.element;
    const next = link?.nextElementSibling ?? link?.previousElementSibling;
    if (this.#view !== "waiting" || !next) return this.takeFocus();
    this.#steady.remove(id);
    this.#render();
    next.querySelector("a").focus();
  }

  /** Shows a view and puts the focus into it. */
  turn(view) {
    go(view, matchMedia("(min-width: 700px)").matches ? this.#thread : null);
    requestAnimationFrame(() => this.takeFocus());
  }
}
customElements.define("tl-inbox", Inbox);
