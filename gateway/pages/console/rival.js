// What another window of the same person has begun in this thread, where both have words: shown above the composer,
// with the choice which of the two stay. Nothing is lost before that is said.

import { announce, button, h, say } from "./dom.js";

const SAID = "Another window of yours has a draft here";

export class Rival {
  constructor({ onTake, onKeep }) {
    this.words = h("p", { class: "rival-words", dir: "auto" });
    this.element = h("section", { class: "rival", "aria-label": SAID, hidden: true }, h("p", {}, SAID), this.words,
      h("div", { class: "choices" }, button("Take that one", { press: onTake }), button("Keep mine", { press: onKeep })));
  }

  /** "" where there is none. */
  show(words) {
    if (words && this.element.hidden) announce(SAID);
    this.element.hidden = !words;
    say(this.words, words);
  }
}
