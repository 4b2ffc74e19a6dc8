"""When a customer's devices are woken, what they are told, and what the agent sees of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from adapters.web_chat.adapter import WebChat
from adapters.web_chat.config import WebChatConfig
from gateway.actions import customer_seen, decide, deliver, restored
from gateway.domain.device import Device
from gateway.domain.message import MessageId
from gateway.outbox.waking import nobody
from gateway.store import holds, profiles, status
from gateway.store.profiles import Profile
from tests.adapters.app_push.pushing import webpush
from tests.adapters.app_push.test_webpush import KEYS
from tests.company import SECOND, START
from tests.outbox.office import Office
from tests.outbox.phones import Phones, android
from tests.outbox.provider import Provider
from tests.standins.fcm import Answer, FcmStandIn
from tests.standins.web_push import PushService

GONE = Answer(404, "UNREGISTERED")
BUSY = Answer(503, "UNAVAILABLE", {"Retry-After": "90"})
NO_DEVICE = "No device can be reached; never seen."


@pytest.fixture
async def phones(office: Office) -> AsyncIterator[Phones]:
    async with FcmStandIn() as google, aiohttp.ClientSession() as http:
        yield Phones(office, google, http)
        await office.close()


async def test_a_push_follows_when_nobody_has_taken_the_message(phones: Phones) -> None:
    """Three seconds after the reply, and not before, the phone is told who wrote, and nothing of what."""
    await phones.office.open(app=phones.app())
    message = await phones.say("Your router is on its way")
    await phones.register(android())
    phones.wait(2.9)
    await phones.office.until(**{"Your router is on its way": "queued"})
    assert [] == phones.google.taken
    phones.wait(0.1)
    (push,) = await phones.pushes(1)
    assert {"title": "Front Range", "body": "Ana from your team wrote"} == push["notification"]
    assert (android().address, str(message)) == (push["token"], push["data"]["message"])
    assert 1 == push["android"]["notification"]["notificationCount"]
    await phones.office.until(**{"Your router is on its way": "sent"})


async def test_a_live_connection_takes_the_message_first(phones: Phones) -> None:
    """What the open app has fetched within the grace is `delivered`, and its phone stays silent."""
    await phones.office.open(app=phones.app())
    message = await phones.say("one")
    await phones.register(android())
    token = await phones.token()
    await phones.office.store.write(customer_seen.fetched, token, [MessageId(message)], phones.company.clock())
    await phones.say("other", 1)
    await phones.register(android(1), 1)
    phones.wait()
    (push,) = await phones.pushes(1)
    assert (android(1).address, "delivered") == (push["token"], (await phones.office.states())["one"])


async def test_replies_within_the_grace_are_one_push(phones: Phones) -> None:
    """Several answers, one push: it names the newest, counts them all, and all of them are `sent` by it."""
    await phones.office.open(app=phones.app())
    text = await phones.company.text(sender="user-0", channel="app", kind="app", endpoint="")
    for body in ("one", "two", "three"):
        last = await phones.add(body, text.thread)
    await phones.register(android())
    phones.wait(1)  # the first was written two seconds before the last
    await phones.office.until(one="sent", two="sent", three="sent")
    (push,) = phones.google.taken
    assert (str(last), 3) == (push["data"]["message"], push["android"]["notification"]["notificationCount"])
    assert str(text.thread) == push["android"]["collapseKey"]


async def test_a_push_is_not_in_doubt_after_a_restore(phones: Phones) -> None:
    """What waited for its push when a backup was made is pushed once the restored outbox is released, not looked up:
    a push that was made already is only replaced by it."""
    await phones.say("one")
    await phones.register(android())
    store, now = phones.office.store, phones.company.clock()
    await store.write(holds.hold, now, now)
    await phones.office.open(app=phones.app())
    phones.wait()
    assert [0] == [row["doubtful"] for row in await store.read(holds.waiting, now)]
    assert 0 == await store.write(restored.release, phones.company.clock())
    assert 1 == len(await phones.pushes(1))
    await phones.office.until(one="sent")


async def test_the_company_may_show_the_words(phones: Phones) -> None:
    """With `notice = "text"` the push has the person's own words, and whose they are."""
    await phones.office.open(app=phones.app(notice="text"))
    await phones.say("Your router is on its way")
    await phones.register(android())
    phones.wait()
    (push,) = await phones.pushes(1)
    assert {"title": "Ana from your team", "body": "Your router is on its way"} == push["notification"]


