// Times on offer and times booked, in words: in the reader's zone, and beside it in the team's. Values in, words out.

import { clock, day, sameDay } from "../console/time.js";

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
const PARTS = [["Morning", 12], ["Afternoon", 17], ["Evening", 24]];
const WEEKDAY = new Intl.DateTimeFormat("en", { weekday: "short" });
const DATE = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const OFFSET = new Intl.DateTimeFormat("en", { timeZoneName: "shortOffset" });

/** The reader's own, such as "America/Denver". */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** "Denver" */
const city = (zone) => zone.split("/").at(-1).replaceAll("_", " ");

const zoneWords = (formatter, at) => formatter.formatToParts(new Date(at)).find(({ type }) => type === "timeZoneName").value;

/** "Mountain Time (Denver)" */
export function zoneName(zone, at = Date.now()) {
  const name = zoneWords(new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longGeneric" }), at);
  return zone.includes("/") && !name.includes(city(zone)) ? `${name} (${city(zone)})` : name;
}

/** A night on which the clock is set back has an hour twice: whether this time is in it. */
const isTwice = (at) => [HOUR / 2, HOUR].some((shift) => [-shift, shift].some((by) => {
  const other = new Date(new Date(at).getTime() + by);
  return clock(other) === clock(at) && sameDay(other, at);
}));

/** "17:00"; with its offset, "01:30 (GMT-6)", where the clock shows that twice. */
export const hour = (at) => (isTwice(at) ? `${clock(at)} (${zoneWords(OFFSET, at)})` : clock(at));

/** "today", "tomorrow", "yesterday", "Tuesday, November 24"; with the year where it is another one. */
export function onDay(at, now = Date.now()) {
  if (sameDay(at, now + DAY)) return "tomorrow";
  const words = day(at, new Date(now));
  return words === "Today" || words === "Yesterday" ? words.toLowerCase() : words;
}

/** "tomorrow at 17:00" */
export const when = (at, now) => `${onDay(at, now)} at ${hour(at)}`;

/** "tomorrow at 17:00", with a capital for where it stands first. */
export const first = (words) => words[0].toUpperCase() + words.slice(1);

const fields = (at, zone) => new Date(at).toLocaleString("en", { timeZone: zone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** The team's clock at a moment, "16:00", or "Mon 16:00" where it shows another day there; "" where it shows the same. */
export function theirs(at, zone) {
  if (!zone) return "";
  const [own, there] = [fields(at, undefined), fields(at, zone)];
  if (own === there) return "";
  const [weekday, time] = there.split(" ");
  return own.startsWith(weekday) ? time : there;
}

/** "16:00 in Denver", or "". */
export function beside(at, zone) {
  const words = theirs(at, zone);
  return words && `${words} in ${city(zone)}`;
}

const keyOf = (date) => `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;

/** Which day of the reader's calendar a time is on, as `days` names it. */
export const dayOf = (at) => keyOf(new Date(at));

/** The days that have something left, in order: [{value, words: ["Tue", "Nov 24"], slots}]. */
export function days(slots, now = Date.now()) {
  const found = new Map();
  for (const slot of slots.filter(({ left }) => left)) {
    const key = dayOf(slot.start);
    if (!found.has(key)) found.set(key, { value: key, words: [dayWord(slot.start, now), DATE.format(new Date(slot.start))], slots: [] });
    found.get(key).slots.push(slot);
  }
  return [...found.values()];
}

function dayWord(at, now) {
  const words = onDay(at, now);
  return words === "today" || words === "tomorrow" ? first(words) : WEEKDAY.format(new Date(at));
}

/** A day's times by the part of the day that they are in: [{heading, options: [{value, words}]}]. */
export function hours(slots, zone) {
  const parts = PARTS.map(([heading, until], place) => {
    const since = place ? PARTS[place - 1][1] : 0;
    const inside = slots.filter(({ start }) => new Date(start).getHours() >= since && new Date(start).getHours() < until);
    return { heading, options: inside.map(({ id, start }) => ({ value: id, words: [hour(start), beside(start, zone)].filter(Boolean) })) };
  });
  return parts.filter(({ options }) => options.length);
}
