// The service worker of /console. It tells an agent that a customer has written while no console is in sight, and leads
// from the notice to the conversation. It answers no request and keeps nothing.

const PAGE = "/console";
const API = "/api/agent/v1";
const ICON = "/static/console/mark.svg";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(event.data)));
self.addEventListener("notificationclick", (event) => event.waitUntil(open(event.notification)));
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(enroll(event)));

async function consoles() {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return windows.filter(({ url }) => new URL(url).pathname === PAGE);
}

/** {title, body, thread, message, booking?, badge} of a push; null for one that is not ours. */
function noticeIn(data) {
  try {
    const notice = data.json();
    return typeof notice.title === "string" && typeof notice.thread === "string" ? notice : null;
  } catch {
    return null;
  }
}

/** A console in sight shows it better, and browsers ask for no notice while a page of ours is in sight. What was written in
 *  a thread is one notice, a booking of it another. */
async function show(data) {
  const notice = noticeIn(data);
  if (!notice || (await consoles()).some(({ visibilityState }) => visibilityState === "visible")) return;
  const { title, body, thread, message, booking, badge } = notice;
  const tag = booking ? `${thread}-${booking}` : thread;
  await self.registration.showNotification(title, { body, tag, renotify: true, icon: ICON, data: { thread, message } });
  if (Number.isInteger(badge)) await navigator.setAppBadge?.(badge).catch(() => {});
}

async function open(notification) {
  notification.close();
  const { thread, message } = notification.data;
  const [page] = await consoles();
  if (!page) return self.clients.openWindow(`${PAGE}#/all/t/${encodeURIComponent(thread)}`);
  page.postMessage({ kind: "open", thread, message });
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
