// What states are called. Every state that can be seen is said in words, here and nowhere else.

import { clock } from "./time.js";

const KINDS = { sms: "SMS", whatsapp: "WhatsApp", rcs: "RCS", web: "Web chat", app: "App", loopback: "Phone" };

/** The name of a kind of channel, or of a channel whose kind is not known here. */
export const channelName = (channel) => KINDS[channel] ?? channel.charAt(0).toUpperCase() + channel.slice(1);

const DELIVERY = {
  queued: "Waiting to be sent",
  sending: "Sending",
  sent: "Sent",
  delivered: "Delivered",
  read: "Read",
  failed: "Not delivered",
  unknown: "It is not known whether this arrived",
};

/** "Delivered 14:02", "Not delivered: the number is not in service". */
export function deliveryWords(delivery) {
  const word = DELIVERY[delivery.state] ?? delivery.state;
  if (delivery.detail && ["failed", "unknown", "queued"].includes(delivery.state)) return `${word}: ${delivery.detail}`;
  return delivery.at && ["sent", "delivered", "read"].includes(delivery.state) ? `${word} ${clock(delivery.at)}` : word;
}

/** States that stay in view however old the message is. */
export const needsAttention = (delivery) => ["failed", "unknown"].includes(delivery?.state);
export const underWay = (delivery) => ["queued", "sending"].includes(delivery?.state);

const EVENTS = {
  "thread.claimed": "took this on",
  "thread.released": "let this go",
  "thread.done": "marked this done",
  "thread.moved": "moved this to another team",
  "thread.opened": "wrote first, with the consent on record",
};

/** What became of the permission to write, by who said so. */
const LINES = {
  "line.opted_out": { customer: "opted out of", agent: "recorded an opt-out of", provider: "The carrier reports an opt-out of" },
  "line.opted_in": { customer: "may be written to again by", provider: "The carrier reports that they may be written to again by" },
  "line.help": { customer: "asked for help by", provider: "The carrier reports that they asked for help by" },
};

/** The pair of addresses that it holds for, as far as the event knows it: a request goes to us, all else is from us. */
function lineWords({ event, source = "customer", answered, channel, address_kind: kind, address, endpoint }) {
  const [from, to] = event === "line.help" ? [address, endpoint] : [endpoint, address];
  const pair = [from ? ` from ${addressName(from)}` : "", to ? ` to ${addressName(to)}` : ""].join("");
  return `${LINES[event][source]} ${kind || channel ? channelName(kind || channel) : "this way"}${pair}${answered ? "; the carrier has answered" : ""}`;
}

/** Who is behind an event, as this person calls them. */
export function behind({ author }, me) {
  if (author?.kind !== "customer" && author?.id === me.id) return "You";
  return author?.name ? personName(author.name) : "Someone";
}

/** "Ana took this on", "You marked this done", "Dana opted out of SMS from +1 303 555 0100 to +1 303 555 0127". */
export function eventWords(event, me) {
  const known = LINES[event.event];
  const who = behind(event, me);
  if (known) return { who: event.source === "provider" ? "" : who, what: lineWords(event) };
  return { who, what: EVENTS[event.event] ?? event.event };
}

/** "1 picture", "2 pictures, 1 file": what came along with a message. */
export function mediaWords(media) {
  const pictures = media.filter((item) => (item.type ?? item.content_type ?? "").startsWith("image/")).length;
  const files = media.length - pictures;
  const count = (n, word) => (n === 0 ? null : n === 1 ? `1 ${word}` : `${n} ${word}s`);
  return [count(pictures, "picture"), count(files, "file")].filter(Boolean).join(", ");
}

/** One line of a message for a list: whitespace folded, and never more than a line's worth of text. */
export function preview(message) {
  const line = message.body.slice(0, 300).replace(/\s+/gu, " ").trim();
  const media = message.attachments?.length ? message.attachments : message.media ?? [];
  return line || (media.length ? mediaWords(media) : "Empty message");
}

/** An address in full; a number of the North American plan is set in groups, and a service's mark before it is dropped. */
export function addressName(address) {
  return address.replace(/^[a-z]+:(?=\+\d)/, "").replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3");
}

const VISITOR = /^visitor-([2-9a-z]{4})[2-9a-z]{6}$/;

/** A person's name as the server knows it; where it knows only an address, that one in short: "Visitor d4dq". */
export function personName(name) {
  const visitor = VISITOR.exec(name);
  return visitor ? `Visitor ${visitor[1]}` : addressName(name);
}

/** "SMS to +1 303 555 0127 from +1 303 555 0100": one of the customer's ways. */
export function wayWords({ kind, address, endpoint }) {
  if (kind === "web" || kind === "app") return channelName(kind);
  return `${channelName(kind)} to ${addressName(address)}${endpoint ? ` from ${addressName(endpoint)}` : ""}`;
}

/** Two letters for a person without a photo; the last two digits for a bare number, the first two signs of a visitor. */
export function initials(name) {
  const visitor = VISITOR.exec(name);
  if (visitor) return visitor[1].slice(0, 2).toUpperCase();
  const words = name.match(/\p{L}[\p{L}\p{M}'’-]*/gu);
  if (!words) return name.replace(/\D/g, "").slice(-2) || "?";
  const first = [...words[0]][0];
  const last = words.length > 1 ? [...words.at(-1)][0] : "";
  return (first + last).toUpperCase();
}

/** A hue from an identity, `kind` "customer" or "agent": the same person has the same color everywhere. */
export function hue(kind, id) {
  let sum = 7;
  for (const character of kind + id) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  return (sum * 47) % 360;
}

/** What a colleague is called among colleagues. */
export const firstName = (name) => name.trim().split(/\s+/u)[0] || name;

/** "Ben is typing", "Ben and Cleo are here", "" for nobody; those who type before those who only look. */
export function presenceWords(people) {
  const typing = people.filter((person) => person.typing);
  const told = typing.length ? typing : people;
  if (!told.length) return "";
  const names = told.map((person) => firstName(person.name));
  const who = names.length < 3 ? names.join(" and ") : `${names[0]} and ${names.length - 1} others`;
  return `${who} ${told.length > 1 ? "are" : "is"} ${typing.length ? "typing" : "here"}`;
}
