"""What may have been sent is looked up at its provider, and never sent again by itself."""

from __future__ import annotations

import asyncio

import pytest

from gateway.channels.contract import Outbound, SendResult
from tests.company import SECOND
from tests.outbox.office import Office
from tests.outbox.provider import Provider, refuse, until


@pytest.mark.parametrize(
    "error", [refuse("ambiguous"), RuntimeError("a bug"), TimeoutError(), asyncio.CancelledError()]
)
async def test_what_may_have_been_sent_is_looked_up_and_not_sent_again(office: Office, error: BaseException) -> None:
    """Whatever an adapter raises that is not a sure no, the message is looked up, and settled if it is there."""
    provider = Provider(lookup=True)

    async def lose(outbound: Outbound) -> SendResult:
        raise error

    async def find(outbound: Outbound) -> tuple[SendResult, ...]:
        return (SendResult("P9"),)

    provider.on_send, provider.on_look_up = lose, find
    await office.open(sms=provider)
    await office.answer("one")
    await office.until(one="sent")
    assert ("P9", 1, ["one"]) == ((await office.delivery("one"))["provider_id"], len(provider.asked), provider.bodies)
    assert office.company.clock() >= (provider.asked[0].first_tried.timestamp() - 1) * SECOND


async def test_what_is_not_found_stays_unknown(office: Office) -> None:
    """A message that no look-up shows is never sent again by itself: after the fifth it is a person's turn."""
    provider = Provider(lookup=True)

    async def lose(outbound: Outbound) -> SendResult:
        raise refuse("ambiguous")

    provider.on_send = lose
    await office.open(sms=provider)
    await office.answer("one")

    async def given_up() -> bool:
        office.company.clock.tick(60)
        now = await office.delivery("one")
        return (now["lookups"], now["due_at"]) == (5, None)

    await until(given_up)
    assert (["one"], 5, "unknown") == (provider.bodies, len(provider.asked), (await office.states())["one"])


async def test_a_look_up_that_breaks_does_not_stop_the_channel(office: Office) -> None:
    """Whatever a look-up raises, the channel goes on sending, and the look-up comes again."""
    provider = Provider(lookup=True)

    async def lose(outbound: Outbound) -> SendResult:
        if outbound.body == "one":
            raise refuse("ambiguous")
        return await provider.accept(outbound)

    async def broken(outbound: Outbound) -> tuple[SendResult, ...]:
        raise KeyError("a bug") if len(provider.asked) == 1 else refuse("transient")

    provider.on_send, provider.on_look_up = lose, broken
    await office.open(sms=provider)
    await office.answer("one")
    await until(lambda: len(provider.asked) == 1)
    await office.answer("two")
    await office.until(one="unknown", two="sent")
    office.company.clock.tick(60)
    await until(lambda: len(provider.asked) >= 2)


async def test_a_look_up_that_hangs_holds_up_no_message(office: Office) -> None:
    """While the provider's list is slow to come, the channel's other messages go."""
    provider, gate = Provider(lookup=True), asyncio.Event()

    async def lose(outbound: Outbound) -> SendResult:
        if outbound.body == "one":
            raise refuse("ambiguous")
        return await provider.accept(outbound)

    async def hang(outbound: Outbound) -> tuple[SendResult, ...]:
        await gate.wait()
        return (SendResult("P9"),)

    provider.on_send, provider.on_look_up = lose, hang
    await office.open(sms=provider)
    await office.answer("one")
    await until(lambda: provider.asked != [])
    await office.answer("two")
    await office.until(two="sent")
    assert 1 == len(provider.asked)
    gate.set()
    await office.until(one="sent")
