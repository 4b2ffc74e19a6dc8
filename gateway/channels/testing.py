"""The checks that every adapter must pass, ours or a third party's. See docs/adapters.md for how to use them.

Subclass `AdapterContract`, say in `play` how your provider behaves, and pytest (with pytest-asyncio in auto mode) runs
the checks. They know nothing of any provider, touch no network of their own, and refuse an adapter that adds, drops or
changes a single character of what a person wrote.
"""
# ruff: noqa: SIM300  as in any test: `expected == actual`

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, get_args

from gateway.channels.contract import (
    FETCH_TIMEOUT,
    SEND_TIMEOUT,
    Adapter,
    FetchError,
    Outbound,
    OutboundFile,
    SendError,
    SendResult,
    Verdict,
    WebhookRefused,
    WebhookRequest,
)
from gateway.channels.played import INSIDE, Provider
from gateway.domain.address import Address
from gateway.domain.message import BODY_LIMIT, Media

__all__ = ["BODIES", "MARK", "AdapterContract", "Provider", "failure", "refused", "unfetched"]

BODIES: Final = (
    "hello",
    "  kept as it is \r\n\tnew line\n",
    "snowman \u2603, e + accent e\u0301, emoji \U0001f469\u200d\U0001f527\U0001f1fa\U0001f1f3",
    "\u0645\u0631\u062d\u0628\u0627 \u202eabc\u202c \u2066x\u2069",
    "zero\u200bwidth\ufeff",
    "a=1&b=2;c+d%20e <Response><Message>hi</Message></Response> {{name}} ${name}",
    "STOP",
)
"""Bodies that something on the way likes to change; each must come through character for character."""

MARK: Final = "zebra7crossing4711"
"""A body that must not turn up in any reason or detail."""


