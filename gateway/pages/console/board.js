// The board: the bookings of a day, or of a week, by the team's clock. What nobody has claimed and what was missed cannot
// be overlooked; all else is as quiet as an agenda.

import { DayRow, WeekCard } from "./booking-card.js";
import { waitFigures } from "./booking-words.js";
import { announce, arrange, button, h, icon, put, say } from "./dom.js";
import { go, href, place } from "./router.js";
import { beginning, columnDate, dateOf, dateWords, daysAfter, known, nearDate, clockOf, weekWords, zoneWords } from "./zoned.js";

const capital = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1)}`;

export class Board extends HTMLElement {
  #desk;
  #where = { span: "day", date: null };
  #team = "";
  #made = new Map();
  #fault = "";
  /** What was read: "from|to"; the board of another span is being read until it is this one's. */
  #read = "";
  #turn = 0;
  /** Which drawing it is: what was not in the last one is let go of. */
  #drawing = 0;
  /** Whether this hour is still to be brought into sight. */
  #seeks = true;
  /** The booking that one was at last. */
  #last = null;

  start(desk) {
    this.#desk = desk;
    this.heading = h("h2", { tabindex: "-1" }, "Bookings");
    this.about = h("p", { class: "quiet about" });
    this.team = h("select", { "aria-label": "Team", on: { change: () => { this.#team = this.team.value; this.#load(); } } });
    this.spans = { day: h("a", {}, "Day"), week: h("a", {}, "Week") };
    this.before = h("a", { class: "button plain", "data-key": "[" }, icon("back"), h("span", {}, "Earlier"));
    this.today = h("a", { class: "button", "data-key": "t" }, "Today");
    this.after = h("a", { class: "button plain", "data-key": "]" }, h("span", {}, "Later"), icon("forward"));
    this.needs = h("a", { class: "needs" });
    this.figures = h("dl", { class: "waits", "aria-label": "Call me now, the last 30 days" });
    this.list = h("div", { class: "board-list" });
    this.empty = h("div", { class: "empty", hidden: true }, h("h3"), h("p", { class: "quiet" }));
    this.trouble = h("div", { class: "empty", role: "alert", hidden: true }, h("p"), button("Try again", { press: () => this.#load() }));
    this.skeleton = h("div", { class: "skeleton", "aria-hidden": "true" }, ...Array.from({ length: 5 }, () => h("span")));
    const back = h("a", { class: "button plain back", href: href({ view: "waiting" }) }, icon("back"), h("span", {}, "Inbox"));
    this.append(h("section", { class: "board", "aria-label": "Bookings" },
      h("header", {}, back, h("div", { class: "who" }, this.heading, this.about), this.team,
        h("nav", { class: "spans", "aria-label": "How much is shown" }, Object.values(this.spans)),
        h("nav", { class: "turns", "aria-label": "Days" }, this.before, this.today, this.after)),
      h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "What is booked" },
        h("div", { class: "board-body" }, h("div", { class: "board-facts" }, this.needs, this.figures), this.skeleton, this.trouble, this.list, this.empty))));
    this.list.addEventListener("focusin", (event) => { this.#last = event.target.closest(".booking")?.dataset.id ?? this.#last; });
    desk.store.addEventListener("change", ({ detail }) => !this.hidden && (detail.has("bookings") || detail.has("clock")) && this.#render());
    for (const type of ["begun", "following"]) desk.addEventListener(type, () => !this.hidden && this.#load());
    desk.addEventListener("rebooked", () => !this.hidden && this.#load());
  }

  get #teams() { return this.#desk.store.me?.teams ?? []; }
  get #zone() { return known((this.#teams.find((team) => team.id === this.#team) ?? this.#teams[0])?.zone); }
  get #todays() { return dateOf(Date.now(), this.#zone); }
  get #date() { return this.#where.date ?? this.#todays; }
  /** A week begins on the day that one came from, today if on none: what is ahead is in sight on a Sunday too. */
  get #first() { return this.#date; }
  get #days() { return Array.from({ length: this.#where.span === "week" ? 7 : 1 }, (_, place) => daysAfter(this.#first, place)); }
  #to(change) { return href({ view: "bookings", ...this.#where, ...change, thread: null }); }
  #by(times, { span, date } = this.#where) { return { date: daysAfter(date ?? this.#todays, (span === "week" ? 7 : 1) * times) }; }

  show(where) {
    const on = where.view === "bookings" && !where.thread;
    const turned = this.hidden === on;
    this.hidden = !on;
    if (!on) return;
    this.#seeks ||= turned || where.span !== this.#where.span || where.date !== this.#where.date;
    this.#where = { span: where.span, date: where.date };
    if (this.#desk.store.me) this.#load();
    if (turned) this.takeFocus();
  }

  async #load() {
    const [first, last] = [beginning(this.#first, this.#zone), beginning(daysAfter(this.#days.at(-1), 1), this.#zone)];
    const turn = ++this.#turn;
    const wanted = `${first.getTime()}|${last.getTime()}`;
    this.#fault = "";
    this.#render();
    try {
      await this.#desk.bookings.between(first, last);
      if (turn === this.#turn) this.#read = wanted;
    } catch (error) {
      if (turn !== this.#turn || error.status === 401) return;
      this.#fault = `The bookings could not be read. ${error.message}`;
    }
    this.#render();
  }

  #render() {
    if (!this.#desk.store.me) return;
    this.#sayHead();
    const week = this.#where.span === "week";
    const days = this.#days;
    const [first, end] = [beginning(days[0], this.#zone), beginning(daysAfter(days.at(-1), 1), this.#zone)];
    const ready = this.#read === `${first.getTime()}|${end.getTime()}`;
    const shown = this.#desk.bookings.all.filter((booking) => (!this.#team || booking.team === this.#team)
      && new Date(booking.start) >= first && new Date(booking.start) < end);
    if (ready) this.#find();
    this.skeleton.hidden = ready || Boolean(this.#fault) || shown.length > 0;
    this.trouble.hidden = !this.#fault;
    say(this.trouble.firstElementChild, this.#fault);
    this.empty.hidden = !ready || shown.length > 0 || Boolean(this.#fault);
    say(this.empty.firstElementChild, week ? "Nothing is booked in this week" : "Nothing is booked on this day");
    say(this.empty.lastElementChild, "Customers book on their page or with a link; you book for one from their conversation.");
    put(this.list, "data-span", this.#where.span);
    this.list.hidden = shown.length === 0;
    const had = this.list.contains(document.activeElement);
    arrange(this.list, shown.length ? days.map((date) => this.#day(date, shown.filter((booking) => dateOf(booking.start, this.#zone) === date), week)) : []);
    for (const [key, { seen }] of this.#made) if (seen !== this.#drawing) this.#made.delete(key);
    this.#drawing += 1;
    if (had && !this.list.contains(document.activeElement)) this.takeFocus();
  }

  /** What is longer than the screen begins at this hour, or in a week at what needs somebody, else today; once for each time
   *  that one comes to it. */
  #find() {
    if (!this.#seeks) return;
    this.#seeks = false;
    requestAnimationFrame(() => {
      const scroller = this.list.closest(".scroller");
      const line = this.list.querySelector(".now-line");
      scroller.scrollTop = 0;
      const { top, bottom } = scroller.getBoundingClientRect();
      const urgent = this.list.querySelector('.week-card:is([data-look="urgent"], [data-look="broken"])');
      const begins = (line ?? urgent ?? this.list.querySelector("[data-today]"))?.getBoundingClientRect().top ?? top;
      if (begins > bottom - 80) scroller.scrollTop = begins - top - (line ? (bottom - top) / 2 : 0);
    });
  }

  /** What is kept under a key, made where it is not there yet. */
  #keep(key, make) {
    if (!this.#made.has(key)) this.#made.set(key, { made: make() });
    const kept = this.#made.get(key);
    kept.seen = this.#drawing;
    return kept.made;
  }

  #day(date, bookings, week) {
    const today = date === this.#todays;
    const day = this.#keep(`day|${week}|${date}`, () => {
      const [name, count, list, none] = [h("span"), h("span", { class: "quiet day-count" }), h("ol", { class: "bookings" }), h("p", { class: "quiet day-none" }, "Nothing")];
      return { name, count, list, none, element: h("section", { class: "board-day" }, h("h3", {}, name, " ", count), list, none) };
    });
    const open = bookings.filter((booking) => this.#desk.bookings.needs(booking)).length;
    say(day.name, week ? columnDate(date) : capital(nearDate(date, this.#todays)));
    say(day.count, open ? `${bookings.length}, ${open} urgent` : bookings.length ? String(bookings.length) : "");
    day.count.toggleAttribute("data-attention", open > 0);
    day.element.toggleAttribute("data-today", today);
    put(day.element, "aria-label", `${dateWords(date, this.#todays)}, ${bookings.length === 1 ? "1 booking" : `${bookings.length} bookings`}`);
    day.none.hidden = bookings.length > 0;
    const rows = bookings.map((booking) => this.#row(booking, week));
    if (today && !week) rows.splice(bookings.filter((booking) => new Date(booking.start) <= Date.now()).length, 0, this.#nowLine());
    arrange(day.list, rows);
    return day.element;
  }

  #nowLine() {
    const line = this.#keep("now", () => h("li", { class: "now-line" }, h("span")));
    say(line.firstElementChild, `Now, ${clockOf(Date.now(), this.#zone)}`);
    return line;
  }

  #row(booking, week) {
    const row = this.#keep(`${week}|${booking.id}`, () => new (week ? WeekCard : DayRow)(this.#desk));
    row.update(booking, { zone: this.#zone, href: href({ view: "bookings", ...this.#where, thread: booking.thread }) });
    put(row.element, "data-id", booking.id);
    row.element.acts = row.acts;
    return row.element;
  }

  #sayHead() {
    const week = this.#where.span === "week";
    say(this.about, `${week ? weekWords(this.#first) : dateWords(this.#date, this.#todays)} · ${zoneWords(this.#zone)}`);
    for (const [span, link] of Object.entries(this.spans)) {
      put(link, "href", this.#to({ span }));
      if (span === this.#where.span) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    put(this.before, "href", this.#to(this.#by(-1)));
    put(this.after, "href", this.#to(this.#by(1)));
    put(this.today, "href", this.#to({ date: null }));
    for (const [link, name] of [[this.before, "Earlier"], [this.after, "Later"]]) put(link, "aria-label", `${name} ${week ? "week" : "day"}`);
    this.#sayTeams();
    const { needing: [first, ...others], waits } = this.#desk.bookings;
    const count = first ? 1 + others.length : 0;
    if (first) put(this.needs, "href", this.#to({ span: "day", date: dateOf(first.start, this.#zone) }));
    else this.needs.removeAttribute("href");
    if (this.needs.textContent !== needWords(count)) this.needs.replaceChildren(...(count ? [icon("alert")] : []), h("span", {}, needWords(count)));
    this.needs.toggleAttribute("data-attention", count > 0);
    const figures = waitFigures(waits);
    this.figures.hidden = figures.length === 0;
    if (this.figures.dataset.shown === JSON.stringify(figures)) return;
    this.figures.dataset.shown = JSON.stringify(figures);
    this.figures.replaceChildren(...figures.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))));
  }

  #sayTeams() {
    const teams = this.#teams;
    this.team.hidden = teams.length < 2;
    if (this.team.options.length === teams.length + 1) return;
    this.team.replaceChildren(h("option", { value: "" }, "All teams"), ...teams.map((team) => h("option", { value: team.id }, team.name)));
  }

  get #links() { return [...this.list.querySelectorAll(".booking-link, .card-link")]; }

  /** Moves the focus by bookings. */
  step(by) {
    const links = this.#links;
    if (!links.length) return;
    const from = links.findIndex((link) => link.closest(".booking").contains(document.activeElement));
    const link = links[from < 0 ? this.#nearest(links) : Math.max(0, Math.min(links.length - 1, from + by))];
    link.focus({ preventScroll: true });
    link.closest(".booking").scrollIntoView({ block: "nearest" });
  }

  /** Where one begins: what needs somebody first, else the first that is not past. */
  #nearest(links) {
    const booking = (link) => this.#desk.bookings.get(link.closest(".booking").dataset.id);
    const urgent = links.findIndex((link) => this.#desk.bookings.needs(booking(link)));
    const next = links.findIndex((link) => new Date(booking(link).start) >= Date.now());
    return Math.max(0, urgent >= 0 ? urgent : next);
  }

  takeFocus() {
    const row = this.#last && this.list.querySelector(`.booking[data-id="${CSS.escape(this.#last)}"]`);
    (row?.querySelector(".booking-link, .card-link") ?? this.heading).focus();
  }

  /** What a key does on the board, null where nothing. */
  action(key) {
    const row = document.activeElement?.closest?.("tl-board .booking");
    // Counted from the address, which is ahead of what is shown when somebody turns fast.
    const turn = (change) => () => {
      const where = place();
      addEventListener("hashchange", () => announce(this.about.textContent), { once: true });
      go({ ...where, ...change(where), thread: null });
    };
    const [before, after] = [turn((where) => this.#by(-1, where)), turn((where) => this.#by(1, where))];
    return {
      j: () => this.step(1), k: () => this.step(-1),
      c: () => row?.acts.toggleClaim(),
      "[": before, ArrowLeft: before, "]": after, ArrowRight: after,
      t: turn(() => ({ date: null })),
      v: turn(({ span }) => ({ span: span === "week" ? "day" : "week" })),
    }[key] ?? null;
  }
}
const needWords = (count) => (count === 0 ? "Nothing needs somebody now" : count === 1 ? "1 needs somebody now" : `${count} need somebody now`);
customElements.define("tl-board", Board);
