// The service worker of /chat. It shows the notice that a push carries, as it is, and leads from there to the page.
// It answers no request and keeps nothing, so the page is the server's at all times. It is registered with the page's
// own query, and so knows which channel's page to open.

const PAGE = "/chat";

/** Where Trusted Types are demanded, the address of a script to import is one: of this script, and of no other. */
const SHARED = { createScriptURL: () => "/static/console/push.js" };
importScripts((self.trustedTypes?.createPolicy("teamline-worker", SHARED) ?? SHARED).createScriptURL(""));

attend({ page: PAGE, api: "/api/customer/v1", show, address: () => PAGE + self.location.search });

/** Shown whoever looks: a push without a notice costs a page its permission in some browsers. A page that has read the
 *  message takes the notice away again. */
async function show(notice) {
  const { thread, message } = notice;
  await post(notice, thread);
  for (const page of await pagesAt(PAGE)) page.postMessage({ kind: "shown", thread, message });
}
