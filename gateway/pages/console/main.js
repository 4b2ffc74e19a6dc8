// The page: joins the desk to its parts, and shows the sign-in in their place while nobody is signed in.

import { Desk } from "./desk.js";
import { ownsFocus } from "./embedding.js";
import { place } from "./router.js";
import "./begin.js";
import "./board.js";
import "./inbox.js";
import "./keys.js";
import "./me.js";
import "./panel.js";
import "./ringing.js";
import "./sign-in.js";
import "./status.js";
import "./thread.js";

const desk = new Desk();
const part = (name) => document.querySelector(name);
const parts = ["tl-inbox", "tl-thread", "tl-panel", "tl-board", "tl-status", "tl-begin", "tl-keys", "tl-me", "tl-ringing"].map(part);
const signIn = part("tl-sign-in");
const workplace = document.getElementById("workplace");
const banner = document.getElementById("connection");

for (const each of [...parts, signIn]) each.start(desk);

function show({ signedIn, again = false }) {
  banner.hidden = true;
  workplace.hidden = !signedIn;
  desk.store.touch("bookings");
  if (!signedIn) {
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    signIn.show({ again });
  }
}

async function begin(me) {
  show({ signedIn: true });
  arrive();
  const begun = desk.begin(me);
  if (ownsFocus()) part(shown()).takeFocus();
  await begun;
}

/** The part that one works in at this place. */
function shown({ view, thread } = place()) {
  return thread ? "tl-thread" : view === "bookings" ? "tl-board" : "tl-inbox";
}

function arrive() {
  const where = place();
  const left = document.activeElement;
  workplace.dataset.level = ["status", "new"].includes(where.view) ? where.view : where.thread ? "thread" : where.view === "bookings" ? "bookings" : "inbox";
  part("tl-inbox").show(where);
  part("tl-thread").show(where);
  part("tl-panel").show(where.thread);
  part("tl-board").show(where);
  part("tl-status").show(where.view === "status");
  part("tl-begin").show(where.view === "new");
  if (left !== document.activeElement || !workplace.contains(left) || left.checkVisibility()) return;
  part(shown(where)).takeFocus();
}

signIn.onSignedIn = begin;
desk.api.onSignedOut = () => {
  if (!signIn.hidden) return;
  desk.pause();
  show({ signedIn: false, again: desk.store.me !== null });
};
addEventListener("hashchange", () => desk.store.me && arrive());

// A blink of the connection is nobody's concern; what lasts is said, and where it matters.
let lost = null;
desk.addEventListener("connection", () => {
  clearTimeout(lost);
  if (desk.connection === "live") banner.hidden = true;
  else lost = setTimeout(() => { banner.hidden = workplace.hidden; }, 2_500);
});

/** Who is here? Asked until there is an answer: a server that cannot be reached says nothing about a session. */
async function enter(wait = 500) {
  try {
    await begin(await desk.api.me());
  } catch (error) {
    if (error.status === 401) return;
    banner.hidden = false;
    setTimeout(() => enter(Math.min(15_000, wait * 2)), wait);
  }
}
enter();
