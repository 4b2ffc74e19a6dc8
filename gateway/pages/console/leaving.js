// Signing out. It leaves nothing of this person in the browser, and says before what would be lost by that: words that
// only this browser has. The server keeps the drafts of replies, so those are brought to it first.

import { button, h, isolated, say } from "./dom.js";
import { href } from "./router.js";
import { personName } from "./words.js";

/** Told to the other tabs of this browser, which then hold nothing either. */
const LEFT = "teamline.left";

const several = (count, word, words) => (count === 1 ? `1 ${word}` : `${count} ${words}`);

export class Leaving {
  #desk;

  constructor(desk) {
    this.#desk = desk;
    this.press = button("Sign out", { look: "plain", press: () => this.#ask() });
    this.words = h("p");
    this.places = h("ul");
    this.anyway = button("Sign out and lose it", { press: () => this.#leave() });
    this.element = h("div", { class: "leaving", role: "alert", hidden: true }, this.words, this.places,
      h("div", { class: "choices" }, button("Stay", { look: "primary", press: () => this.#stay() }), this.anyway));
    addEventListener("storage", ({ key, newValue }) => key === LEFT && newValue === desk.store.me?.id && this.#begone());
  }

  async #ask() {
    const { drafts, outgoing } = this.#desk;
    this.press.setAttribute("aria-disabled", "true");
    await drafts.bring();
    this.press.removeAttribute("aria-disabled");
    const unsent = outgoing.left();
    const begun = drafts.left();
    if (unsent.length + begun.length === 0) return this.#leave();
    const what = [unsent.length && several(unsent.length, "message that was not sent", "messages that were not sent"),
      begun.length && several(begun.length, "text that you have begun", "texts that you have begun")].filter(Boolean);
    this.#say(`Only this browser has ${what.join(" and ")}. Signing out loses it.`, new Set([...unsent, ...begun]));
  }

  #say(words, threads) {
    const { rows } = this.#desk.store;
    say(this.words, words);
    this.places.replaceChildren(...[...threads].slice(0, 3).map((thread) => {
      const name = rows.get(thread)?.customer.name;
      return h("li", {}, h("a", { href: href({ view: "all", thread }) }, name ? isolated(personName(name)) : "A conversation"));
    }));
    this.anyway.hidden = threads.size === 0;
    this.element.hidden = false;
    this.element.querySelector("button").focus();
  }

  #stay() {
    this.element.hidden = true;
    this.press.focus();
  }

  async #leave() {
    const { api, drafts, outgoing, store } = this.#desk;
    try {
      await api.signOut();
    } catch (error) {
      return this.#say(`You are still signed in. ${error.message} Nothing was lost.`, new Set());
    }
    await this.#desk.device.rest().catch(() => {});
    drafts.forget();
    outgoing.forget();
    localStorage.setItem(LEFT, store.me.id);
    localStorage.removeItem(LEFT);
    this.#begone();
  }

  /** The page is loaded anew, and not at the place that the address named. */
  #begone() {
    this.#desk.drafts.forget();
    this.#desk.outgoing.forget();
    history.replaceState(null, "", location.pathname);
    location.reload();
  }
}
