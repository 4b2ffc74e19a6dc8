// Who is in a thread and who is typing there: what others' clients say, and what this one says of its person.
// "Typing" is said for real keystrokes only, and "here" only while the page can be seen. Nothing is kept.

const HERE_EVERY = 15_000;
const TYPING_EVERY = 3_000;
/** For how long the server takes a client's word that its person is typing. */
const TYPING_LASTS = 6_000;

export class Presence {
  #api;
  #store;
  #threads = new Map();
  #open = null;
  #typed = 0;
  #still = 0;
  /** How often the stream has spoken: an answer that was on its way meanwhile is older than that. */
  #heard = 0;

  constructor(api, store) {
    this.#api = api;
    this.#store = store;
    setInterval(() => this.#tick(), HERE_EVERY);
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#say("gone") : this.#tick()));
    addEventListener("pagehide", () => this.#say("gone"));
  }

  /** This person looks at a thread now, or at none. */
  look(thread) {
    if (thread === this.#open) return;
    this.#say("gone");
    this.#open = thread;
    this.#typed = 0;
    this.#tick();
  }

  /** A key was pressed, by hand, in a reply. */
  typing() {
    clearTimeout(this.#still);
    this.#still = setTimeout(() => this.#tick(), TYPING_LASTS + 500);
    if (Date.now() - this.#typed < TYPING_EVERY) return;
    this.#typed = Date.now();
    this.#say("typing");
  }

  /** What was typed is sent, or gone. */
  stopped() {
    if (!this.#typed) return;
    this.#typed = 0;
    this.#say("here");
  }

  /** The stream is there again: what was known of others may be old. */
  renew() {
    const threads = [...this.#threads.keys()];
    this.#threads.clear();
    this.#store.touch("presence", ...threads);
    this.#tick();
  }

  /** What the stream says: {thread, people: [{id, name, typing}]}. */
  take(event) {
    this.#heard += 1;
    this.#put(event);
  }

  #put({ thread, people }) {
    const others = people.filter((person) => person.id !== this.#store.me?.id);
    const before = this.#threads.get(thread) ?? [];
    if (JSON.stringify(before) === JSON.stringify(others)) return;
    if (others.length) this.#threads.set(thread, others);
    else this.#threads.delete(thread);
    this.#store.stir("presence", thread);
  }

  /** The others in a thread, those who are typing first: [{id, name, typing}]. */
  of(thread) {
    const people = this.#threads.get(thread);
    return people ? [...people].sort((a, b) => Number(b.typing) - Number(a.typing)) : [];
  }

  #tick() {
    if (!document.hidden && Date.now() - this.#typed >= TYPING_LASTS) this.#say("here");
  }

  #say(state) {
    const thread = this.#open;
    if (!thread || !this.#store.me) return;
    const heard = this.#heard;
    this.#api.presence(thread, state).then((answer) => {
      if (answer?.people && thread === this.#open && heard === this.#heard) this.#put({ thread, people: answer.people });
    }).catch(() => {});
  }
}
