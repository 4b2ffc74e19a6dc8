// Where one is, written in the address after the #, so that Back and a reload work:
// #/waiting, #/all/t/17, #/search/boiler/t/17/m/99 (a thread at one of its messages), #/bookings/week/2026-11-23,
// #/status, #/new.

import { VIEWS } from "./lists.js";
import { isDate } from "./zoned.js";

const PLACES = [...VIEWS, "search", "bookings", "status", "new"];

/** A part of an address as text; one that nobody can have made is empty. */
function decoded(part = "") {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** {view, query, thread, message} from an address; of the bookings also {span: "day" or "week", date}, null for today. */
export function place(hash = location.hash) {
  const parts = hash.split("/").slice(1);
  const view = PLACES.includes(parts[0]) ? parts[0] : "waiting";
  const rest = parts.slice(view === "search" ? 2 : 1);
  const after = (name) => (rest.includes(name) ? decoded(rest[rest.indexOf(name) + 1]) || null : null);
  const where = { view, query: view === "search" ? decoded(parts[1]) : "", thread: after("t"), message: after("m") };
  return view === "bookings" ? { ...where, span: parts[1] === "week" ? "week" : "day", date: isDate(parts[2]) ? parts[2] : null } : where;
}

/** The view whose list is read beside what is shown: a search, the bookings, the status page and a first message stand over one. */
export const listOf = (view) => (VIEWS.includes(view) ? view : "waiting");

export function href({ view, query = "", span = "day", date = null, thread = null, message = null }) {
  const parts = ["#", view, ...(view === "search" ? [encodeURIComponent(query)] : []), ...(view === "bookings" ? [span, ...(date ? [date] : [])] : [])];
  if (thread) parts.push("t", encodeURIComponent(thread));
  if (thread && message) parts.push("m", encodeURIComponent(message));
  return parts.join("/");
}

export function go(where) {
  if (location.hash !== href(where)) location.hash = href(where);
}

/** Goes there without a step in the history, and says so as a link would have. */
export function replace(where) {
  if (location.hash === href(where)) return;
  history.replaceState(null, "", href(where));
  dispatchEvent(new HashChangeEvent("hashchange"));
}
