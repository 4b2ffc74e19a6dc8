// What is known of the team, at the top of the page: who answers here, until when it is open or when it opens, when a
// person last answered. Facts as the server tells them, in the reader's zone.

import { button, h, isolated, put, say } from "../console/dom.js";
import { exact, moment, since } from "../console/time.js";
import { upcoming } from "./words.js";

const WEEK = 7 * 24 * 60 * 60_000;
const DAYS = { mon: "Monday", tue: "Tuesday", wed: "Wednesday", thu: "Thursday", fri: "Friday", sat: "Saturday", sun: "Sunday" };

/** "Open now, until 21:00", "Closed now, opens Monday at 07:00". */
function openWords(facts) {
  const zone = isElsewhere(facts.timezone) ? " your time" : "";
  if (facts.open) return facts.open_until ? `Open now, until ${upcoming(facts.open_until)}${zone}` : "Open at all hours";
  return facts.opens_at ? `Closed now, opens ${opening(facts.opens_at)}${zone}` : "Closed now";
}

/** "at 07:00" today, else as `upcoming` says it. */
function opening(at) {
  const words = upcoming(at);
  return /^\d/.test(words) ? `at ${words}` : words;
}

function isElsewhere(timezone) {
  const now = new Date();
  const hour = (zone) => now.toLocaleString("en", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
  return Boolean(timezone) && hour(timezone) !== hour(undefined);
}

function answeredWords(at) {
  const passed = Date.now() - new Date(at);
  if (passed >= WEEK) return `on ${moment(at)}`;
  return since(at) === "now" ? "just now" : `${since(at)} ago`;
}

const spans = (hours) => (hours?.length ? hours.map(([from, to]) => (from === "00:00" && to === "24:00" ? "All day" : `${from} to ${to}`)).join(", ") : "Closed");

/** [["Monday to Friday", "07:00 to 21:00"], ...]: days with the same hours together. */
export function week(hours) {
  const lines = [];
  for (const [day, name] of Object.entries(DAYS)) {
    const open = spans(hours[day]);
    const last = lines.at(-1);
    if (last?.open === open) last.days.push(name);
    else lines.push({ days: [name], open });
  }
  return lines.map(({ days, open }) => [days.length > 2 ? `${days[0]} to ${days.at(-1)}` : days.join(" and "), open]);
}

export class Facts {
  #shown = "";

  /** `offer`: what else can be done here, a button. */
  constructor(offer) {
    this.name = h("h1");
    this.standing = h("p", { class: "standing" });
    this.answered = h("p", { class: "answered" });
    this.toggle = button("Hours", { "aria-expanded": "false", "aria-controls": "hours", hidden: true, press: () => this.#turn() });
    this.hours = h("div", { class: "hours", id: "hours", hidden: true });
    this.element = h("header", { class: "facts", on: { keydown: (event) => event.key === "Escape" && !this.hours.hidden && this.#turn() } },
      h("div", { class: "facts-words" }, this.name, h("div", { class: "facts-lines" }, this.standing, this.answered)), h("div", { class: "facts-buttons" }, offer, this.toggle), this.hours);
  }

  /** Nothing is known yet, and this is why. */
  wait(words, name = "Write to us") {
    say(this.name, name);
    say(this.standing, words);
  }

  render(facts) {
    if (this.name.textContent !== facts.team.name) this.name.replaceChildren(isolated(facts.team.name));
    say(this.standing, openWords(facts));
    this.standing.toggleAttribute("data-open", facts.open);
    put(this.standing, "data-known", "");
    const at = facts.team_last_reply ?? facts.last_reply;
    say(this.answered, at ? `A person last answered ${answeredWords(at)}` : "");
    if (at) put(this.answered, "title", exact(at));
    this.#fill(facts);
  }

  #fill(facts) {
    const key = JSON.stringify([facts.hours, facts.timezone]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.toggle.hidden = !facts.hours || !facts.open_until && !facts.opens_at;
    this.hours.replaceChildren(h("h2", {}, "Opening hours"), h("dl", {}, week(facts.hours ?? {}).map(([days, open]) =>
      h("div", {}, h("dt", {}, days), h("dd", {}, open)))),
    h("p", { class: "quiet" }, `In the team's own time, ${(facts.timezone ?? "").split("/").at(-1).replaceAll("_", " ")}`));
  }

  #turn() {
    this.hours.hidden = !this.hours.hidden;
    put(this.toggle, "aria-expanded", String(!this.hours.hidden));
    this.toggle.focus();
  }
}