class AdapterContract(ABC):
    """Base class of a test class: `class TestMine(AdapterContract)`."""

    @abstractmethod
    def play(self) -> AbstractAsyncContextManager[Provider]:
        """A fresh channel and its provider."""

    async def test_capabilities_are_sane(self) -> None:
        """What the adapter says of itself is within what the gateway can do."""
        async with self.play() as provider:
            adapter = provider.adapter
            assert 1 <= adapter.capabilities.max_body <= BODY_LIMIT
            assert 1 <= adapter.concurrency <= 1_000
            assert isinstance(adapter.capabilities.reports, bool)
            assert isinstance(adapter.capabilities.lookup, bool)

    async def test_only_our_endpoints_lead_somewhere(self) -> None:
        """An endpoint of ours has a team; one that is not ours has None, and so does nonsense."""
        async with self.play() as provider:
            ours = provider.adapter.destination(provider.endpoint)
            assert ours is not None
            assert ours.team
            for stranger in ("+19995550199", "nobody-here", "\x00", "x" * 10_000):
                assert provider.adapter.destination(stranger) is None

    async def test_a_text_comes_in_as_it_was_written(self) -> None:
        """A good webhook gives exactly the message that was sent, whatever characters it has."""
        async with self.play() as provider:
            for body in BODIES:
                request, expected = provider.text(body)
                webhook = await provider.adapter.webhook(request)
                assert (expected,) == webhook.inbound
                assert body == webhook.inbound[0].body
                assert () == webhook.reports
                assert 200 <= webhook.reply.status < 300

    async def test_a_webhook_twice_means_the_same_twice(self) -> None:
        """A replayed request gives equal values: what is a repeat is for the gateway to say."""
        async with self.play() as provider:
            request, _ = provider.text("hello")
            assert await provider.adapter.webhook(request) == await provider.adapter.webhook(request)

    async def test_nothing_is_written_to_a_customer_by_the_answer(self) -> None:
        """The provider's answer is the same for every message, so that it cannot be a reply to one."""
        async with self.play() as provider:
            replies = {(await provider.adapter.webhook(provider.text(body)[0])).reply for body in BODIES}
            assert 1 == len(replies)

    async def test_a_tampered_request_is_refused_without_repeating_it(self) -> None:
        """Each tampered request is refused with a 4xx whose reason holds nothing of what came."""
        async with self.play() as provider:
            tampered = provider.tampered(MARK)
            assert tampered, "name at least one request that must be refused"
            for case, request in tampered.items():
                refusal = await refused(provider.adapter, request)
                assert refusal is not None, f"{case}: was believed"
                assert 400 <= refusal.status < 500, case
                assert [] == _repeated(request, provider.customer, refusal.reason), case

    async def test_nonsense_is_refused_and_never_breaks_the_adapter(self) -> None:
        """Bytes of any kind are refused with a 4xx; nothing else is ever raised, and no message comes of them."""
        async with self.play() as provider:
            good, _ = provider.text(MARK)
            for request in _nonsense(good):
                refusal = await refused(provider.adapter, request)
                assert refusal is not None
                assert 400 <= refusal.status < 500
                assert [] == _repeated(request, provider.customer, refusal.reason)

    async def test_a_reply_goes_out_as_it_was_written(self) -> None:
        """The provider gets each body once, character for character, and gives it an id of its own."""
        async with self.play() as provider:
            results = [await provider.adapter.send(self._outbound(provider, body, n)) for n, body in enumerate(BODIES)]
            assert list(BODIES) == provider.taken()
            assert len(BODIES) == len({result.provider_id for result in results})
            assert all(0 < len(result.provider_id) <= 255 for result in results)

    async def test_sends_may_run_side_by_side(self) -> None:
        """As many sends at once as the adapter asks for, and each message arrives once."""
        async with self.play() as provider:
            bodies = [f"message {n}" for n in range(min(provider.adapter.concurrency, 50))]
            outbounds = [self._outbound(provider, body, n) for n, body in enumerate(bodies)]
            await asyncio.gather(*(provider.adapter.send(outbound) for outbound in outbounds))
            assert sorted(bodies) == sorted(provider.taken())

    async def test_an_address_of_another_kind_is_refused_for_good(self) -> None:
        """A customer whom this channel does not lead to is not tried again and again."""
        async with self.play() as provider:
            outbound = replace(self._outbound(provider, MARK), to=Address("carrier_pigeon", "loft-4711"))
            error = await self._fails(provider, outbound)
            assert error.verdict in ("permanent", "configuration")
            assert [] == provider.taken()

    async def test_a_failed_send_says_what_to_do(self) -> None:
        """Whatever goes wrong is a SendError, in time, in words that hold neither text nor number."""
        async with self.play() as provider:
            for arrange in provider.faults().values():
                arrange()
                await self._fails(provider, self._outbound(provider, MARK))

    async def test_a_cancelled_send_ends_at_once(self) -> None:
        """A send that is cancelled does not go on, and the adapter stays fit for use."""
        async with self.play() as provider:
            hang = provider.faults().get("hang")
            if hang is None:
                return
            hang()
            send = asyncio.create_task(provider.adapter.send(self._outbound(provider, MARK)))
            await asyncio.wait([send], timeout=0.05)
            send.cancel()
            await asyncio.wait([send], timeout=1)
            assert send.done()
            assert send.cancelled() or isinstance(send.exception(), SendError)
            assert isinstance(await provider.adapter.send(self._outbound(provider, "hello", 1)), SendResult)

    async def test_a_report_finds_its_message(self) -> None:
        """A delivery report carries the message's id at the provider, and adds no message."""
        async with self.play() as provider:
            outbound = self._outbound(provider, "hello")
            played = provider.report(await provider.adapter.send(outbound), outbound.reference)
            assert provider.adapter.capabilities.reports == (played is not None)
            if played is not None:
                webhook = await provider.adapter.webhook(played[0])
                assert ((played[1],), ()) == (webhook.reports, webhook.inbound)

    async def test_a_lost_message_can_be_looked_up(self) -> None:
        """Where look-up is promised it finds what was sent, and it never finds another message."""
        async with self.play() as provider:
            outbound, other = self._outbound(provider, "hello"), self._outbound(provider, "never sent", 1)
            result = await provider.adapter.send(outbound)
            if provider.adapter.capabilities.lookup:
                assert (result,) == await provider.adapter.look_up(outbound)
            assert () == await provider.adapter.look_up(other)

    async def test_files_go_out_as_they_are_named(self) -> None:
        """The provider is given each file's URL as it is, in order."""
        async with self.play() as provider:
            can = provider.adapter.capabilities
            assert (can.max_files > 0) == (can.max_file_bytes > 0)
            if provider.given() is not None:
                kind = min(can.file_types, default="image/jpeg")
                urls = [f"https://care.example.com/files/a~-_.%20/{n}.jpg" for n in range(min(can.max_files, 2))]
                files = tuple(OutboundFile(url, kind, 10, url[-5:]) for url in urls)
                await provider.adapter.send(replace(self._outbound(provider, "look"), files=files))
                assert (urls, ["look"]) == (provider.given(), provider.taken())

    async def test_a_file_comes_in_whole_or_not_at_all(self) -> None:
        """All of its bytes where they are allowed; one byte too many, and it is refused for good."""
        async with self.play() as provider:
            if (played := provider.media()) is None:
                return
            media, content = played
            assert content == await provider.adapter.fetch(media, len(content))
            error = await unfetched(provider.adapter, media, len(content) - 1)
            assert error is not None
            assert (False, False) == (error.again, media.url in error.reason)

    async def test_nothing_inside_is_fetched(self) -> None:
        """A URL that leads into a private network is refused for good, in words that do not repeat it."""
        async with self.play() as provider:
            for url in INSIDE:
                error = await unfetched(provider.adapter, Media(url, "image/png"), 1_000)
                assert error is not None, url
                assert (False, False) == (error.again, bool(url) and url in error.reason), url

    async def test_what_a_message_means_to_the_carrier(self) -> None:
        """A request to end, reopen or explain comes as a message that says so."""
        async with self.play() as provider:
            for opt, request in provider.opted().items():
                (inbound,) = (await provider.adapter.webhook(request)).inbound
                assert opt == inbound.opt

    async def test_what_was_missed_comes_late_and_in_order(self) -> None:
        """Where catching up is promised, messages without a webhook are listed, oldest first, with their time."""
        async with self.play() as provider:
            kept = [each for body in ("first", "second") if (each := provider.missed(body)) is not None]
            assert provider.adapter.capabilities.catches_up == (len(kept) == 2)
            found = await provider.adapter.missed(datetime.now(UTC) - timedelta(hours=1))
            assert kept == list(found)
            assert all(each.late and each.at is not None for each in found)

    async def test_it_can_be_closed(self) -> None:
        """Closing ends quietly, used or not."""
        async with self.play() as provider:
            await provider.adapter.close()

    def _outbound(self, provider: Provider, body: str, n: int = 0) -> Outbound:
        return Outbound(f"reference-{n}", provider.customer, provider.endpoint, body, datetime.now(UTC))

    async def _fails(self, provider: Provider, outbound: Outbound) -> SendError:
        error = await failure(provider.adapter, outbound)
        assert error is not None, "the send succeeded"
        assert error.verdict in get_args(Verdict)
        assert error.detail
        assert outbound.body not in error.detail
        assert outbound.to.value not in error.detail
        return error


