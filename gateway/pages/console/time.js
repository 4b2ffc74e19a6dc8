// Times in words, in the reader's own zone and language of numbers. The exact time is always at hand beside them.

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" });
const DAY_AND_YEAR = new Intl.DateTimeFormat("en", { day: "numeric", month: "long", year: "numeric" });
const SHORT = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const EXACT = new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "medium", hourCycle: "h23" });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const startOfDay = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());

/** Whole calendar days between two moments, by the reader's calendar. */
function daysApart(earlier, later) {
  return Math.round((startOfDay(later) - startOfDay(earlier)) / (24 * HOUR));
}

export const clock = (at) => CLOCK.format(new Date(at));
export const exact = (at) => EXACT.format(new Date(at));
export const sameDay = (a, b) => daysApart(new Date(a), new Date(b)) === 0;

/** "Today", "Yesterday", "Monday, November 16", "November 16, 2025". */
export function day(at, now = new Date()) {
  const then = new Date(at);
  const apart = daysApart(then, now);
  if (apart === 0) return "Today";
  if (apart === 1) return "Yesterday";
  return then.getFullYear() === now.getFullYear() ? DAY.format(then) : DAY_AND_YEAR.format(then);
}

/** How long: "now", "12 min", "3 h", "2 days". */
export function since(at, now = Date.now()) {
  const passed = Math.max(0, now - new Date(at));
  if (passed < MINUTE) return "now";
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min`;
  if (passed < 24 * HOUR) return `${Math.floor(passed / HOUR)} h`;
  const days = Math.floor(passed / (24 * HOUR));
  return days === 1 ? "1 day" : `${days} days`;
}

/** How long ago, while that says something: "now", "12 min", "3 h", "2 days"; a date after a week. */
export function ago(at, now = Date.now()) {
  return now - new Date(at) < 7 * 24 * HOUR ? since(at, now) : moment(at, new Date(now));
}

/** How long ago, as a sentence has it: "just now", "12 min ago", "2 days ago"; a date after a week. */
export function past(at, now = Date.now()) {
  const words = ago(at, now);
  if (words !== since(at, now)) return words;
  return words === "now" ? "just now" : `${words} ago`;
}

/** A moment beside another: "10:12" on the same day, "November 16 10:12" on another. */
export function stamp(at, beside) {
  return sameDay(at, beside) ? clock(at) : `${day(at)} ${clock(at)}`;
}

/** When: "14:02" today, "Yesterday", "Nov 16" before that. */
export function moment(at, now = new Date()) {
  const then = new Date(at);
  const apart = daysApart(then, now);
  if (apart <= 0) return clock(at);
  if (apart === 1) return "Yesterday";
  return then.getFullYear() === now.getFullYear() ? SHORT.format(then) : DAY_AND_YEAR.format(then);
}