async def test_one_device_of_many_is_enough(phones: Phones) -> None:
    """All are pushed to at once; whichever is gone is forgotten, and one that was woken makes the message `sent`."""
    phones.google.spoil += [GONE, "as usual", BUSY]
    await phones.office.open(app=phones.app())
    await phones.say("one")
    for number in range(3):
        await phones.register(android(number))
    phones.wait()
    await phones.office.until(one="sent")
    assert 1 == len(phones.google.taken)
    assert [(2,)] == await phones.company.rows("SELECT count(*) FROM device")


async def test_a_customer_without_a_device(phones: Phones) -> None:
    """The message fails in words for the agent; a person sends it again once the customer has a phone."""
    await phones.office.open(app=phones.app())
    message = await phones.say("one")
    phones.wait()
    await phones.office.until(one="failed")
    assert NO_DEVICE == (await phones.office.delivery("one"))["detail"]
    await phones.register(android())
    now = phones.company.clock()
    await phones.office.store.write(decide.retry, phones.office.secret, MessageId(message), None, b"", now)
    await phones.pushes(1)
    await phones.office.until(one="sent")


async def test_a_message_that_reached_no_device_is_in_the_app(phones: Phones) -> None:
    """It failed as a push, and is `delivered` when the app comes for it by itself."""
    phones.google.spoil.append(GONE)
    await phones.office.open(app=phones.app())
    message = await phones.say("one")
    await phones.register(android())
    phones.wait()
    await phones.office.until(one="failed")
    token = await phones.token()
    await phones.office.store.write(customer_seen.fetched, token, [MessageId(message)], phones.company.clock())
    said = await phones.office.delivery("one")
    assert ("delivered", None) == (said["state"], said["detail"])


async def test_when_the_app_was_last_seen(phones: Phones) -> None:
    """A failure names the month in which the app last came with a new token."""
    await phones.office.open(app=phones.app())
    await phones.say("one")
    identity, _ = await phones.customer()
    march = int(datetime(2026, 3, 14, tzinfo=UTC).timestamp()) * SECOND
    await phones.office.store.write(profiles.keep, identity, Profile(None, False, *[None] * 5), march)
    phones.wait()
    await phones.office.until(one="failed")
    assert "No device can be reached; last seen in March." == (await phones.office.delivery("one"))["detail"]


def test_the_year_is_named_when_it_is_another() -> None:
    """So that March of two years ago is not taken for this one's."""
    seen = int(datetime(2024, 3, 14, tzinfo=UTC).timestamp()) * SECOND
    assert "No device can be reached; last seen in March 2024." == nobody(seen, START)
    assert NO_DEVICE == nobody(None, START)
    assert "No device can be reached; last seen less than a day ago." == nobody(START - 3_600 * SECOND, START)


async def test_a_busy_platform_is_asked_again(phones: Phones) -> None:
    """Not before it wants to be; then the push goes out."""
    phones.google.spoil.append(BUSY)
    await phones.office.open(app=phones.app())
    await phones.say("one")
    await phones.register(android())
    phones.wait()
    assert await phones.office.due("one", 1) >= phones.company.clock() + 90 * SECOND
    phones.wait(91)
    await phones.pushes(1)
    await phones.office.until(one="sent")


async def test_what_is_ours_to_set_right(phones: Phones) -> None:
    """A push that our own set-up spoils fails, and admins are told of which channel."""
    phones.google.spoil.append(Answer(403, "SENDER_ID_MISMATCH"))
    await phones.office.open(app=phones.app())
    await phones.say("one")
    await phones.register(android())
    phones.wait()
    await phones.office.until(one="failed")
    assert "SENDER_ID_MISMATCH" == (await phones.office.delivery("one"))["code"]
    (told,) = await phones.office.store.read(status.misconfigurations)
    assert ("app", "SENDER_ID_MISMATCH") == (told["channel"], told["code"])