async def refused(adapter: Adapter, request: WebhookRequest) -> WebhookRefused | None:
    """The refusal of a request, or None when the adapter believed it."""
    try:
        await adapter.webhook(request)
    except WebhookRefused as refusal:
        return refusal
    return None


async def failure(adapter: Adapter, outbound: Outbound) -> SendError | None:
    """The error of a send, within the time it has, or None when it went through."""
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            await adapter.send(outbound)
    except SendError as error:
        return error
    return None


async def unfetched(adapter: Adapter, media: Media, most: int) -> FetchError | None:
    """The error of a fetch, within the time it has, or None when the file came."""
    try:
        async with asyncio.timeout(FETCH_TIMEOUT):
            await adapter.fetch(media, most)
    except FetchError as error:
        return error
    return None


def _nonsense(good: WebhookRequest) -> Iterable[WebhookRequest]:
    bodies = (b"", b"\xff\xfe\x00", b"[" * 60_000, b"=&" * 30_000, b"\x00" * 64, good.body[: len(good.body) // 2])
    yield from (replace(good, body=body) for body in bodies)
    yield replace(good, method="PATCH")
    yield replace(good, step="no/such/step")
    yield replace(good, headers={})


def _repeated(request: WebhookRequest, customer: Address, reason: str) -> list[str]:
    """Which words of a request, long and with a digit in them, its refusal repeats; the customer's address counts."""
    said = " ".join([request.body.decode(errors="replace"), request.url, *request.headers.values()])
    words = {word for word in re.findall(r"\w{8,}", said) if re.search(r"\d", word)}
    return sorted(word for word in words | {customer.value} if word in reason)
