// The side panel: who the customer is, where they can be met, and how it stands with the team.

import { button, h, isolated, say } from "./dom.js";
import { exact, moment } from "./time.js";
import { channelName, hue, initials, personName } from "./words.js";

export class Panel extends HTMLElement {
  #desk;
  #id = null;
  #shown = "";

  start(desk) {
    this.#desk = desk;
    this.avatar = h("span", { class: "avatar large", "aria-hidden": "true" });
    this.name = isolated("", { class: "panel-name" });
    this.facts = h("dl");
    this.append(h("section", { class: "panel", "aria-label": "Customer", tabindex: "-1" },
      h("header", {}, h("h2", {}, "Customer"), button("Close", { icon: "close", look: "plain close", press: () => this.toggle() })),
      this.card = h("div", { class: "card", hidden: true }, this.avatar, this.name), this.facts));
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
    this.card.hidden = !row;
    const facts = row ? this.#facts(row, conversation.detail) : [];
    const state = JSON.stringify([row?.customer, facts]);
    if (state === this.#shown) return;
    this.#shown = state;
    if (row) {
      say(this.name, personName(row.customer.name));
      say(this.avatar, initials(row.customer.name));
      this.avatar.style.setProperty("--own-hue", hue("customer", row.customer.id));
    }
    this.facts.replaceChildren(...facts.map(([term, value, title]) =>
      h("div", { class: "fact" }, h("dt", {}, term), h("dd", { title }, isolated(value)))));
  }

  #facts(row, detail) {
    const identities = (detail?.identities ?? []).map((each) => [channelName(each.kind), personName(each.address)]);
    const reply = detail?.reply_to;
    return [
      ...identities,
      ["Their team", detail?.team_name ?? row.team],
      ["On it", row.claimed_by ? (row.claimed_by.id === this.#desk.store.me.id ? "You" : row.claimed_by.name) : "Nobody"],
      row.waiting_since ? ["Waiting since", moment(row.waiting_since), exact(row.waiting_since)] : ["Waiting", "No"],
      reply?.endpoint ? ["Answers go out from", personName(reply.endpoint)] : null,
    ].filter(Boolean);
  }
}
customElements.define("tl-panel", Panel);
