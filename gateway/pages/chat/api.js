// The customer API over fetch. It knows paths, problems and keys; it keeps nothing and shows nothing. Who one is stands
// in a cookie that no script can read.

import { NoAnswer, Problem } from "../console/api.js";
import { upload } from "../console/upload.js";

const BASE = "/api/customer/v1";
const PATIENCE = 20_000;
/** Messages of a page. */
export const LIMIT = 40;

function settled(status, type, text) {
  let answer = null;
  if (text && (type ?? "").includes("json")) answer = JSON.parse(text);
  if (status >= 200 && status < 300) return answer;
  throw Object.assign(new Problem(status, answer ?? {}), { facts: answer ?? {} });
}

export class Api {
  /** It is answered again. */
  onBack = () => {};
  #well = false;
  #channel;
  #link;

  /** `channel` as the page's address names it, "" for the only one. `link`: the token of a link, which then says who asks. */
  constructor(channel, { link = null } = {}) {
    this.#channel = channel;
    this.#link = link;
  }

  /** Whether the last thing that was asked got an answer; a message leaves only over a connection that had one. */
  get well() { return this.#well; }

  /** The stream broke: whether anything arrives now is open. */
  doubt() { this.#well = false; }

  #heard(well) {
    const back = well && !this.#well;
    this.#well = well;
    if (back) this.onBack();
  }

  async #call(method, path, { body, key, credentials = "same-origin" } = {}) {
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    if (this.#link) headers.Authorization = `Bearer ${this.#link}`;
    let response;
    let text;
    try {
      response = await fetch(BASE + path, {
        method, headers, credentials, cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(PATIENCE),
      });
      text = await response.text();
    } catch {
      this.#heard(false);
      throw new NoAnswer();
    }
    this.#heard(true);
    return settled(response.status, response.headers.get("Content-Type"), text);
  }

  /** Who answers here, and how it stands with this customer; `known` false asks as nobody. */
  facts({ known = true } = {}) {
    const query = this.#channel ? `?${new URLSearchParams({ channel: this.#channel })}` : "";
    return this.#call("GET", `/thread${query}`, { credentials: known ? "same-origin" : "omit" });
  }

  /** Makes this browser a customer's. */
  begin() {
    return this.#call("POST", "/visitors", { body: { in: "cookie", ...(this.#channel ? { channel: this.#channel } : {}) } });
  }

  renew() { return this.#call("POST", "/visitors/renew"); }

  /** A page of messages, oldest first, next to a message's id; with neither bound, the newest. */
  messages({ before, after, limit = LIMIT } = {}) {
    const query = new URLSearchParams({ limit: String(limit) });
    if (before) query.set("before", before);
    if (after) query.set("after", after);
    return this.#call("GET", `/messages?${query}`);
  }

  /** The same key makes the same message, however often it is asked for. */
  write(body, attachments, key) {
    return this.#call("POST", "/messages", { body: { body, ...(attachments.length ? { attachments } : {}) }, key });
  }

  read(message) { return this.#call("PUT", "/read", { body: { message } }); }
  received(message) { return this.#call("PUT", "/received", { body: { message } }); }

  /** {key}: what this browser subscribes to pushes with. 404 where nobody can be pushed to in a browser. */
  pushKey() { return this.#call("GET", "/push-key"); }

  /** `device` is {platform, endpoint, keys}; answers {id}. Told again it is the same one. */
  addDevice(device) { return this.#call("POST", "/devices", { body: device }); }
  removeDevice(id) { return this.#call("DELETE", `/devices/${encodeURIComponent(id)}`); }

  /** `onProgress(part)` hears 0 to 1. Answers {id, name, type, size, state, ...}. */
  async upload(blob, name, onProgress) {
    try {
      const answer = await upload(`${BASE}/attachments`, blob, name, onProgress);
      this.#heard(true);
      return answer;
    } catch (error) {
      this.#heard(!(error instanceof NoAnswer));
      throw error;
    }
  }

  /** The event stream, continued after `cursor`. Resolves once the server has begun to answer. */
  async events(cursor, signal) {
    const headers = { Accept: "text/event-stream" };
    if (cursor) headers["Last-Event-ID"] = cursor;
    const response = await fetch(`${BASE}/events`, { headers, credentials: "same-origin", cache: "no-store", signal });
    this.#heard(true);
    return response;
  }

  /** {items, zone, now, kinds, next?}: times of a kind that can be booked, from a moment on where one is given. */
  slots({ kind, from }) { return this.#call("GET", `/slots?${new URLSearchParams({ kind, ...(from ? { from } : {}) })}`); }

  bookings() { return this.#call("GET", "/bookings"); }
  booking(id) { return this.#call("GET", `/bookings/${encodeURIComponent(id)}`); }

  /** The same key makes the same booking. A refusal's `facts` have the next `slots` where another time would do. */
  book(wish, key) { return this.#call("POST", "/bookings", { body: wish, key }); }
  rebook(id, change) { return this.#call("PATCH", `/bookings/${encodeURIComponent(id)}`, { body: change }); }
  unbook(id) { return this.#call("DELETE", `/bookings/${encodeURIComponent(id)}`); }
}
