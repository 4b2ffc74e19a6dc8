// Where one is: a view and perhaps a thread, written in the address after the #, so that Back and a reload work.

import { VIEWS } from "./store.js";

/** {view, thread} from an address such as "#/waiting/t/17". */
export function place(hash = location.hash) {
  const [, view, , thread] = hash.split("/");
  return { view: VIEWS.includes(view) ? view : "waiting", thread: thread ? decodeURIComponent(thread) : null };
}

export const href = (view, thread = null) => `#/${view}${thread ? `/t/${encodeURIComponent(thread)}` : ""}`;

export function go(view, thread = null) {
  if (location.hash !== href(view, thread)) location.hash = href(view, thread);
}
