// The side panel: who the customer is, where they can be met, and how it stands with the team.

import { button, h, isolated, say } from "./dom.js";
import { OptOut } from "./opt-out.js";
import { ThreadBookings } from "./thread-bookings.js";
import { clock, exact, moment, since } from "./time.js";
import { href } from "./router.js";
import { addressName, channelName, hue, initials, personName, presenceWords, wayWords } from "./words.js";

const sinceWhen = (at) => (Date.now() - new Date(at) < 24 * 3_600_000 ? clock(at) : moment(at));

/** What the company's app said of them. */
function profileFacts(profile) {
  if (!profile) return [];
  const { phone, phone_verified: verified, region, postal_code: code, class: kind, account, locale, seen_at: at } = profile;
  const title = at ? `As the app said ${exact(at)}` : null;
  const facts = [
    ["Phone", phone && `${addressName(phone)}, ${verified ? "verified" : "not verified"}`], ["Place", [region, code].filter(Boolean).join(", ")],
    ["Class", kind], ["Account", account], ["Language", locale],
  ];
  return facts.filter(([, value]) => value).map(([term, value]) => [term, value, title]);
}

export class Panel extends HTMLElement {
  #desk;
  #id = null;
  #shown = "";

  start(desk) {
    this.#desk = desk;
    this.avatar = h("span", { class: "avatar large", "aria-hidden": "true" });
    this.name = isolated("", { class: "panel-name" });
    this.team = h("p", { class: "quiet" });
    this.contact = h("dl");
    this.standing = h("dl");
    this.same = h("div", { class: "same" });
    this.optOut = new OptOut(desk);
    this.bookings = new ThreadBookings(desk);
    this.append(h("section", { class: "panel", "aria-label": "Customer", tabindex: "-1" },
      h("header", {}, h("h2", {}, "Customer"), button("Close", { icon: "close", look: "plain close", press: () => this.toggle() })),
      this.body = h("div", { hidden: true },
        h("div", { class: "card" }, this.avatar, h("div", {}, this.name, this.team)),
        this.bookings.element, this.contact, this.same, h("h3", {}, "With the team"), this.standing, this.optOut.element)));
    desk.store.addEventListener("change", ({ detail }) => this.#id && (detail.has(this.#id) || detail.has("clock")) && this.#render());
  }

  show(id) {
    if (id !== this.#id) this.close();
    this.#id = id;
    this.#render();
  }

  get isOpen() { return this.hasAttribute("data-open"); }

  close() { this.removeAttribute("data-open"); }

  /** On narrow screens the panel slides over; the focus goes with it and comes back. */
  toggle() {
    this.toggleAttribute("data-open");
    if (this.isOpen) this.querySelector(".panel").focus();
    else document.querySelector("tl-thread").takeFocus();
  }

  #render() {
    const conversation = this.#id && this.#desk.store.me ? this.#desk.store.conversation(this.#id) : null;
    const row = conversation?.row;
    this.body.hidden = !row;
    if (!row) return;
    this.optOut.show(conversation);
    this.bookings.show(conversation);
    const { contact, standing } = this.#facts(row, conversation.detail);
    const same = conversation.detail?.maybe_same ?? [];
    const team = conversation.detail?.team_name ?? row.team;
    const state = JSON.stringify([row.customer, team, contact, standing, same]);
    if (state === this.#shown) return;
    this.#shown = state;
    say(this.name, personName(row.customer.name));
    say(this.team, `Customer of ${team}`);
    say(this.avatar, initials(row.customer.name));
    this.avatar.style.setProperty("--own-hue", hue("customer", row.customer.id));
    this.#fill(this.contact, contact);
    this.#fill(this.standing, standing);
    this.#join(same);
  }

  /** Other threads by the same phone: the same person where the company has verified it, and else perhaps. */
  #join(same) {
    const lines = (title, threads) => threads.length > 0 && [h("h3", {}, title), h("ul", {}, threads.map(({ thread, customer }) =>
      h("li", {}, h("a", { href: href({ view: "all", thread }) }, isolated(personName(customer.name))))))];
    this.same.replaceChildren(...[
      lines("The same person", same.filter((each) => each.verified)),
      lines("Maybe the same person: a phone that is not verified", same.filter((each) => !each.verified)),
    ].filter(Boolean).flat());
  }

  #fill(list, facts) {
    list.replaceChildren(...facts.filter(Boolean).map(([term, value, title]) =>
      h("div", { class: "fact" }, h("dt", {}, term), h("dd", { title }, isolated(value)))));
  }

  #facts(row, detail) {
    const { store, presence } = this.#desk;
    const reply = detail?.reply_to;
    const here = presenceWords(presence.of(row.id));
    const holder = row.claimed_by && (row.claimed_by.id === store.me.id ? "You" : row.claimed_by.name);
    return {
      contact: [
        ...(detail?.identities ?? []).map((each) => [channelName(each.kind), addressName(each.address)]),
        ...profileFacts(detail?.profile),
        reply?.endpoint ? ["Answers go out from", addressName(reply.endpoint)] : null,
        ...(detail?.ways ?? []).filter((way) => way.since).map((way) => ["Opted out", `${wayWords(way)}, ${moment(way.since)}`, exact(way.since)]),
        ...(detail?.consents ?? []).slice(0, 1).map((each) => ["Consent", `${each.who}: ${each.how} (${moment(each.when)}, recorded by ${each.recorded_by.name})`, exact(each.when)]),
      ],
      standing: [
        ["On it", holder ?? "Nobody"],
        here ? ["In it now", here] : null,
        row.waiting_since ? ["Waiting", `${since(row.waiting_since).replace("now", "since just now")}, since ${sinceWhen(row.waiting_since)}`, exact(row.waiting_since)]
          : ["Waiting", row.done_at ? "No, it is done" : "No, they were answered"],
      ],
    };
  }
}
customElements.define("tl-panel", Panel);
