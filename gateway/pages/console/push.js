// What the service workers of /chat and /console share: each imports this file and calls attend(). It reads a push,
// shows its notice, leads from the notice to the page, and tells the server of another subscription. Whether a notice
// is shown and who else hears of it is each worker's own. A browser that looks for a newer worker looks for a newer one
// of this file too, past its cache: pages register their workers with updateViaCache "none".

const ICON = "/static/console/mark.svg";

/** Takes all that wakes the worker of the page at the path `page`, whose devices are under `api`. `show(notice)` is
 *  given each push of ours, {title, body, thread, message, booking?, badge}; `address(thread)` is what a pressed notice
 *  opens where no such page is open. A browser wakes a worker only for what it listened to when it started: call it
 *  then. */
function attend({ page, api, show, address }) {
  self.addEventListener("install", () => self.skipWaiting());
  self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
  self.addEventListener("push", (event) => event.waitUntil(read(event.data, show)));
  self.addEventListener("notificationclick", (event) => event.waitUntil(lead(event.notification, page, address)));
  self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(enroll(event, api)));
}

/** The windows and tabs that are at this path. */
async function pagesAt(path) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return windows.filter(({ url }) => new URL(url).pathname === path);
}

/** One notice for a tag: the newest. */
async function post({ title, body, thread, message, badge }, tag) {
  await self.registration.showNotification(title, { body, tag, renotify: true, icon: ICON, data: { thread, message } });
  if (Number.isInteger(badge)) await navigator.setAppBadge?.(badge).catch(() => {});
}

async function read(data, show) {
  const notice = noticeIn(data);
  if (notice) await show(notice);
}

/** The notice of a push; null for one that is not ours. */
function noticeIn(data) {
  try {
    const notice = data.json();
    return typeof notice.title === "string" && typeof notice.thread === "string" ? notice : null;
  } catch {
    return null;
  }
}

async function lead(notification, path, address) {
  notification.close();
  const { thread, message } = notification.data;
  const [page] = await pagesAt(path);
  if (!page) return self.clients.openWindow(address(thread));
  page.postMessage({ kind: "open", thread, message });
  return page.focus();
}

/** The browser has put another subscription in place of the one before. */
async function enroll({ newSubscription }, api) {
  const answer = await fetch(`${api}/push-key`, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) return;
  const options = { userVisibleOnly: true, applicationServerKey: (await answer.json()).key };
  const { endpoint, keys } = (newSubscription ?? await self.registration.pushManager.subscribe(options)).toJSON();
  await fetch(`${api}/devices`, {
    method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ platform: "webpush", endpoint, keys }),
  });
}
