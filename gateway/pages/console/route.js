// The way a reply takes: the one the customer used last, unless a person picks another of theirs. What cannot be reached
// is said before anything is written, with what can be reached instead.

import { button, h, icon, isolated, put } from "./dom.js";
import { addressName, channelName, personName, presenceWords, wayWords } from "./words.js";

const since = (at) => new Intl.DateTimeFormat("en", { day: "numeric", month: "long", year: "numeric" }).format(new Date(at));

function obstacleWords(way) {
  if (way.problem !== "opted-out") return [`${channelName(way.kind)} cannot be used now: `, way.detail ?? "the channel is not configured", "."];
  const texts = [`They opted out of ${way.kind === "sms" ? "texts" : `${channelName(way.kind)} messages`} from `, isolated(addressName(way.endpoint || "us"))];
  const when = way.since ? ` on ${since(way.since)}` : "";
  return way.wrote_again ? [...texts, `${when} and wrote again: the carrier still blocks what you send, until they text START.`] : [...texts, `${when}. Only they can reopen it.`];
}

export class Route {
  #desk;
  #conversation = null;
  #drawn = "";
  #blocked = "";

  constructor(desk, { onPick }) {
    this.#desk = desk;
    this.onPick = onPick;
    this.words = h("span", { class: "route" });
    this.select = h("select", { id: "way", on: { change: () => this.pick(this.select.value) } });
    this.choice = h("span", { class: "way", hidden: true, "data-key": "y" }, h("label", { class: "unseen", for: "way" }, "Send by"), this.select);
    this.element = h("span", { class: "route-line" }, this.words, this.choice);
    this.notice = h("div", { class: "blocked", role: "status", hidden: true });
  }

  get ways() { return this.#conversation?.detail?.ways ?? []; }

  /** The way that is chosen, or the usual one; null while none is known. */
  get way() {
    const { ways } = this;
    return ways.find((way) => way.id === this.#conversation?.way) ?? ways.find((way) => way.last) ?? ways[0] ?? null;
  }

  /** What a reply must name: nothing, where it goes the usual way. */
  get picked() { return this.way && this.#conversation.way === this.way.id ? this.way.id : null; }

  get isOpen() { return !this.#conversation?.detail || Boolean(this.way?.ok); }

  pick(id) {
    this.#conversation.way = id;
    this.onPick();
  }

  /** Puts the focus where another way is picked; answers whether there is one. */
  takeFocus() {
    if (this.choice.hidden) return false;
    this.select.focus();
    return true;
  }

  show(conversation, { note, writing }) {
    this.#conversation = conversation;
    this.#sayWords(note, writing);
    this.#drawChoice(note);
    this.#drawNotice(note);
  }

  #sayWords(note, writing) {
    const { row, id } = this.#conversation;
    const typing = writing ? this.#desk.presence.of(id).filter((person) => person.typing) : [];
    const holder = row?.claimed_by && row.claimed_by.id !== this.#desk.store.me.id ? `${row.claimed_by.name} is on this` : "";
    const others = note ? "" : typing.length ? presenceWords(typing) : holder;
    const lost = !note && this.#conversation.detail && !this.way ? "No channel leads to this customer now" : "";
    this.words.toggleAttribute("data-attention", Boolean(others || lost));
    const alone = !note && this.ways.length === 1 ? `to ${personName(this.way.address)}` : "";
    const words = others || lost || alone;
    if (this.words.textContent !== words) this.words.replaceChildren(isolated(words));
  }

  #drawChoice(note) {
    this.choice.hidden = note || this.ways.length < 2;
    const state = JSON.stringify(this.ways);
    if (state !== this.#drawn) {
      this.#drawn = state;
      this.select.replaceChildren(...this.ways.map((way) => h("option", { value: way.id, disabled: !way.ok && way !== this.way },
        `${wayWords(way)}${way.ok ? "" : way.problem === "opted-out" ? " (opted out)" : " (not configured)"}`)));
    }
    if (this.way && this.select.value !== this.way.id) this.select.value = this.way.id;
    put(this.select, "title", this.way ? wayWords(this.way) : "");
  }

  #drawNotice(note) {
    const closed = !note && this.way && !this.way.ok;
    this.notice.hidden = !closed;
    const state = closed ? JSON.stringify([this.way.id, this.ways]) : "";
    if (state === this.#blocked) return;
    this.#blocked = state;
    if (!closed) return this.notice.replaceChildren();
    const open = this.ways.filter((way) => way.ok);
    this.notice.replaceChildren(icon("alert"), h("div", {},
      h("p", {}, obstacleWords(this.way)),
      open.length ? h("div", { class: "choices" }, open.map((way) => button(`Write by ${wayWords(way)}`, { press: () => this.pick(way.id) })))
        : h("p", { class: "quiet" }, "No other way leads to them now. What you write is kept.")));
  }
}

/** "SMS, 2 segments", "MMS, 1 picture", "WhatsApp": what a message is by this way. */
export function consequence(way, { segments, files }) {
  const texts = way.kind === "sms";
  if (files) return `${texts ? "MMS" : channelName(way.kind)}, ${files}`;
  if (!texts || !segments) return channelName(way.kind);
  return `SMS, ${segments} ${segments === 1 ? "segment" : "segments"}`;
}
