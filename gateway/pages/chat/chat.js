// The page's parts, and how one learns of the other. The server's truth comes in here, by page and by stream; what the
// customer does goes out through the outgoing list.

import { Feed } from "../console/feed.js";
import { Booking } from "../book/booking.js";
import { announce, h, icon } from "../console/dom.js";
import { Spoken } from "../console/spoken.js";
import { Api } from "./api.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { Facts } from "./facts.js";
import { Outgoing } from "./outgoing.js";
import { Reading } from "./reading.js";
import { Telling } from "./telling.js";
import { Timeline } from "./timeline.js";
import { Viewer } from "./viewer.js";
import { Visitor } from "./visitor.js";

const MINUTE = 60_000;
/** A connection that comes back at once was never worth a word. */
const PATIENCE = 1_500;

export class Chat {
  #api;
  #feed;
  #following = false;
  #live = false;
  #opened = false;
  #syncing = null;
  #drawing = false;
  #worry = null;
  #met = 0;
  #unseen = 0;
  #wake = () => {};

  constructor(channel, kept) {
    this.channel = channel;
    this.kept = kept;
    this.#api = new Api(channel);
    this.visitor = new Visitor(this.#api, channel, { onFacts: () => this.#learned(), onEnded: () => this.#ended() });
    this.outgoing = new Outgoing(this.#api, channel, kept, this.visitor, { onChange: () => this.draw(), onSent: (message) => this.#sent(message) });
    this.conversation = new Conversation(this.#api);
    this.reading = new Reading(this.#api);
    this.#feed = new Feed(this.#api, {
      onEvent: (kind, data) => this.#heard(kind, data),
      onState: (state) => this.#turned(state === "live"),
      onSignedOut: () => { this.visitor.doubt(); this.#unfollow(); this.#sync(); },
    });
    this.#api.onBack = () => { this.#wake(); this.outgoing.hurry(); };
    this.booking = new Booking(this.#api, {
      team: () => this.visitor.facts?.team.name ?? "the team", most: 1, ensure: () => this.visitor.ensure(), onUnknown: () => this.visitor.doubt(),
      onTurn: () => this.draw(), onMade: () => this.#following || this.#sync(),
    });
    this.facts = new Facts(this.booking.offer);
    this.telling = new Telling(this.#api, { onChange: () => this.draw(), onShown: () => this.timeline.look(), onOpen: () => this.timeline.toEnd() });
    this.timeline = new Timeline(this);
    this.composer = new Composer(this);
    this.viewer = new Viewer();
    this.spoken = new Spoken();
    this.connection = h("p", { class: "connection", role: "status" });
    this.main = h("main", {}, this.booking.shelf.element, this.timeline.element, this.booking.picker.element, this.connection, this.composer.element);
    this.elements = [this.facts.element, this.main, this.viewer.element];
    this.#listen();
  }

  #listen() {
    for (const type of ["online", "offline"]) addEventListener(type, () => { this.#wake(); this.draw(); });
    document.addEventListener("visibilitychange", () => document.hidden || this.#seen());
    setInterval(() => this.#tick(), MINUTE / 2);
  }

  async start() {
    await this.composer.resume();
    this.#sync();
    await this.outgoing.resume();
  }

  /** Whether what is written now leaves at once, as far as is known. */
  get connected() {
    if (!navigator.onLine) return false;
    return this.#following ? this.#live : this.#api.well;
  }

  /** Draws once, however much has changed. */
  draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      if (this.visitor.facts) this.#head(this.visitor.facts);
      this.telling.render(this.visitor.facts ?? {}, this.conversation.items);
      this.timeline.render();
      this.composer.render();
      this.#worryOrNot();
    });
  }

  #head(facts) {
    this.facts.render(facts);
    this.booking.render({ kinds: facts.books, zone: facts.timezone });
    this.main.toggleAttribute("data-picking", this.booking.isPicking);
  }

  #worryOrNot() {
    if (this.connected || !this.visitor.facts) {
      clearTimeout(this.#worry);
      this.#worry = null;
      if (this.connection.hasChildNodes()) this.connection.replaceChildren();
    } else this.#worry ??= setTimeout(() => this.connection.replaceChildren(icon("alert"), h("span", {}, "No connection. What you write is kept here and leaves when the network is back.")), navigator.onLine ? PATIENCE : 0);
  }

  /** Brings the page to where the server stands, however often it has to try. */
  #sync() {
    this.#syncing ??= this.#try().finally(() => { this.#syncing = null; });
    return this.#syncing;
  }

  async #try() {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.visitor.meet();
        if (this.visitor.isKnown) await this.#follow();
        else this.conversation.begin();
        this.#open();
        return this.draw();
      } catch (error) {
        if (!("lasting" in error)) throw error;
        if (error.status === 401) this.visitor.doubt();
        if (error.lasting && !this.visitor.facts) return this.#nowhere(error);
        if (!this.visitor.facts) this.facts.wait("The server cannot be reached. Trying again; nothing is lost.");
        this.draw();
        await this.#pause(attempt);
      }
    }
  }

  async #follow() {
    const cursor = await this.conversation.load(() => this.booking.bookings.load());
    this.#following = true;
    this.#live = true;
    this.#feed.start(cursor);
  }

  #unfollow() {
    this.#following = false;
    this.#feed.stop();
  }

  #open() {
    if (this.#opened) return;
    this.#opened = true;
    const { items } = this.conversation;
    const place = items.findIndex((item) => item.id === this.visitor.facts.read);
    if (place >= 0) this.reading.known(items[place].at);
    const fresh = this.visitor.facts.unread ? items.slice(place + 1).find((item) => item.direction === "out") : null;
    this.timeline.openAt(place >= 0 || items.some((item) => item.direction === "in") ? fresh ?? null : null);
  }

  #pause(attempt) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(15_000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2));
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  #nowhere(error) {
    this.facts.wait(error.status === 404 ? "There is no chat at this address." : error.message);
    this.main.hidden = true;
  }

  #meet() {
    return this.visitor.meet().catch(() => this.draw());
  }

  #learned() {
    this.#met = Date.now();
    if (this.visitor.isKnown) this.telling.meet(this.visitor.facts.customer);
    this.#title();
    this.draw();
  }

  /** What came while nobody looked is told where tabs are told apart. */
  #title() {
    document.title = `${this.#unseen ? `(${this.#unseen}) ` : ""}${this.visitor.facts.team.name}`;
  }

  #seen() {
    this.#unseen = 0;
    if (this.visitor.facts) this.#title();
    if (Date.now() - this.#met > MINUTE) this.#meet();
  }

  /** Times grow older; and what was true until now is asked for again. */
  #tick() {
    const { facts } = this.visitor;
    if (!facts || document.hidden) return;
    const turn = facts.open ? facts.open_until : facts.opens_at;
    if (Date.now() - this.#met > 10 * MINUTE || (turn && Date.now() > new Date(turn))) this.#meet();
    else this.draw();
  }

  async #ended() {
    this.#unfollow();
    this.conversation = new Conversation(this.#api);
    this.conversation.begin();
    this.booking.bookings.forget();
    this.telling.forget();
    await this.outgoing.part();
  }

  #turned(live) {
    const back = live && !this.#live;
    this.#live = live;
    if (back) this.outgoing.hurry();
    if (!live) this.#api.doubt();
    this.draw();
  }

  #heard(kind, data) {
    if (kind === "booking") return this.booking.bookings.hear(data).catch((error) => { if (!("lasting" in error)) throw error; });
    if (kind === "resync" || (kind === "messages.changed" && data.body === undefined)) return this.#sync();
    if (data.direction === "in") this.outgoing.meets(data);
    const isNews = this.conversation.take(data) && data.direction === "out";
    this.draw();
    if (!isNews) return;
    this.#unseen += document.hidden ? 1 : 0;
    this.#title();
    this.spoken.hear(data);
    this.visitor.facts = { ...this.visitor.facts, team_last_reply: data.at, last_reply: data.at };
    // Drawing may show it, and then it is read; what is not seen has been received all the same. Who wants to be told on
    // this device is told of what comes while nobody looks: what a page says it has received is not pushed.
    if (!(document.hidden && this.telling.isOn)) queueMicrotask(() => this.reading.received(data));
  }

  #sent(message) {
    this.conversation.take(message);
    announce("Sent");
    if (!this.#following) this.#sync();
    this.draw();
  }

  async send(body, files) {
    await this.outgoing.send(body, files);
    this.timeline.toEnd();
  }

  /** A message of the team was in sight of somebody, and so was all before it. */
  saw(message) {
    this.reading.read(message);
    this.telling.read(message, this.conversation.items);
  }

  choose(item, decision) {
    if (decision === "again") return this.outgoing.again(item);
    if (decision === "edit") this.composer.edit(item.body, item.files);
    return this.outgoing.remove(item).then(() => this.composer.focus());
  }

  earlier() {
    this.conversation.earlier()?.then(() => this.draw(), () => {});
  }

  async show(message, file) {
    this.viewer.show(await this.conversation.fresh(message, file).catch(() => file));
  }

  /** Lets a link be followed while it is young; an old one is renewed first. */
  async fetch(message, file, event) {
    const link = event.currentTarget;
    if (link.dataset.fresh) return delete link.dataset.fresh;
    event.preventDefault();
    const now = await this.conversation.fresh(message, file).catch(() => file);
    link.setAttribute("href", now.url);
    link.dataset.fresh = "yes";
    link.click();
  }
}
