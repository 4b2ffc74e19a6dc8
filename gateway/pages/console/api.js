// The agent API over fetch. It knows paths, problems and keys; it keeps nothing and shows nothing.

import { upload } from "./upload.js";

const BASE = "/api/agent/v1";

/** The server's refusal, as RFC 9457 gives it. `lasting` is false when the same request may succeed later. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `The server answered ${status}.`);
    this.status = status;
    this.type = body.type || "";
    /** What the document says beside the words: `slots` of a time that is taken, and the like. */
    this.facts = body;
  }

  get lasting() {
    return this.status < 500 && ![401, 408, 429].includes(this.status);
  }
}

/** No answer came: the request may or may not have arrived. */
export class NoAnswer extends Error {
  constructor() {
    super("The server cannot be reached.");
    this.lasting = false;
  }
}

export class Api {
  /** Called when a session has ended; set by whoever shows the sign-in. */
  onSignedOut = () => {};

  async #call(method, path, { body, key, keepalive = false, patience = 20_000 } = {}) {
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    let response;
    let answer = null;
    try {
      response = await fetch(BASE + path, {
        method, headers, keepalive, body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(patience),
      });
      const text = await response.text();
      if (text && (response.headers.get("Content-Type") || "").includes("json")) answer = JSON.parse(text);
    } catch {
      throw new NoAnswer();
    }
    if (response.ok) return answer;
    if (response.status === 401 && path !== "/session") this.onSignedOut();
    throw new Problem(response.status, answer || {});
  }

  me() { return this.#call("GET", "/me").then((answer) => answer.agent ?? answer); }
  signIn(login, password) { return this.#call("POST", "/session", { body: { login, password } }).then((a) => a.agent); }
  signOut() { return this.#call("DELETE", "/session"); }

  threads(view, cursor) {
    const query = new URLSearchParams({ view, limit: "50" });
    if (cursor) query.set("cursor", cursor);
    return this.#call("GET", `/threads?${query}`);
  }

  thread(id) { return this.#call("GET", `/threads/${encodeURIComponent(id)}`); }

  counts() { return this.#call("GET", "/counts"); }
  status() { return this.#call("GET", "/status"); }

  search(text, cursor) {
    const query = new URLSearchParams({ q: text, limit: "30" });
    if (cursor) query.set("cursor", cursor);
    return this.#call("GET", `/search?${query}`);
  }

  /** A page of messages, notes and events, oldest first, next to a message's id; with neither bound, the newest. */
  messages(id, { before, after } = {}) {
    const query = new URLSearchParams({ limit: "50", include: "notes,events" });
    if (before) query.set("before", before);
    if (after) query.set("after", after);
    return this.#call("GET", `/threads/${encodeURIComponent(id)}/messages?${query}`);
  }

  /** `kind` is "reply" or "note". The same key makes the same message, however often it is asked for. `attachments` are
   *  ids of uploads, `way` is one of the thread's, instead of the usual one; both of replies only. */
  write(id, kind, body, key, { attachments = [], way = null } = {}) {
    const path = kind === "note" ? "notes" : "messages";
    return this.#call("POST", `/threads/${encodeURIComponent(id)}/${path}`, { body: { body, ...(attachments.length ? { attachments } : {}), ...(way ? { way } : {}) }, key });
  }

  upload(blob, name, onProgress, signal) { return upload(`${BASE}/attachments`, blob, name, onProgress, signal); }

  /** Where one may write first from: {items: [{channel, endpoints, max_body}]}. */
  doors() { return this.#call("GET", "/doors"); }

  /** Writes first. `opening` is {channel, address, body, consent: {who, when, how}, from?}; answers {thread, message}. */
  begin(opening, key) { return this.#call("POST", "/threads", { body: opening, key }); }

  /** Records that the customer wants nothing more by this way, with how they said so. Answers {ways}. */
  optOut(id, way, note) { return this.#call("POST", `/threads/${encodeURIComponent(id)}/opt-out`, { body: { way, note } }); }

  /** `verb` is "claim", "release" or "done". With "done" goes {message}, the newest that was seen, so that one the customer
   *  has just written is not lost. */
  act(id, verb, body) { return this.#call("POST", `/threads/${encodeURIComponent(id)}/${verb}`, body ? { body } : undefined); }
  read(id, message) { return this.#call("PUT", `/threads/${encodeURIComponent(id)}/read`, { body: { message } }); }

  /** Keeps what is being written; "" drops it. `was` is the draft it goes on from: with another one there, it is refused
   *  (409, /draft-changed). `last`: the page is about to go. */
  draft(id, body, { was, last = false }) {
    return this.#call("PUT", `/threads/${encodeURIComponent(id)}/draft`, { body: { body, was }, keepalive: last });
  }

  /** `state` is "here", "typing" or "gone"; the last may be said by a page that goes. Answers {people}. */
  presence(id, state) {
    return this.#call("PUT", `/threads/${encodeURIComponent(id)}/presence`, { body: { state }, keepalive: state === "gone" });
  }

  retry(message) { return this.#call("POST", `/messages/${encodeURIComponent(message)}/retry`); }

  settle(message, state) {
    return this.#call("POST", `/messages/${encodeURIComponent(message)}/settle`, { body: { state } });
  }

  /** {key}: what this browser subscribes to pushes with. 404 where nobody can be pushed to in a browser. */
  pushKey() { return this.#call("GET", "/push-key"); }

  /** `device` is {platform, endpoint, keys}; answers {id}. Told again it is the same one. */
  addDevice(device) { return this.#call("POST", "/devices", { body: device }); }
  removeDevice(id) { return this.#call("DELETE", `/devices/${encodeURIComponent(id)}`); }

  /** What `away` and `phone` are to be; answers who one is. */
  changeMe(change) { return this.#call("PUT", "/me", { body: change }); }

  /** Bookings with their hour in from..to (Dates); with neither, all ahead or open: {items, now}. */
  bookings({ from, to } = {}) {
    const query = new URLSearchParams({ ...(from ? { from: from.toISOString() } : {}), ...(to ? { to: to.toISOString() } : {}) });
    return this.#call("GET", `/bookings?${query}`);
  }

  /** `verb` is "claim", "release", "call" or "outcome" with {outcome, note?}. */
  actOnBooking(id, verb, body, key) { return this.#call("POST", `/bookings/${encodeURIComponent(id)}/${verb}`, { body, key }); }

  /** `wish` is {thread, slot, kind, phone?, about?}. */
  book(wish, key) { return this.#call("POST", "/bookings", { body: wish, key }); }
  moveBooking(id, slot) { return this.#call("PATCH", `/bookings/${encodeURIComponent(id)}`, { body: { slot } }); }
  cancelBooking(id) { return this.#call("DELETE", `/bookings/${encodeURIComponent(id)}`); }

  /** What can be booked for a thread's customer: {items, zone, kinds, next?}. */
  slots(thread, { from, kind } = {}) {
    const query = new URLSearchParams({ ...(from ? { from } : {}), ...(kind ? { kind } : {}) });
    return this.#call("GET", `/threads/${encodeURIComponent(thread)}/slots?${query}`);
  }

  /** {url}: with it the customer books without an account. */
  bookingLink(thread) { return this.#call("POST", `/threads/${encodeURIComponent(thread)}/booking-link`); }

  /** The event stream, continued after `cursor`. Resolves once the server has begun to answer. */
  events(cursor, signal) {
    const headers = { Accept: "text/event-stream" };
    if (cursor) headers["Last-Event-ID"] = cursor;
    return fetch(`${BASE}/events`, { headers, credentials: "same-origin", cache: "no-store", signal });
  }
}
