// The status page, for admins: what is configured, what came in and went out, what waits, who may do what. Facts, read
// again every five seconds while somebody looks at it. It changes nothing.

import { arrange, h, icon, isolated, say } from "./dom.js";
import { href } from "./router.js";
import { exact, past } from "./time.js";

const EVERY = 5_000;
const ROLES = { agent: "Agent", lead: "Lead", admin: "Admin" };

const when = (at, none = "Never") => (at ? h("time", { datetime: at, title: exact(at) }, past(at)) : none);
const fact = (term, value, look = "") => h("div", { class: `number ${look}`.trim() }, h("dt", {}, term), h("dd", {}, value));

function fault({ path, line, key, problem, remedy }) {
  return h("li", { class: "fault" }, icon("alert"), h("div", {},
    h("p", { class: "fault-place" }, isolated(`${path}${line ? `:${line}` : ""}`), key ? [" ", isolated(key)] : null),
    h("p", {}, isolated(problem)), remedy ? h("p", { class: "quiet" }, isolated(remedy)) : null));
}

function channel({ name, adapter, last_in: lastIn, last_out: lastOut, last_error: error, queued, sending, retrying, unknown, configuration = [] }) {
  return h("li", { class: "channel" },
    h("h4", {}, isolated(name), " ", h("span", { class: "quiet" }, adapter)),
    h("dl", { class: "numbers" },
      fact("Last in", when(lastIn)), fact("Last out", when(lastOut)), fact("Queued", String(queued)), fact("Sending", String(sending)),
      fact("Retrying", String(retrying), retrying ? "attention" : ""), fact("Unknown", String(unknown), unknown ? "attention" : "")),
    error ? h("p", { class: "channel-error" }, icon("alert"), h("span", {}, "Last error ", when(error.at), ": ", isolated(error.detail), error.code ? ` (${error.code})` : "")) : null,
    configuration.length ? h("ul", { class: "set-up", "aria-label": "Errors of our own set-up" }, configuration.map(misconfiguration)) : null);
}

/** An error that only a change to our own set-up ends, with the provider's page about it. */
function misconfiguration({ code, detail, count, at, link }) {
  const times = count === 1 ? "once" : `${count} times`;
  return h("li", { class: "channel-error" }, icon("alert"), h("span", {}, "Our set-up: ", isolated(detail), code ? ` (${code})` : "", `, ${times}, last `, when(at),
    link && URL.canParse(link) && new URL(link).protocol === "https:"
      ? [". ", h("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, `What the provider says about ${code || "it"}`)] : null));
}

function person(each, teams) {
  const places = each.teams.map((id) => teams.get(id) ?? id).join(", ");
  return h("li", { class: "entry" }, h("span", { class: "entry-name" }, isolated(each.name), " ", h("span", { class: "quiet" }, isolated(each.login))),
    h("span", {}, each.disabled ? "Disabled" : ROLES[each.role] ?? each.role), h("span", { class: "quiet" }, each.role === "admin" ? "Every team" : places || "No team"));
}

function token(each) {
  return h("li", { class: "entry" }, h("span", { class: "entry-name" }, each.label ? isolated(each.label) : h("span", { class: "quiet" }, "No label"), " ", h("span", { class: "quiet" }, isolated(each.login))),
    h("span", {}, each.may_reply ? "Reads and replies" : "Reads"), h("span", { class: "quiet" }, "made ", when(each.created_at)));
}

export class Status extends HTMLElement {
  #desk;
  #timer = null;
  #shown = "";

  start(desk) {
    this.#desk = desk;
    this.heading = h("h2", { tabindex: "-1" }, "Status");
    this.about = h("p", { class: "quiet about" });
    this.trouble = h("p", { class: "complaint", role: "alert", hidden: true });
    this.faults = this.#part("Configuration", "ul", "faults");
    this.channels = this.#part("Channels", "ul", "channels");
    this.people = this.#part("People", "ul", "entries");
    this.tokens = this.#part("Personal tokens", "ul", "entries");
    this.body = h("div", { class: "status-body", hidden: true }, [this.faults, this.channels, this.people, this.tokens].map((part) => part.section));
    const back = h("a", { class: "button plain back", href: href({ view: "waiting" }) }, icon("back"), h("span", {}, "Inbox"));
    this.append(h("section", { class: "status", "aria-label": "Status" },
      h("header", {}, back, h("div", { class: "who" }, this.heading, this.about)), this.trouble,
      h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "What is known" }, this.body)));
    document.addEventListener("visibilitychange", () => this.#go());
    desk.addEventListener("begun", () => this.#go());
  }

  #part(title, tag, look) {
    const list = h(tag, { class: look });
    const none = h("p", { class: "quiet none" });
    return { section: h("section", {}, h("h3", {}, title), list, none), list, none };
  }

  show(on) {
    const turned = this.hidden === on;
    this.hidden = !on;
    if (turned && on) this.heading.focus();
    this.#go();
  }

  #go() {
    clearTimeout(this.#timer);
    if (!this.hidden && !document.hidden && this.#desk.store.me) this.#read();
  }

  async #read() {
    try {
      this.#render(await this.#desk.api.status());
      this.trouble.hidden = true;
    } catch (error) {
      this.#refuse(error);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#go(), EVERY);
  }

  #refuse(error) {
    if (error.status === 401) return;
    const only = error.status === 403 || error.status === 404;
    this.trouble.hidden = false;
    say(this.trouble, only ? "Only admins see this." : `The status could not be read. ${error.message}${this.#shown ? " What stands here is older." : ""}`);
  }

  #render(status) {
    const words = JSON.stringify([status, Math.floor(Date.now() / 60_000)]);
    if (words === this.#shown) return;
    this.#shown = words;
    this.body.hidden = false;
    const teams = new Map(this.#desk.store.me.teams.map((team) => [team.id, team.name]));
    this.about.replaceChildren("Configuration ", isolated(status.version), " · started ", when(status.started_at),
      ` · ${status.streams} ${status.streams === 1 ? "stream" : "streams"} open`);
    const notices = status.notices.map((notice) => h("li", { class: "notice" }, isolated(notice)));
    this.#fill(this.faults, [...status.faults.map(fault), ...notices], "No faults. What is in the folder is what runs.");
    this.#fill(this.channels, status.channels.map(channel), "No channel is set up. Each file under adapters/ is one.");
    this.#fill(this.people, status.people.map((each) => person(each, teams)), "Nobody can sign in yet. teamline agent add makes an account.");
    this.#fill(this.tokens, status.tokens.map(token), "No personal tokens. teamline token create makes one.");
  }

  #fill({ list, none }, items, empty) {
    arrange(list, items);
    list.hidden = items.length === 0;
    none.hidden = items.length > 0;
    say(none, empty);
  }
}
customElements.define("tl-status", Status);
