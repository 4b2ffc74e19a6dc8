// One row of the inbox: who, how long, the last line and who wrote it, the channel and who is on it.
// It is made once and then only changed where something differs, so that it can be updated many times a second.

import { h, isolated, say } from "./dom.js";
import { ago, exact, moment, since } from "./time.js";
import { channelName, firstName, hue, initials, needsAttention, personName, presenceWords, preview } from "./words.js";

export class Row {
  #avatar = h("span", { class: "avatar", "aria-hidden": "true" });
  #name = isolated("", { class: "row-name" });
  #time = h("time", { class: "row-time" });
  #exact = h("time", { class: "row-exact" });
  #who = h("bdi", { class: "row-who" });
  #text = isolated("", { class: "row-text", dir: "auto" });
  #unread = h("span", { class: "row-unread" });
  #meta = h("span", { class: "row-meta" });
  #link = h("a", { class: "row" });
  #customer = null;
  #shown = [];

  constructor() {
    this.#link.append(
      this.#avatar,
      h("span", { class: "row-top" }, this.#name, this.#exact, this.#time),
      h("span", { class: "row-bottom" }, h("span", { class: "row-line" }, this.#who, this.#text), this.#meta, this.#unread),
    );
    this.element = h("li", {}, this.#link);
  }

  /** `written` is {draft, pending}: what this person has begun in that thread; `others` is who else is in it. */
  update(row, { href, current, me, waitingView, settled, draft, pending, others, minute }) {
    const shown = [row, href, current, waitingView, settled, draft, pending, others, minute];
    if (shown.every((each, place) => each === this.#shown[place])) return;
    this.#shown = shown;
    this.#link.setAttribute("href", href);
    this.#link.toggleAttribute("data-settled", settled);
    this.#link.toggleAttribute("data-unread", row.unread > 0);
    if (current) this.#link.setAttribute("aria-current", "true");
    else this.#link.removeAttribute("aria-current");
    this.#customerIs(row.customer);
    this.#when(row, waitingView);
    this.#line(row, me, { draft, pending });
    this.#sayUnread(row.unread);
    say(this.#meta, others || this.#about(row, me, settled));
    this.#meta.toggleAttribute("data-here", Boolean(others));
  }

  #sayUnread(count) {
    const words = count > 0 ? `${count} unread` : "";
    if (this.#unread.textContent !== words) this.#unread.replaceChildren(...(count > 0 ? [String(count), h("span", { class: "unseen" }, " unread")] : []));
  }

  #customerIs(customer) {
    if (customer === this.#customer) return;
    this.#customer = customer;
    say(this.#name, personName(customer.name));
    say(this.#avatar, initials(customer.name));
    this.#avatar.style.setProperty("--own-hue", hue("customer", customer.id));
  }

  #when(row, waitingView) {
    const at = row.waiting_since ?? row.last_message?.at;
    if (!at) return;
    say(this.#time, row.waiting_since ? since(row.waiting_since) : ago(at));
    say(this.#exact, moment(at));
    this.#time.toggleAttribute("data-waiting", Boolean(row.waiting_since));
    this.#time.toggleAttribute("data-said", Boolean(row.waiting_since) && !waitingView);
    this.#link.title = `${row.waiting_since ? "Waiting since" : "Last message"} ${exact(at)}`;
  }

  #line(row, me, { draft, pending }) {
    const last = row.last_message;
    const mine = last?.author.id === me.id && last.author.kind === "agent";
    let who = last && last.direction !== "in" ? `${mine ? "You" : firstName(last.author.name)}: ` : "";
    let text = last ? preview(last) : "";
    if (pending) [who, text] = ["Not yet sent: ", preview(pending)];
    else if (draft) [who, text] = ["Draft: ", preview({ body: draft })];
    else if (needsAttention(last?.delivery)) who = last.delivery.state === "failed" ? "Not delivered: " : "Unclear: ";
    this.#who.toggleAttribute("data-attention", Boolean(pending) || (!draft && needsAttention(last?.delivery)));
    say(this.#who, who);
    say(this.#text, text);
  }

  #about(row, me, settled) {
    if (settled) return "Answered or done";
    const who = row.claimed_by && (row.claimed_by.id === me.id ? "You" : firstName(row.claimed_by.name));
    return [channelName(row.kind || row.channel), who].filter(Boolean).join(" · ");
  }
}

/** What a row says of the others in its thread. */
export const othersIn = (presence, thread) => presenceWords(presence.of(thread));
