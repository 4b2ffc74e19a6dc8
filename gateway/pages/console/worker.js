// The service worker of /console. It tells an agent that a customer has written while no console is in sight, and leads
// from the notice to the conversation. It answers no request and keeps nothing.

const PAGE = "/console";

/** Where Trusted Types are demanded, the address of a script to import is one: of this script, and of no other. */
const SHARED = { createScriptURL: () => "/static/console/push.js" };
importScripts((self.trustedTypes?.createPolicy("teamline-worker", SHARED) ?? SHARED).createScriptURL(""));

attend({ page: PAGE, api: "/api/agent/v1", show, address: (thread) => `${PAGE}#/all/t/${encodeURIComponent(thread)}` });

/** A console in sight shows it better, and browsers ask for no notice while a page of ours is in sight. What was written in
 *  a thread is one notice, a booking of it another. */
async function show(notice) {
  if ((await pagesAt(PAGE)).some(({ visibilityState }) => visibilityState === "visible")) return;
  const { thread, booking } = notice;
  await post(notice, booking ? `${thread}-${booking}` : thread);
}
