// One row of the inbox: who, how long, the last line and who wrote it, the channel and who is on it.
// It is made once and then only changed where something differs, so that it can be updated many times a second.

import { h, isolated, say } from "./dom.js";
import { exact, moment, since } from "./time.js";
import { channelName, hue, initials, needsAttention, personName, preview } from "./words.js";

export class Row {
  #avatar = h("span", { class: "avatar", "aria-hidden": "true" });
  #name = isolated("", { class: "row-name" });
  #time = h("time", { class: "row-time" });
  #exact = h("time", { class: "row-exact" });
  #who = h("span", { class: "row-who" });
  #text = isolated("", { class: "row-text", dir: "auto" });
  #unread = h("span", { class: "row-unread" });
  #meta = h("span", { class: "row-meta" });
  #link = h("a", { class: "row" });

  constructor() {
    this.#link.append(
      this.#avatar,
      h("span", { class: "row-top" }, this.#name, this.#unread, this.#time, this.#exact),
      h("span", { class: "row-bottom" }, h("span", { class: "row-line" }, this.#who, this.#text), this.#meta),
    );
    this.element = h("li", {}, this.#link);
  }

  get link() { return this.#link; }

  /** `written` is {draft, pending}: what this person has begun in that thread. */
  update(row, { href, current, me, waitingView, settled, written }) {
    this.#link.setAttribute("href", href);
    this.#link.toggleAttribute("data-settled", settled);
    this.#link.toggleAttribute("data-unread", row.unread > 0);
    if (current) this.#link.setAttribute("aria-current", "true");
    else this.#link.removeAttribute("aria-current");
    say(this.#name, personName(row.customer.name));
    say(this.#avatar, initials(row.customer.name));
    this.#avatar.style.setProperty("--own-hue", hue("customer", row.customer.id));
    this.#when(row, waitingView);
    this.#line(row, me, written);
    say(this.#unread, row.unread > 0 ? `${row.unread} unread` : "");
    say(this.#meta, this.#about(row, me, settled));
  }

  #when(row, waitingView) {
    const at = row.waiting_since ?? row.last_message?.at;
    if (!at) return;
    const words = row.waiting_since ? since(row.waiting_since) : moment(at);
    say(this.#time, words);
    say(this.#exact, moment(at));
    this.#time.toggleAttribute("data-waiting", Boolean(row.waiting_since) && !waitingView);
    this.#link.title = `${row.waiting_since ? "Waiting since" : "Last message"} ${exact(at)}`;
  }

  #line(row, me, { draft, pending }) {
    const last = row.last_message;
    const mine = last?.author.id === me.id && last.author.kind === "agent";
    let who = last && last.direction !== "in" ? `${mine ? "You" : last.author.name}: ` : "";
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
    const who = row.claimed_by && (row.claimed_by.id === me.id ? "You" : row.claimed_by.name.split(" ")[0]);
    return [channelName(row.channel), who].filter(Boolean).join(" · ");
  }
}
