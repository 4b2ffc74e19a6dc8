// Words not yet sent, saved as they are typed, by person and thread. Only in this browser.

const PREFIX = "teamline.draft.";
const EMPTY = Object.freeze({ reply: "", note: "" });

export class Drafts {
  #store;
  /** What was read, since every row of the inbox asks; another tab's writing makes it void. */
  #known = new Map();

  constructor(store) {
    this.#store = store;
    addEventListener("storage", () => { this.#known.clear(); store.touch("rows"); });
  }

  #name(thread) { return `${PREFIX}${this.#store.me.id}.${thread}`; }

  /** {reply, note}, each "" when there is none. */
  of(thread) {
    const name = this.#name(thread);
    if (!this.#known.has(name)) this.#known.set(name, JSON.parse(localStorage.getItem(name)) ?? EMPTY);
    return this.#known.get(name);
  }

  /** `kind` is "reply" or "note". */
  save(thread, kind, body) {
    const draft = Object.freeze({ ...this.of(thread), [kind]: body });
    const name = this.#name(thread);
    this.#known.set(name, draft);
    if (draft.reply || draft.note) localStorage.setItem(name, JSON.stringify(draft));
    else localStorage.removeItem(name);
    this.#store.touch("rows");
  }
}

/** How one likes to work, kept in this browser. */
export const habits = {
  get enterSends() { return localStorage.getItem("teamline.enter-sends") === "yes"; },
  set enterSends(value) { localStorage.setItem("teamline.enter-sends", value ? "yes" : "no"); },
};
