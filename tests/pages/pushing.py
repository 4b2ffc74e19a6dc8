"""A push service for the page tests: what it would do to a browser, done to the real service worker.

No browser here reaches a push service, so subscribing is answered in the page, from local storage; a push is put into
the worker by the browser's own tools.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from playwright.async_api import Page, Worker

from tests.pages.conftest import Visitor
from tests.pages.world import Json

ENDPOINT = "https://push.example.com/send/"

SUBSCRIBING = """(() => {
  const kept = "test.subscription"
  const bytes = key => Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), c => c.charCodeAt(0)).buffer
  const made = ({ endpoint, key }) => ({
    endpoint, options: { userVisibleOnly: true, applicationServerKey: bytes(key) },
    toJSON: () => ({ endpoint, expirationTime: null, keys: { p256dh: "p", auth: "a" } }),
    unsubscribe: async () => { localStorage.removeItem(kept); return true },
  })
  PushManager.prototype.getSubscription = async () => {
    const found = localStorage.getItem(kept)
    return found && made(JSON.parse(found))
  }
  PushManager.prototype.subscribe = async ({ applicationServerKey: key }) => {
    if (window.refusing) throw new DOMException(window.refusing, "AbortError")
    localStorage.setItem(kept, JSON.stringify({ endpoint: "ENDPOINT" + crypto.randomUUID(), key }))
    return made(JSON.parse(localStorage.getItem(kept)))
  }
})()""".replace("ENDPOINT", ENDPOINT)

FRAME = "new Promise(requestAnimationFrame)"

NOTICES = """async scope => {
  const all = await navigator.serviceWorker.getRegistrations()
  const found = await all.find(each => new URL(each.scope).pathname === scope)?.getNotifications() ?? []
  return found.map(({ title, body, tag }) => [title, body, tag])
}"""

STEPS = """() => {
  self.steps = []
  WindowClient.prototype.focus = async function () { self.steps.push(["focus", new URL(this.url).pathname]) }
  Clients.prototype.openWindow = async url => { self.steps.push(["open", url]) }
}"""


async def allow(visitor: Visitor) -> None:
    """The browser will say yes when it is asked, and can subscribe."""
    await visitor.context.grant_permissions(["notifications"])
    await visitor.context.add_init_script(SUBSCRIBING)


class Pushes:
    """Pushes to the worker of one page."""

    def __init__(self, page: Page, scope: str) -> None:
        self.page = page
        self.scope = scope
        self.registration: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def open(self) -> Pushes:
        self._tools = await self.page.context.new_cdp_session(self.page)
        self._tools.on("ServiceWorker.workerRegistrationUpdated", self._met)
        await self._tools.send("ServiceWorker.enable")
        return self

    def _met(self, told: dict[str, Any]) -> None:
        for each in told["registrations"]:
            if each["scopeURL"].endswith(self.scope) and not each["isDeleted"] and not self.registration.done():
                self.registration.set_result(each["registrationId"])

    async def push(self, notice: Json | str) -> None:
        """A push arrives, with this in it."""
        origin = await self.page.evaluate("location.origin")
        data = notice if isinstance(notice, str) else json.dumps(notice)
        told = {"origin": origin, "registrationId": await asyncio.wait_for(self.registration, 20), "data": data}
        await self._tools.send("ServiceWorker.deliverPushMessage", told)

    async def notices(self) -> list[list[str]]:
        """[title, body, tag] of each notice that stands."""
        found: list[list[str]] = await self.page.evaluate(NOTICES, self.scope)
        return found

    async def until(self, expected: list[list[str]]) -> None:
        """Waits until exactly these notices stand."""
        async with asyncio.timeout(20):
            while expected != await self.notices():
                await self.page.evaluate(FRAME)

    async def holds(self, expression: str) -> None:
        """Waits until this is true in the page."""
        async with asyncio.timeout(20):
            while not await self.page.evaluate(expression):
                await self.page.evaluate(FRAME)

    def worker(self) -> Worker:
        return next(each for each in self.page.context.service_workers if f"/static{self.scope}/" in each.url)

    async def press(self) -> list[list[str]]:
        """Somebody presses the notice; answers what the worker has the browser do. A browser lets a worker do these
        things for a real press only, so that they are written down here."""
        worker = self.worker()
        await worker.evaluate(STEPS)
        await worker.evaluate(
            """async () => {
              const [notification] = await registration.getNotifications()
              try { dispatchEvent(new NotificationEvent("notificationclick", { notification })) } catch {}
            }"""
        )
        async with asyncio.timeout(20):
            while not (steps := await worker.evaluate("steps")):
                await self.page.evaluate(FRAME)
        return steps  # type: ignore[no-any-return]


def notice(
    thread: str = "t1", message: str = "m1", body: str = "Ana from your team wrote", badge: int = 1, **more: str
) -> Json:
    """The payload of a push, as docs say it."""
    return {"title": "Front Range", "body": body, "thread": thread, "message": message, "badge": badge} | more
