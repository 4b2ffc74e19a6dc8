// Words not yet sent, saved as they are typed, by person and thread. Only in this browser.

const PREFIX = "teamline.draft.";
const EMPTY = Object.freeze({ reply: "", note: "" });

export class Drafts {
  #store;

  constructor(store) {
    this.#store = store;
  }

  #name(thread) { return `${PREFIX}${this.#store.me.id}.${thread}`; }

  /** {reply, note}, each "" when there is none. */
  of(thread) {
    const kept = localStorage.getItem(this.#name(thread));
    return kept ? JSON.parse(kept) : { ...EMPTY };
  }

  /** `kind` is "reply" or "note". */
  save(thread, kind, body) {
    const draft = { ...this.of(thread), [kind]: body };
    if (draft.reply || draft.note) localStorage.setItem(this.#name(thread), JSON.stringify(draft));
    else localStorage.removeItem(this.#name(thread));
    this.#store.touch("rows");
  }
}

/** How one likes to work, kept in this browser. */
export const habits = {
  get enterSends() { return localStorage.getItem("teamline.enter-sends") === "yes"; },
  set enterSends(value) { localStorage.setItem("teamline.enter-sends", value ? "yes" : "no"); },
};
