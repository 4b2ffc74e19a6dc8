// Times by the wall clock of a zone that need not be the reader's: the board is read in its team's. A day is named by its
// date there, "2026-11-23", and counted with as a date.

const DATE = /^\d{4}-\d\d-\d\d$/;
const DAY = 86_400_000;
const OWN = Intl.DateTimeFormat().resolvedOptions().timeZone;

const kept = new Map();
/** Formatters are dear to make, and there are few kinds. */
function formatter(zone, locale, options) {
  const key = `${zone}|${locale}|${JSON.stringify(options)}`;
  if (!kept.has(key)) kept.set(key, new Intl.DateTimeFormat(locale, { ...options, timeZone: zone }));
  return kept.get(key);
}

/** A zone as this browser knows it; one that it does not know, or none, is the reader's own. */
export function known(zone) {
  try {
    return formatter(zone ?? OWN, "en", {}).resolvedOptions().timeZone;
  } catch {
    return OWN;
  }
}

export const ownZone = OWN;
export const isDate = (text) => DATE.test(text ?? "") && !Number.isNaN(utc(text).getTime());
const utc = (date) => new Date(`${date}T00:00:00Z`);
const ofUtc = (moment) => moment.toISOString().slice(0, 10);

/** "2026-11-23": the date of a moment. */
export const dateOf = (at, zone) => formatter(zone, "en-CA", { year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(at));
export const clockOf = (at, zone) => formatter(zone, "en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at));
export const daysAfter = (date, days) => ofUtc(new Date(utc(date).getTime() + days * DAY));

/** When a date begins in a zone. */
export function beginning(date, zone) {
  const nominal = utc(date).getTime();
  const shift = (at) => {
    const parts = formatter(zone, "en-US", { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
      .formatToParts(new Date(at)).reduce((all, { type, value }) => ({ ...all, [type]: Number(value) }), {});
    return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute) - at;
  };
  return new Date(nominal - shift(nominal - shift(nominal)));
}

const named = (date, options) => new Intl.DateTimeFormat("en", { ...options, timeZone: "UTC" }).format(utc(date));

/** "Monday, November 23", with the year where it is not this one. */
export const dateWords = (date, today) => named(date, { weekday: "long", day: "numeric", month: "long", ...(date.slice(0, 4) === today.slice(0, 4) ? {} : { year: "numeric" }) });
/** "Mon 23". */
export const columnDate = (date) => `${named(date, { weekday: "short" })} ${Number(date.slice(8))}`;
/** "Nov 23 to 29", "Nov 30 to Dec 6". */
export function weekWords(first) {
  const last = daysAfter(first, 6);
  const short = (date) => named(date, { day: "numeric", month: "short" });
  return `${short(first)} to ${first.slice(5, 7) === last.slice(5, 7) ? Number(last.slice(8)) : short(last)}, ${last.slice(0, 4)}`;
}

/** "today", "tomorrow" or "Monday, November 23". */
export function nearDate(date, today) {
  return date === today ? "today" : date === daysAfter(today, 1) ? "tomorrow" : date === daysAfter(today, -1) ? "yesterday" : dateWords(date, today);
}

/** "17:30 today", "09:00 on Monday, November 23": when, for somebody who reads it now. */
export function hourWords(at, zone = OWN, now = Date.now()) {
  const [date, today] = [dateOf(at, zone), dateOf(now, zone)];
  const near = nearDate(date, today);
  return `${clockOf(at, zone)} ${near === dateWords(date, today) ? `on ${near}` : near}`;
}

/** "Denver time". */
export const zoneWords = (zone) => `${zone.split("/").at(-1).replaceAll("_", " ")} time`;
/** "MST": told apart where a time comes twice. */
export const zoneAbbreviation = (at, zone) => formatter(zone, "en-US", { timeZoneName: "short" }).formatToParts(new Date(at)).find((part) => part.type === "timeZoneName").value;
