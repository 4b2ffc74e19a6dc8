// What the pages say of a booking: what it is, how it stands, what has become of it. Facts as the server tells them, and
// nothing that reads as if a person had written it.

import { first, hour, when } from "./times.js";

const NAMES = { call: "Call", chat: "Chat" };

/** What a server says, with a capital and a full stop. */
export const sentence = (words) => `${first(words)}${/[.!?]$/.test(words) ? "" : "."}`;

/** "Call tomorrow at 17:00", "Call as soon as possible"; once that is past, when it was asked for. */
export function title(one) {
  if (!one.now) return `${NAMES[one.kind]} ${when(one.start)}`;
  const waits = one.state === "due" || (one.state === "begun" && !isLeft(one));
  return waits ? `${NAMES[one.kind]} as soon as possible` : `${NAMES[one.kind]} asked for ${when(one.start)}`;
}

/** The person whom it is about, by the name that customers see; "" while there is none. */
export const person = (one) => (one.begun_by ?? one.claimed_by)?.name ?? "";

const later = (one) => (one.broken ? " This is later than we promised." : "");

/** Long after it was begun nobody of the team has said how it ended, so that another time can be chosen. */
export const isLeft = (one) => one.state === "begun" && one.can.includes("move");

const STANDING = {
  booked: (one, name) => (name ? `${name} has taken it.` : "Booked. Once somebody has taken it, you see here who."),
  due: (one, name) => `${one.now ? "" : "It is time. "}${name || "The team"} is being asked${one.kind === "call" ? " to call you" : " to open the chat"}.${later(one)}`,
  begun: (one, name) => {
    if (isLeft(one)) return `${name || "Somebody"} began this ${one.kind}. Nobody has noted how it ended.`;
    return (one.kind === "call" ? `${name || "Somebody"} is calling you.` : `${name || "Somebody"} has opened the chat.`) + later(one);
  },
  done: (one, name) => (name ? `Done. ${name} ${one.kind === "call" ? "called" : "was in the chat"}.` : "Done.") + later(one),
  missed: (one) => `${one.kind === "call" ? "Nobody called you" : "Nobody came to the chat"}. ${one.now ? "We said that we would" : `We promised it for ${hour(one.start)}`}, and did not keep it.`,
  cancelled: () => "Cancelled.",
};

/** How it stands, in a sentence or two. */
export const standing = (one) => STANDING[one.state](one, person(one));

/** What a quiet line says of its end. */
const ENDS = {
  done: (one, name) => (one.kind === "call" ? `${name || "The team"} called` : `The chat with ${name || "the team"} is done`),
  missed: (one) => (one.kind === "call" ? "Nobody called as promised" : "Nobody came to the chat as promised"),
  cancelled: (one) => `${NAMES[one.kind]} cancelled`,
};

/** Its lines in the conversation, [{key, at, words}], each where it happened. */
export function lines(one) {
  const isMoved = one.sequence > (one.state === "cancelled" ? 1 : 0);
  const made = one.now ? "You asked for a call as soon as possible" : `${NAMES[one.kind]} booked${isMoved ? "" : ` for ${when(one.start)}`}`;
  const found = [["made", one.created_at, made]];
  if (isMoved && one.state !== "cancelled") found.push(["moved", one.changed_at, `${NAMES[one.kind]} moved to ${when(one.start)}`]);
  if (one.state in ENDS) found.push(["ended", one.ended_at, ENDS[one.state](one, person(one))]);
  return found.filter(([, at]) => at).map(([key, at, words]) => ({ key: `booking|${one.id}|${key}`, at, words }));
}
