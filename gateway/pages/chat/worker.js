// The service worker of /chat. It shows the notice that a push carries, as it is, and leads from there to the page.
// It answers no request and keeps nothing, so the page is the server's at all times. It is registered with the page's
// own query, and so knows which channel's page to open.

const PAGE = "/chat";
const API = "/api/customer/v1";
const ICON = "/static/console/mark.svg";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(event.data)));
self.addEventListener("notificationclick", (event) => event.waitUntil(open(event.notification)));
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(enroll(event)));

async function pages() {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return windows.filter(({ url }) => new URL(url).pathname === PAGE);
}

/** {title, body, thread, message, badge} of a push; null for one that is not ours. */
function noticeIn(data) {
  try {
    const notice = data.json();
    return typeof notice.title === "string" && typeof notice.thread === "string" ? notice : null;
  } catch {
    return null;
  }
}

/** Shown whoever looks: a push without a notice costs a page its permission in some browsers. A page that has read the
 *  message takes the notice away again. */
async function show(data) {
  const notice = noticeIn(data);
  if (!notice) return;
  const { title, body, thread, message, badge } = notice;
  await self.registration.showNotification(title, { body, tag: thread, renotify: true, icon: ICON, data: { thread, message } });
  if (Number.isInteger(badge)) await navigator.setAppBadge?.(badge).catch(() => {});
  for (const page of await pages()) page.postMessage({ kind: "shown", thread, message });
}

async function open(notification) {
  notification.close();
  const [page] = await pages();
  if (!page) return self.clients.openWindow(PAGE + self.location.search);
  page.postMessage({ kind: "open", ...notification.data });
  return page.focus();
}

/** The browser has put another subscription in place of the one before. */
async function enroll({ newSubscription }) {
  const answer = await fetch(`${API}/push-key`, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) return;
  const options = { userVisibleOnly: true, applicationServerKey: (await answer.json()).key };
  const { endpoint, keys } = (newSubscription ?? await self.registration.pushManager.subscribe(options)).toJSON();
  await fetch(`${API}/devices`, {
    method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ platform: "webpush", endpoint, keys }),
  });
}
