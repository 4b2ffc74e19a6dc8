// The desk: what one agent's tab consists of, put together, and what a person can do at it.
// Each verb shows its effect at once, tells the server, and undoes what was shown if the server refuses.

import { Api } from "./api.js";
import { Attached } from "./attached.js";
import { Bookings } from "./bookings.js";
import { Counts } from "./counts.js";
import { Device } from "./device.js";
import { announce } from "./dom.js";
import { Drafts } from "./drafts.js";
import { tellFrame } from "./embedding.js";
import { Feed } from "./feed.js";
import { Outgoing } from "./outgoing.js";
import { Presence } from "./presence.js";
import { Reading } from "./reading.js";
import { listOf, place } from "./router.js";
import { Spoken } from "./spoken.js";
import { Store } from "./store.js";

export class Desk extends EventTarget {
  api = new Api();
  store = new Store(this.api);
  outgoing = new Outgoing(this.api, this.store, { onReplied: (thread) => this.drafts.dropped(thread) });
  attached = new Attached(this.api, this.store);
  drafts = new Drafts(this.api, this.store);
  presence = new Presence(this.api, this.store);
  counts = new Counts(this.api, this.store);
  bookings = new Bookings(this.api, this.store);
  reading = new Reading(this.api, this.store);
  device = new Device(this.api, { name: "teamline.console.device", worker: "/static/console/worker.js", scope: "/console" });
  connection = "connecting";
  /** Whether the first list is there, so that what is read from now on is followed. */
  following = false;
  #spoken = new Spoken();
  #feed = new Feed(this.api, {
    onEvent: (kind, data) => this.#hear(kind, data),
    onState: (state) => this.#connected(state),
    onSignedOut: () => this.api.onSignedOut(),
  });

  #tell(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }

  /** Begins, or goes on, as this person; somebody else's tab starts empty. The list is read before anything else, so
   *  that the stream, which continues where it stood, misses nothing of what is read after it. */
  async begin(me) {
    if (this.store.me && this.store.me.id !== me.id) this.store.forget();
    this.store.me = me;
    this.outgoing.resume();
    this.drafts.resume();
    this.#tell("begun");
    this.device.meet(me.id).catch(() => {});
    tellFrame("signed-in");
    await this.#again();
    this.following = true;
    this.#tell("following");
  }

  /** The first list is read again until it is there: without it there is no cursor to follow from. */
  async #until(read) {
    for (let wait = 500; ; wait = Math.min(15_000, wait * 2)) {
      try {
        return await read();
      } catch (error) {
        if (error.status === 401) return null;
        this.#connected("lost");
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  /** The session is over. What was written stays. */
  pause() {
    this.#feed.stop();
    this.presence.look(null);
    this.device.doubt();
  }

  #connected(state) {
    if (state === "live") this.outgoing.hurry();
    if (state === this.connection) return;
    if (state === "live") {
      this.presence.renew();
      this.drafts.resume();
      this.counts.stir();
    }
    this.connection = state;
    this.#tell("connection");
  }

  #hear(kind, event) {
    if (kind === "presence") return this.#meet(event);
    this.counts.stir();
    if (kind === "resync" || kind === "thread.moved") return this.#again();
    this.#tellFrame(kind, event);
    if (kind === "message.sent" || kind === "note.added") if (event.message) this.outgoing.meets(event.message);
    this.store.take({ ...event, kind });
    this.bookings.take(event);
    if (kind === "message.received" && event.message && event.thread === place().thread) this.#spoken.hear(event.message);
  }

  /** Others came or went, or type. Who comes into the open thread is said once, for those who do not see it. */
  #meet(event) {
    const before = this.presence.of(event.thread).map((person) => person.id);
    this.presence.take(event);
    const others = this.presence.of(event.thread);
    if (others.length) tellFrame("colleague");
    if (event.thread !== place().thread) return;
    for (const person of others) if (!before.includes(person.id)) announce(`${person.name} is here`);
  }

  #tellFrame(kind, { by, message }) {
    const who = by?.id ?? (message?.author.kind === "agent" ? message.author.id : null);
    if (!who) return;
    if (who !== this.store.me?.id) tellFrame("colleague");
    else if (kind === "message.sent") tellFrame("answered");
    else if (kind === "note.added") tellFrame("noted");
  }

  async #again() {
    const { view, thread } = place();
    await this.#until(async () => this.#feed.start(await this.store.resync(listOf(view), thread)));
    // What stands here is older than the stream begins, and the rest of the page does not wait for it.
    this.bookings.again().then(() => this.#tell("rebooked"), () => this.bookings.later());
  }

  /** `verb` is "claim", "release" or "done". Answers whether the server took it. */
  async act(id, verb) {
    const { me } = this.store;
    const shown = {
      claim: { claimed_by: { id: me.id, name: me.name } },
      release: { claimed_by: null },
      done: { waiting_since: null, claimed_by: null, done_at: new Date().toISOString() },
    };
    const said = { claim: "You took this on", release: "You let this go", done: "Marked done" };
    const newest = this.store.rows.get(id)?.last_message?.id ?? "";
    const seen = verb === "done" && /^\d+$/.test(newest) ? { message: newest } : undefined;
    const undo = this.store.patch(id, shown[verb]);
    try {
      const row = await this.api.act(id, verb, seen);
      if (row?.id) this.store.put(row);
      announce(said[verb]);
      return true;
    } catch (error) {
      undo();
      this.complain(`That did not go through. ${error.message} Nothing was changed.`);
      return false;
    }
  }

  /** A person decides what becomes of a message: "retry", or the state it is settled as. */
  async decide(message, decision) {
    try {
      const answer = await (decision === "retry" ? this.api.retry(message.id) : this.api.settle(message.id, decision));
      if (answer?.id) this.store.answer(answer);
    } catch (error) {
      this.complain(`That did not go through. ${error.message} The message is as it was.`);
    }
  }

  /** Says in the open thread what went wrong. */
  complain(words) { this.#tell("complaint", words); }
}
