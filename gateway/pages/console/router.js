// Where one is, written in the address after the #, so that Back and a reload work:
// #/waiting, #/all/t/17, #/search/boiler/t/17/m/99 (a thread at one of its messages), #/status, #/new.

import { VIEWS } from "./lists.js";

const PLACES = [...VIEWS, "search", "status", "new"];

/** A part of an address as text; one that nobody can have made is empty. */
function decoded(part = "") {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** {view, query, thread, message} from an address. */
export function place(hash = location.hash) {
  const parts = hash.split("/").slice(1);
  const view = PLACES.includes(parts[0]) ? parts[0] : "waiting";
  const rest = parts.slice(view === "search" ? 2 : 1);
  const after = (name) => (rest.includes(name) ? decoded(rest[rest.indexOf(name) + 1]) || null : null);
  return { view, query: view === "search" ? decoded(parts[1]) : "", thread: after("t"), message: after("m") };
}

/** The view whose list is read beside what is shown: a search, the status page and a first message stand over one. */
export const listOf = (view) => (VIEWS.includes(view) ? view : "waiting");

export function href({ view, query = "", thread = null, message = null }) {
  const parts = ["#", view, ...(view === "search" ? [encodeURIComponent(query)] : [])];
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