async def test_a_hung_platform_delays_nothing_else(phones: Phones) -> None:
    """While a push hangs, a text goes out at once, to another customer and to the same; the push is tried again."""
    phones.google.spoil += ["hang"]
    sms = Provider()
    await phones.office.open(app=phones.app(patience=1.0), sms=sms)
    await phones.say("one")
    await phones.register(android())
    phones.wait()
    await phones.office.until(one="sending")
    await phones.office.answer("text", 1)
    await phones.office.until(one="sending", text="sent")
    ((thread,),) = await phones.company.rows("SELECT thread_id FROM message WHERE body = 'one'")
    _, customer = await phones.customer()
    await phones.company.sql("UPDATE identity SET customer_id = ?1 WHERE kind = 'sms'", customer)
    await phones.company.sql("UPDATE line SET thread_id = ?1 WHERE channel = 'sms'", thread)
    await phones.add("to the same", thread, channel="sms")
    await phones.office.until(one="sending", **{"to the same": "sent"})
    await phones.office.due("one", 1)


async def test_a_push_that_nobody_finished_is_made_again(phones: Phones) -> None:
    """A node that ended in the middle of it leaves nothing for a person to settle: a second push replaces the first."""
    await phones.say("one")
    await phones.register(android())
    phones.wait()
    await phones.office.store.write(deliver.claim_due, "app", 1, phones.company.clock(), 60 * SECOND)
    await phones.office.open(app=phones.app())
    await phones.pushes(1)
    await phones.office.until(one="sent")


def web() -> WebChat:
    return WebChat(WebChatConfig(adapter="web_chat"))


async def test_a_visitor_without_a_device_waits_for_no_push(phones: Phones) -> None:
    """The message is on the page at once."""
    await phones.office.open(web=web())
    await phones.say("one", channel="web")
    phones.company.doorbell.ring()
    await phones.office.until(one="sent")
    assert phones.company.clock() == (await phones.company.rows("SELECT updated_at FROM delivery"))[0][0]


@pytest.mark.parametrize("answer", [201, 410, 413])
async def test_a_visitor_s_browser_is_woken(phones: Phones, answer: int) -> None:
    """By the app channel's keys, after the grace; whatever the push service says, the message is on the page."""
    async with PushService(status=answer) as service:
        app = phones.app(webpush=webpush(), push_hosts=(service.url,))
        await phones.office.open(app=app, web=web())
        text = await phones.company.text(sender="user-0", channel="web", kind="web", endpoint="")
        await phones.register(Device("webpush", service.url + "/1", KEYS), channel="web")
        await phones.add("one", text.thread, channel="web")
        phones.wait()
        await phones.office.until(one="sent")
        assert 1 == len(service.came)


async def test_a_busy_push_service_of_a_visitor_is_asked_again(phones: Phones) -> None:
    """Until it takes the push."""
    async with PushService(status=429, headers={"Retry-After": "30"}) as service:
        app = phones.app(webpush=webpush(), push_hosts=(service.url,))
        await phones.office.open(app=app, web=web())
        text = await phones.company.text(sender="user-0", channel="web", kind="web", endpoint="")
        await phones.register(Device("webpush", service.url + "/1", KEYS), channel="web")
        await phones.add("one", text.thread, channel="web")
        phones.wait()
        await phones.office.due("one", 1)
        service.status = 201
        phones.wait(31)
        await phones.office.until(one="sent")
        assert 2 == len(service.came)


async def test_an_adapter_s_own_mistake_counts_as_busy(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a push raises, the message is tried again and nothing else is held up."""
    app: Any = phones.app()

    async def fail(*_: object) -> None:
        await asyncio.sleep(0)
        raise RuntimeError

    monkeypatch.setattr(app, "push", fail)
    await phones.office.open(app=app)
    await phones.say("one")
    await phones.register(android())
    phones.wait()
    await phones.office.due("one", 1)
    monkeypatch.undo()
    phones.wait(10)
    await phones.office.until(one="sent")
