// What bookings and calls are called: their states, how they end, and the quiet lines that tell of them in a thread.

import { clockOf, hourWords, ownZone } from "./zoned.js";
import { isLeft } from "./bookings.js";
import { firstName } from "./words.js";
import { since } from "./time.js";

export const KIND = { call: "Call", chat: "Chat" };
export const OUTCOMES = {
  call: { reached: "Reached", no_answer: "No answer", busy: "Busy", voicemail: "Voicemail", wrong_number: "Wrong number" },
  chat: { reached: "We talked", no_answer: "They did not come" },
};

/** "2:14", "1:02:14". */
export function length(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const named = (person, me) => (person.id === me?.id ? "You" : firstName(person.name));
const RINGS = { claimer: "Rings who has it", known: "Rings those who know them", shift: "Rings everyone on shift", lead: "Rings the leads" };

/** {words, look}: how it stands. `look` is "urgent", "broken", "live", "kept", "over" or "". */
export function standing(booking, me, now = Date.now()) {
  const { state, claimed_by: claimed, begun_by: begun, broken } = booking;
  const left = Math.ceil((new Date(booking.start) - now) / 60_000);
  const talk = booking.kind === "call" ? "calling" : "chatting";
  switch (state) {
    case "booked":
      if (left > 15) return { words: "Not claimed yet", look: "" };
      return { words: left > 0 ? `Nobody has claimed it: ${left} min left` : "Nobody has claimed it, and it is time", look: "urgent" };
    case "claimed": return { words: claimed.id === me?.id ? "You have it" : `${firstName(claimed.name)} has it`, look: "kept" };
    case "ringing": return { words: `${RINGS[booking.step] ?? "It is time"}${broken ? ". The promise is broken" : ""}`, look: broken ? "broken" : "urgent" };
    case "begun":
      if (isLeft(booking)) return { words: `${named(begun, me)} began it, and nobody has noted how it ended`, look: "urgent" };
      return { words: begun ? `${named(begun, me)} ${begun.id === me?.id ? "are" : "is"} ${talk}` : "Begun", look: "live" };
    case "done": return { words: `${OUTCOMES[booking.kind][booking.outcome] ?? "Done"}${broken ? ", but late" : ""}`, look: "over" };
    case "missed": return { words: booking.kind === "call" ? "Missed: nobody called" : "Missed: nobody came", look: "broken" };
    default: return { words: "Cancelled", look: "over" };
  }
}

const OVER = { busy: "busy", no_answer: "no answer", failed: "it could not be connected", canceled: "hung up" };
const isOver = (leg) => leg === "completed" || leg in OVER;
export const callRuns = (call) => ["queued", "dialing", "under_way"].includes(call?.state);

/** How a call by our phones stands: "Ringing your phone", "Talking 2:14", "Ended: busy". */
export function callWords({ call, customer }, me, now = Date.now()) {
  const talking = call.connected_at && new Date(call.connected_at).getTime();
  const mine = call.by.id === me?.id;
  const who = firstName(call.by.name);
  const theirs = firstName(customer.name);
  if (call.state === "failed") return `The call failed${call.detail ? `: ${call.detail}` : ""}`;
  if (call.state === "unknown") return `It is not known what became of the call${call.detail ? `: ${call.detail}` : ""}`;
  if (call.state === "ended") return ended(call, mine ? "your" : `${who}'s`);
  if (call.customer === "answered") return `${mine ? "Talking" : `${who} is talking`}${talking ? ` ${length((now - talking) / 1_000)}` : ""}`;
  if (call.customer === "ringing") return mine ? `Calling ${theirs}` : `${who} is calling ${theirs}`;
  if (isOver(call.customer)) return `${theirs}'s phone: ${OVER[call.customer] ?? "hung up"}`;
  if (call.agent === "answered") return mine ? "Your phone is picked up: press a key" : `${who} has picked up`;
  return mine ? "Ringing your phone" : `Ringing ${who}'s phone`;
}

function ended({ agent, customer, seconds }, whose) {
  if (seconds) return `Ended after ${length(seconds)}`;
  if (customer && customer !== "completed") return `Ended: ${OVER[customer] ?? customer}`;
  if (customer) return "Ended";
  return agent in OVER ? `Ended: ${whose} phone, ${OVER[agent]}` : "Ended: nothing was pressed";
}

const WHY = { busy: "the phone was busy", no_answer: "the phone was not picked up", no_key: "no key was pressed", failed: "it could not be connected", canceled: "it was taken back", released: "it was handed back" };
const STEP = { claimer: "whoever had claimed it", known: "those who know them", shift: "everyone on shift", lead: "the leads" };
const thing = ({ form }) => (form === "chat" ? "chat" : "call");
const lateWord = ({ late }) => (late ? ", late" : "");
/** A quiet line of the thread by what changed: after a person's name, or alone where the clock did it. */
const LINES = {
  made: (e, hour) => (e.hour === e.at ? "asked to be called now" : `booked a ${thing(e)} at ${hour}`),
  moved: (e, hour) => `moved the ${thing(e)} to ${hour}`,
  changed: (e, hour) => `changed what is said of the ${thing(e)} at ${hour}`,
  cancelled: (e, hour) => `cancelled the ${thing(e)} at ${hour}`,
  claimed: (e, hour) => `claimed the ${thing(e)} at ${hour}`,
  released: (e, hour) => (e.author ? `handed back the ${thing(e)} at ${hour}` : `Nobody has the ${thing(e)} at ${hour} any more`),
  asked: (e, hour) => `Nobody has claimed the ${thing(e)} at ${hour}; those on shift are asked`,
  warned: (e, hour) => `Still nobody has claimed the ${thing(e)} at ${hour}; the leads are asked too`,
  fired: (e) => `It is time for the ${thing(e)}${lateWord(e)}`,
  rang: (e) => `Rings ${STEP[e.step] ?? "the team"}${lateWord(e)}`,
  begun: (e) => (thing(e) === "chat" ? "opened the chat" : "began the call"),
  fell_back: (e) => `The call did not reach them: ${WHY[e.why] ?? "it was not connected"}. It rings again`,
  left: (e, hour) => `Nobody has noted how the ${thing(e)} at ${hour} ended`,
  finished: (e) => `noted how the ${thing(e)} ended: ${(OUTCOMES[thing(e)][e.outcome] ?? e.outcome ?? "done").toLowerCase()}`,
  missed: (e, hour) => `Nobody ${thing(e) === "chat" ? "came to the chat" : "called"} at ${hour}. The promise is broken`,
};

/** {who, what}: `who` is the person behind it as the caller names them, and nobody where the clock did it. */
export function bookingEventWords(event, who) {
  const line = LINES[event.what];
  const words = line ? line(event, hourWords(event.hour, ownZone, new Date(event.at).getTime())) : `booking: ${event.what}`;
  return { who: event.author ? who : "", what: words };
}

/** "since 17:30", "since 12 min": how long it has asked. */
export const sinceWords = (at) => `since ${clockOf(at, ownZone)}, ${since(at).replace("now", "just now")}`;

/** The figures of those who wanted to be called now: [[term, value]], none where nobody did. */
export function waitFigures(waits) {
  if (!waits?.count) return [];
  const span = (seconds) => (seconds < 1 ? "1 s" : seconds < 60 ? `${Math.round(seconds)} s` : length(seconds));
  return [["Call me now, last 30 days", String(waits.count)], ["half begun within", span(waits.median_seconds)], ["longest wait", span(waits.longest_seconds)]];
}
