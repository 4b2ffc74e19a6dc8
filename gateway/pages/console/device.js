// This browser as a device that a push wakes: its service worker, its subscription, and what the server calls it.
// It asks for permission only when it is turned on, which only a person's own press does; it shows nothing.

/** A registration is told to the server again after this long, which keeps it from looking forgotten. */
const TOLD_AGAIN = 24 * 60 * 60_000;

/** Where a page may demand Trusted Types, the address of a worker's script is one. */
const WORKER = /^\/static\/(chat|console)\/worker\.js(\?|$)/;
const scripts = globalThis.trustedTypes?.createPolicy("teamline-worker", { createScriptURL: (url) => (WORKER.test(url) ? url : null) });
const trusted = (url) => (scripts ? scripts.createScriptURL(url) : url);

export class Device {
  #api;
  #name;
  #worker;
  #scope;
  #turn = Promise.resolve();

  /** `api` has pushKey(), addDevice(fields) and removeDevice(id); `name` is what is remembered under, `worker` the
   *  address of its script, `scope` the page that it is for. */
  constructor(api, { name, worker, scope }) {
    this.#api = api;
    this.#name = name;
    this.#worker = worker;
    this.#scope = scope;
  }

  /** Whether this browser can be woken at all. */
  get isAble() { return "serviceWorker" in navigator && "PushManager" in window && "Notification" in window; }

  /** Safari on a phone or tablet can, but only for a page that was put on the home screen. */
  get needsHomeScreen() { return !this.isAble && navigator.standalone === false; }

  get isRefused() { return this.isAble && Notification.permission === "denied"; }

  /** Whether the server wakes this browser for the one who is here. */
  get isOn() { return Boolean(this.isAble && Notification.permission === "granted" && this.#remembered?.id); }

  get #remembered() { return JSON.parse(localStorage.getItem(this.#name) ?? "null"); }

  #remember(told) {
    if (told) localStorage.setItem(this.#name, JSON.stringify(told));
    else localStorage.removeItem(this.#name);
  }

  /** `changed()` is called when another tab turns it on or off, or the browser's permission changes. */
  watch(changed) {
    addEventListener("storage", ({ key }) => key === this.#name && changed());
    navigator.permissions?.query({ name: "notifications" }).then((status) => status.addEventListener("change", changed), () => {});
  }

  /** One thing after another: what is turned off while it is being turned on is off in the end. */
  #next(act) {
    this.#turn = this.#turn.catch(() => {}).then(act);
    return this.#turn;
  }

  /** Turns it on for `owner`. To be called in the event of a person's press, before anything is awaited: browsers take
   *  the question about permission from there only. Answers whether it is on; raises what the server or browser said. */
  async turnOn(owner) {
    const permission = await Notification.requestPermission();
    if (permission !== "granted") return false;
    await this.#next(() => this.#enroll(owner));
    return true;
  }

  /** Nobody is told here any more. The server's answer is not needed: an ended subscription tells nobody. */
  turnOff() {
    return this.#next(() => this.#leave());
  }

  /** `owner` is here now. What they turned on goes on; what somebody else turned on ends. */
  meet(owner) {
    return this.#next(async () => {
      const told = this.#remembered;
      if (!told || !this.isAble) return;
      if (told.owner !== owner || Notification.permission !== "granted") return this.#leave();
      const subscription = await (await this.#registration())?.pushManager.getSubscription();
      const stands = told.id && subscription?.endpoint === told.endpoint && Date.now() - told.at < TOLD_AGAIN;
      if (!stands) await this.#enroll(owner);
    });
  }

  /** The one who is here leaves: nothing arrives until they are back, and then it goes on. */
  rest() {
    return this.#next(async () => {
      if (!this.#remembered) return;
      this.#remember({ ...this.#remembered, id: null });
      await this.#end();
    });
  }

  /** The server may have dropped this device since: the next to be met tells it again. */
  doubt() {
    if (this.#remembered) this.#remember({ ...this.#remembered, at: 0 });
  }

  /** Takes away the notices that `isRead(data)` holds for, and puts `unread` on the icon. */
  async clear(isRead, unread = 0) {
    if (!this.isOn) return;
    const notices = await (await this.#registration())?.getNotifications() ?? [];
    for (const notice of notices) if (isRead(notice.data ?? {})) notice.close();
    await navigator.setAppBadge?.(unread).catch(() => {});
  }

  /** What the worker says: {kind: "shown" | "open", thread, message}. */
  listen(heard) {
    if (this.isAble) navigator.serviceWorker.addEventListener("message", ({ data }) => heard(data));
  }

  async #registration() {
    const all = await navigator.serviceWorker.getRegistrations();
    return all.find(({ scope }) => new URL(scope).pathname === this.#scope) ?? null;
  }

  async #enroll(owner) {
    const { key } = await this.#api.pushKey();
    await navigator.serviceWorker.register(trusted(this.#worker), { scope: this.#scope, updateViaCache: "none" });
    const { pushManager } = await navigator.serviceWorker.ready;
    const subscription = await this.#subscribe(pushManager, key);
    const { endpoint, keys } = subscription.toJSON();
    const { id } = await this.#api.addDevice({ platform: "webpush", endpoint, keys });
    this.#remember({ owner, id, endpoint, at: Date.now() });
  }

  /** A browser keeps to the key that it subscribed with: for another one it has to begin anew. */
  async #subscribe(pushManager, key) {
    const options = { userVisibleOnly: true, applicationServerKey: key };
    const before = await pushManager.getSubscription();
    if (before && isKey(before.options.applicationServerKey, key)) return before;
    await before?.unsubscribe();
    return pushManager.subscribe(options);
  }

  async #leave() {
    const id = this.#remembered?.id;
    this.#remember(null);
    if (id) await this.#api.removeDevice(id).catch(() => {});
    await this.#end();
  }

  async #end() {
    if (!this.isAble) return;
    const registration = await this.#registration();
    if (!registration) return;
    for (const notice of await registration.getNotifications()) notice.close();
    await navigator.clearAppBadge?.().catch(() => {});
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    await registration.unregister();
  }
}

function isKey(bytes, key) {
  const plain = btoa(String.fromCharCode(...new Uint8Array(bytes ?? [])));
  return plain.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") === key;
}
