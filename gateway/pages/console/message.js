// How one thing in a thread looks: a message, a note, a quiet line, or words still on their way.
// Bodies are text nodes in a block of their own direction, so that nothing in them can act on what stands around.

import { attachments, ownFile } from "../chat/attachment.js";
import { isPicture } from "../chat/words.js";
import { bookingEventWords } from "./booking-words.js";
import { button, h, icon, isolated } from "./dom.js";
import { clock, exact, stamp } from "./time.js";
import { behind, deliveryWords, eventWords, hue, initials, mediaWords, needsAttention, personName } from "./words.js";

/** Longer bodies are folded; all of it is one press away. */
const LONG = 1_200;

const when = (at) => h("time", { datetime: at, title: exact(at) }, clock(at));

function body(text) {
  const words = h("div", { class: "body", dir: "auto" }, text);
  if (text.length <= LONG && text.split("\n").length <= 24) return [words];
  words.classList.add("folded");
  const more = button("Show all of it", { look: "plain", "aria-expanded": "false", press: () => {
    const folded = words.classList.toggle("folded");
    more.setAttribute("aria-expanded", String(!folded));
    more.lastElementChild.textContent = folded ? "Show all of it" : "Show less";
  } });
  return [words, more];
}

function mediaLine(media) {
  if (!media.length) return null;
  const pictures = media.every((item) => (item.content_type ?? "").startsWith("image/"));
  return h("div", { class: "media" }, icon(pictures ? "picture" : "file"), `${mediaWords(media)}, kept with the message`);
}

/** `head`: whether author and time stand above it; they are there for screen readers in any case. */
function frame(look, head, { name, at, who, mark, token }, ...content) {
  return h("li", { class: `message ${look}` },
    head && !look.startsWith("out") ? h("span", { class: "avatar small", hue: hue(...who), "aria-hidden": "true" }, initials(name)) : null,
    h("div", { class: head ? "message-head" : "message-head unseen" }, isolated(personName(name)), " ", mark ? h("span", { class: "mark" }, mark) : null, " ",
      token ? h("span", { title: "Written with this person's personal token, not in the console" }, "via token ") : null, when(at)),
    ...content);
}

/** What is said of a file that cannot be shown: [first line, second]. */
function missing({ state, type, name, detail }) {
  const what = isPicture(type) ? "A picture" : "A file";
  return state === "waiting" ? [`${what} is on its way`, isolated(name)] : [`${what} could not be fetched`, isolated(detail ?? name)];
}

/** An outage lay between: when it was written and when it came are two times. */
function lateLine({ late, sent_at: sent, at }) {
  return late && sent ? h("p", { class: "message-state" }, "Written ", h("time", { datetime: sent, title: exact(sent) }, stamp(sent, at)),
    ", came ", when(at)) : null;
}

const RETRY = { failed: "Send again", unknown: "Send again, even if it arrives twice" };
const SETTLE = { failed: [["delivered", "It did arrive"]], unknown: [["delivered", "It arrived"], ["failed", "It did not"]] };

function deliveryLine(message, decide) {
  const { delivery } = message;
  const attention = needsAttention(delivery);
  const line = h("div", { class: attention ? "message-state attention" : "message-state" },
    h("div", { class: "state-words" }, attention ? icon("alert") : null, isolated(deliveryWords(delivery))));
  if (!attention) return line;
  const choice = (decision, label) => button(label, { press: () => decide(message, decision) });
  line.append(h("div", { class: "choices" },
    choice("retry", RETRY[delivery.state]), SETTLE[delivery.state].map(([state, label]) => choice(state, label))));
  return line;
}

/** A message or a note. `decide(message, decision)` is told what a person chose for a failed or unclear one; `files` is
 *  {show, fetch, lost} of its attachments. */
export function messageElement(message, { head, state, me, decide, files }) {
  const mine = message.author.kind === "agent" && message.author.id === me.id;
  const look = message.direction;
  const own = message.attachments ?? [];
  const media = own.length ? null : mediaLine(message.media ?? []);
  const text = message.body || !(media || own.length) ? body(message.body) : [];
  const bare = own.length && !message.body && own.every((file) => file.state === "ready" && file.width);
  return frame(look, head, {
    name: mine ? "You" : message.author.name, at: message.at, who: [message.author.kind, message.author.id],
    mark: look === "note" ? "Note. Only your team sees this" : null, token: message.author.via === "token",
  }, h("div", { class: bare ? "bubble bare" : "bubble" }, ...text, media, attachments(own, { ...files, missing })),
  lateLine(message), state ? deliveryLine(message, decide) : null);
}

export function eventElement(event, me) {
  const booked = event.event === "booking.changed";
  const { who, what } = booked ? bookingEventWords(event, behind(event, me)) : eventWords(event, me);
  return h("li", { class: "quiet-line" }, who ? [isolated(who), " "] : null, `${what}${booked ? " · " : " "}`, when(event.at));
}

export const dayElement = (words) => h("li", { class: "day" }, h("span", {}, words));

const PENDING = {
  sending: () => "Not yet with the server",
  waiting: (item) => `Waiting for the server; it will be sent once. ${item.detail ?? ""}`,
  refused: (item) => `Not sent. ${item.detail}`,
  held: () => "Written earlier and never sent. Nothing goes out unless you say so.",
};

/** Words on their way. `choose(item, "again" | "edit" | "discard")` is told what a person decided. */
export function pendingElement(item, choose) {
  const stuck = ["refused", "held"].includes(item.state);
  const line = h("div", { class: stuck ? "message-state attention" : "message-state" },
    h("div", { class: "state-words" }, stuck ? icon("alert") : null, h("span", {}, PENDING[item.state](item))));
  if (stuck) {
    const choice = (decision, label) => button(label, { press: () => choose(item, decision) });
    line.append(h("div", { class: "choices" },
      item.sendable ? choice("again", "Send now") : null, choice("edit", "Edit"), choice("discard", "Discard")));
  }
  return frame(`${item.kind === "note" ? "note" : "out"} pending`, true,
    { name: "You", at: item.at, who: ["agent", ""], mark: item.kind === "note" ? "Note. Only your team sees this" : null },
    h("div", { class: "bubble" }, ...(item.body ? body(item.body) : []), (item.attachments ?? []).map((file) => ownFile(file))), line);
}
