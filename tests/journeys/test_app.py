"""A customer writes, closes the app or the page, and is called back by a push: on phones and in a browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from examples.teamline_app import Client, Conversation, Outbox
from tests.adapters.app_push.pushing import vapid_key
from tests.browser import WHOLE, browser_fixture
from tests.examples.care import KEY_FILES, Ana, backend
from tests.gateway_process import GatewayProcess, gateway_process, hire, until
from tests.journeys.conftest import profile, sign_in
from tests.pages.pushing import ENDPOINT, SUBSCRIBING, Pushes
from tests.standins.apns import KEY_ID, TEAM_ID, TOPIC, ApnsStandIn
from tests.standins.fcm import FcmStandIn
from tests.standins.web_push import WebPushTesting

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs("web-push-testing")]

PLATFORMS = """
push_hosts = ["{browsers}"]
[webpush]
subject = "mailto:care@example.com"
private_key = {{{{ file = "vapid.pem" }}}}
[fcm]
service_account = {{{{ file = "fcm.json" }}}}
api_base_url = "{fcm}"
[apns]
key = {{{{ file = "AuthKey.p8" }}}}
key_id = "{key_id}"
team_id = "{team_id}"
topic = "{topic}"
environment = "{apns}"
"""
PHONE = "cafe" * 16
TITLE, BODY = "Front Range", "Ana from your team wrote"

browser = browser_fixture(WHOLE)


@dataclass
class Platforms:
    """Stand-ins for those that wake devices."""

    fcm: FcmStandIn
    apns: ApnsStandIn
    browsers: WebPushTesting

    def files(self) -> dict[str, str]:
        """Of a gateway that pushes to them, and has a web page."""
        app = PLATFORMS.format(
            browsers=self.browsers.url,
            fcm=self.fcm.url,
            apns=self.apns.url,
            key_id=KEY_ID,
            team_id=TEAM_ID,
            topic=TOPIC,
        )
        head, keys = KEY_FILES["adapters/app.toml"].split("[[jwt_key]]")
        hosts, tables = app.split("[webpush]")
        return KEY_FILES | {
            "adapters/app.toml": f"{head}{hosts}[[jwt_key]]{keys}[webpush]{tables}",
            "adapters/web.toml": 'adapter = "web_chat"\n',
            "vapid.pem": vapid_key().get_secret_value(),
            "fcm.json": self.fcm.account.replace("{", "{{").replace("}", "}}"),
            "AuthKey.p8": self.apns.key,
        }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platforms() -> AsyncIterator[Platforms]:
    async with FcmStandIn() as fcm, ApnsStandIn() as apns, WebPushTesting() as browsers:
        yield Platforms(fcm, apns, browsers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(
    tmp_path_factory: pytest.TempPathFactory, engine: str, platforms: Platforms
) -> AsyncIterator[GatewayProcess]:
    folder: Path = tmp_path_factory.mktemp("app")
    (folder / "company").mkdir()
    company = hire(folder / "company", engine)
    async with gateway_process(folder / "gateway", company, "http://127.0.0.1:9", config=platforms.files()) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def ana(gateway: GatewayProcess) -> AsyncIterator[Ana]:
    async with aiohttp.ClientSession() as http:
        yield Ana(http, gateway.url, gateway.token)


async def test_called_back(gateway: GatewayProcess, ana: Ana, platforms: Platforms, tmp_path: Path) -> None:
    """The answer wakes each of the customer's devices, the app finds it when it is opened, and the person who wrote it
    sees `sent`, `delivered` and `read` as they come true."""
    async with aiohttp.ClientSession() as app:
        client = Client(gateway.url, backend("maria", name="Maria"), app)
        android = f"android-{'x' * 32}-{gateway.port}"
        subscription = await platforms.browsers.subscribe(await client.push_key())
        await client.register("fcm", token=android)
        await client.register("apns", token=PHONE)
        await client.register("webpush", endpoint=subscription["endpoint"], keys=subscription["keys"])
        outbox = Outbox(client, tmp_path / "outbox.json")
        outbox.put("Is the blue one back?")
        await outbox.flush()

    thread = await ana.thread_of("Is the blue one back?")
    reply = await ana.reply(thread, "Since Tuesday.")
    assert "sent" == (await ana.sees(thread, reply, "sent", "failed"))["state"]

    to_android = next(each for each in platforms.fcm.taken if each["token"] == android)
    assert ({"title": TITLE, "body": BODY}, 1) == (
        to_android["notification"],
        to_android["android"]["notification"]["notificationCount"],
    )
    to_phone = (await platforms.apns.taken())[-1]
    assert (PHONE, {"title": TITLE, "body": BODY}, reply) == (
        to_phone["device"],
        to_phone["payload"]["aps"]["alert"],
        to_phone["payload"]["message"],
    )
    told: dict[str, Any] = {"title": TITLE, "body": BODY, "message": reply, "badge": 1}
    [shown] = await platforms.browsers.notices(subscription)
    assert told | {"thread": shown["thread"]} == shown

    async with aiohttp.ClientSession() as app:
        client = Client(gateway.url, backend("maria", name="Maria", n=2), app)
        assert 1 == (await client.thread())["unread"]
        conversation = Conversation(client)
        await conversation.open()
        assert ["Is the blue one back?", "Since Tuesday."] == [each["body"] for each in conversation.messages]
        assert "delivered" == (await ana.sees(thread, reply, "delivered", "read"))["state"]
        assert 0 == await conversation.read()
        assert "read" == (await ana.sees(thread, reply, "read"))["state"]


async def test_a_live_app_is_not_pushed(
    gateway: GatewayProcess, ana: Ana, platforms: Platforms, tmp_path: Path
) -> None:
    """Nothing is pushed for an answer that the app has read before the grace was over; the next one, to a closed app,
    is the first that its phone hears of."""
    android = f"android-{'y' * 32}-{gateway.port}"
    async with aiohttp.ClientSession() as app:
        client = Client(gateway.url, backend("jonas"), app)
        await client.register("fcm", token=android)
        await client.write("key", "Anybody there?", [])
        thread = await ana.thread_of("Anybody there?")
        await ana.reply(thread, "Yes.")
        conversation = Conversation(client)
        await conversation.open()
        assert 0 == await conversation.read()
        following = asyncio.create_task(conversation.follow())
        followed = await ana.reply(thread, "Or so.")
        assert "delivered" == (await ana.sees(thread, followed, "delivered", "failed"))["state"]
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        assert 0 == await conversation.read()
    last = await ana.reply(thread, "Still here.")

    async def ask() -> list[str]:
        return [each["data"]["message"] for each in platforms.fcm.taken if each["token"] == android]

    assert [last] == await until(ask)


@pytest.mark.needs("all of chromium")
async def test_called_back_in_a_browser(
    browser: Browser, gateway: GatewayProcess, ana: Ana, platforms: Platforms
) -> None:
    """Who turned it on at /chat and closed the page is shown the notice that the push service took, finds the answer
    where it leads, and the person who wrote it sees `sent` and `read`; the notice is gone then."""
    async with aiohttp.ClientSession() as http:
        key = await Client(gateway.url, backend("noor"), http).push_key()
    subscription = await platforms.browsers.subscribe(key)
    async with profile(browser, permissions=["notifications"]) as context:
        await context.add_init_script(subscribing(subscription))
        page = await context.new_page()
        await page.goto(f"{gateway.url}/chat")
        await page.get_by_role("textbox", name="Message to Front Range").focus()
        await page.keyboard.type("Is the page enough?")
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Tell me on this device when somebody answers").press("Enter")
        await expect(page.locator(".tell p")).to_have_text("You are told here when somebody answers.")
        await page.close()

        thread = await ana.thread_of("Is the page enough?")
        reply = await ana.reply(thread, "It is.")
        assert "sent" == (await ana.sees(thread, reply, "sent", "failed"))["state"]
        [notice] = await platforms.browsers.notices(subscription)
        assert (TITLE, BODY, reply, 1) == tuple(notice[name] for name in ("title", "body", "message", "badge"))

        page = await context.new_page()
        await page.goto(f"{gateway.url}/healthz")
        pushes = await Pushes(page, "/chat").open()
        await pushes.push(notice)
        await pushes.until([[TITLE, BODY, notice["thread"]]])
        assert [["open", "/chat"]] == await pushes.press()
        await page.goto(f"{gateway.url}/chat")
        await expect(page.locator(".body")).to_have_text(["Is the page enough?", "It is."])
        assert "read" == (await ana.sees(thread, reply, "read"))["state"]
        await pushes.until([])


@pytest.mark.needs("all of chromium")
async def test_an_agent_is_told_in_a_browser(browser: Browser, gateway: GatewayProcess, platforms: Platforms) -> None:
    """Who turned it on at the console and closed it is told that a customer has written, and not who, and is led to the
    conversation; signing out takes it all away."""
    async with aiohttp.ClientSession() as http:
        olga = Client(gateway.url, backend("olga", name="Olga"), http)
        subscription = await platforms.browsers.subscribe(await olga.push_key())
        async with profile(browser, permissions=["notifications"]) as context:
            await context.add_init_script(subscribing(subscription))
            page = await context.new_page()
            await sign_in(page, gateway.url)
            await page.keyboard.press("?")
            switch = page.get_by_role("switch", name="Tell me when nobody is looking")
            await switch.press("Space")
            await expect(switch).to_be_checked()
            await page.close()

            await olga.write("olga-1", "Is anybody there?", [])
            [notice] = await until(lambda: platforms.browsers.notices(subscription))
            assert ("A customer has written", TITLE) == (notice["title"], notice["body"])

            page = await context.new_page()
            await page.goto(f"{gateway.url}/healthz")
            pushes = await Pushes(page, "/console").open()
            await pushes.push(notice)
            await pushes.until([["A customer has written", TITLE, notice["thread"]]])
            assert [["open", f"/console#/all/t/{notice['thread']}"]] == await pushes.press()
            await page.goto(f"{gateway.url}/console#/all/t/{notice['thread']}")
            await expect(page.locator(".bubble").filter(has_text="Is anybody there?")).to_be_visible()
            await pushes.until([])
            await page.get_by_role("button", name="Sign out").press("Enter")
            await expect(page.get_by_label("Login")).to_be_focused()
            # It begins anew then, and a look in the middle of that would find no page.
            await page.wait_for_function("navigator.serviceWorker.getRegistrations().then(all => all.length === 0)")


def subscribing(subscription: dict[str, Any]) -> str:
    """A script by which the page's browser is subscribed at the stand-in."""
    endpoint = json.dumps(subscription["endpoint"])
    script = SUBSCRIBING.replace(f'"{ENDPOINT}" + crypto.randomUUID()', endpoint)
    return script.replace('{ p256dh: "p", auth: "a" }', json.dumps(subscription["keys"]))
