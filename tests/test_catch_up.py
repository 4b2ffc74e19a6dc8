"""What a provider lists is brought in: once, in order, marked late, and from where the last comparison began."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.catch_up import EVERY, OVERLAP, CatchUp
from gateway.channels.contract import Adapter, Capabilities, Inbound, SendError
from gateway.channels.registry import Channels
from gateway.domain.address import Address
from gateway.domain.days import Days
from gateway.domain.hours import Hours
from gateway.domain.instant import from_micros
from gateway.domain.routing import Teams
from gateway.domain.team import Team
from gateway.errors import Unavailable
from gateway.store import catch_ups, status
from tests.company import FRONT, SECOND, START, Company, company, engine
from tests.outbox.provider import Provider, configure, until

__all__ = ["company", "engine"]

ZONE = ZoneInfo("UTC")
TEAMS = Teams({FRONT: Team(FRONT, "Front Range", ZONE, (), Days(Hours(ZONE)))}, FRONT)
MINUTE = 60 * SECOND


class Lister(Provider, Adapter):
    """A provider that keeps a list; `since` has what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.capabilities = Capabilities(catches_up=True)
        self.since: list[datetime] = []
        self.listed: list[Inbound] = []
        self.refusals: list[Exception] = []

    async def missed(self, since: datetime) -> Sequence[Inbound]:
        self.since.append(since)
        if self.refusals:
            raise self.refusals.pop()
        return self.listed

    def lists(self, *bodies: str, endpoint: str = "+13035550100") -> None:
        for body in bodies:
            sender = Address("sms", f"+1303555{len(self.listed) % 7:04}")
            at = from_micros(START + len(self.listed) * SECOND)
            self.listed.append(Inbound(f"SM{body}", sender, endpoint, body, at=at, late=True))


class Post:
    """A comparison that can be made by hand or left to run."""

    def __init__(self, company: Company, channels: Channels, provider: Lister) -> None:
        self.company, self.channels, self.provider = company, channels, provider
        self.catch_up = CatchUp(company.store, channels, lambda: TEAMS, company.clock)

    async def compare(self) -> None:
        await self.catch_up.compare("sms")

    async def since(self, at: int) -> None:
        """As if the channel had been compared then."""
        await self.company.store.write(catch_ups.through, "sms", at)

    async def bodies(self) -> list[str]:
        return [body for (body,) in await self.company.rows("SELECT body FROM message ORDER BY id")]

    async def through(self) -> int:
        ((at,),) = await self.company.rows("SELECT through FROM catch_up")
        return int(at)


@pytest.fixture
async def post(company: Company) -> AsyncIterator[Post]:
    channels, provider = Channels(), Lister()
    await configure(channels, {"sms": provider})
    yield Post(company, channels, provider)
    await channels.close()


async def test_a_new_channel_has_missed_nothing(post: Post) -> None:
    """At its first start a channel asks for nothing: what came before is not ours to bring in."""
    post.provider.lists("before our time")
    await post.compare()
    assert ([], [], START) == (post.provider.since, await post.bodies(), await post.through())


async def test_what_was_missed_is_brought_in(post: Post) -> None:
    """Everything listed comes in once, in order (of customers old and new), and marked late; then it counts from where
    the listing began."""
    await post.since(START)
    await post.company.text("on time", sender="+13035550003", id="SMown")
    expected = [str(number) for number in range(250)]
    post.provider.lists(*expected)
    begun = post.company.clock.tick(3_600)
    await post.compare()
    await post.compare()
    assert (["on time", *expected], begun) == (await post.bodies(), await post.through())
    assert [(250,)] == await post.company.rows("SELECT count(*) FROM message WHERE sent_at < at")
    overlap = int(OVERLAP / timedelta(microseconds=1))
    assert [from_micros(START - overlap), from_micros(begun - overlap)] == post.provider.since
    assert {"sms": 250} == post.catch_up.brought


async def test_what_came_by_itself_is_left_alone(post: Post) -> None:
    """A text that its webhook had brought stays as it was, and only the others are late."""
    await post.since(START)
    await post.company.text("one", sender="+13035550000", id="SMone")
    post.provider.lists("zero", "one", "two")
    post.company.clock.tick(3_600)
    await post.compare()
    assert [("one", None), ("zero", START), ("two", START + 2 * SECOND)] == await post.company.rows(
        "SELECT body, sent_at FROM message ORDER BY id"
    )


async def test_an_address_that_is_not_ours_is_left_out(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the account got for other numbers is not brought in."""
    await post.since(START)
    monkeypatch.setattr(post.provider, "destination", lambda _endpoint: None)
    post.provider.lists("for somebody else")
    await post.compare()
    assert [] == await post.bodies()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SendError("configuration", "Our token is wrong", code="20003"), "Our token is wrong"),
        (RuntimeError("x"), "The provider's list of messages could not be read."),
    ],
)
async def test_a_failure_is_told_and_loses_nothing(post: Post, error: Exception, told: str) -> None:
    """A listing that fails is the channel's last error, moves nothing, and the next one brings everything in."""
    await post.since(START)
    post.provider.lists("one")
    post.provider.refusals.append(error)
    await post.compare()
    seen = post.channels.traffic.seen()["sms"]
    assert f"Missed messages could not be looked for: {told}" == seen.error_detail
    assert ([], START) == (await post.bodies(), await post.through())
    known = await post.company.store.read(status.misconfigurations)
    assert (["20003"] if isinstance(error, SendError) else []) == [row["code"] for row in known]
    await post.compare()
    assert ["one"] == await post.bodies()


async def test_one_that_cannot_be_stored_holds_up_no_other(post: Post) -> None:
    """A message that the store can never take is told of, and left out; everything else comes in."""
    await post.since(START)
    post.provider.lists(*map(str, range(150)))
    post.provider.listed[7] = replace(post.provider.listed[7], body="half a pair: \ud800")
    post.company.clock.tick(3_600)
    await post.compare()
    assert [str(number) for number in range(150) if number != 7] == await post.bodies()
    assert "A missed message could not be stored." == post.channels.traffic.seen()["sms"].error_detail
    assert START < await post.through()


async def test_a_full_store_puts_it_off(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the store has no room for one of them the comparison is made again, and nothing is there twice."""
    await post.since(START)
    post.provider.lists(*map(str, range(10)))
    post.company.clock.tick(3_600)
    whole = post.company.store.write_each
    refused = iter([True])

    async def write_each(action: Callable[..., Awaitable[object]], item: object, lane: object) -> object:
        if getattr(getattr(item, "inbound", None), "body", "") == "9" and next(refused, False):
            raise Unavailable
        return await whole(action, item, lane)  # type: ignore[arg-type]

    monkeypatch.setattr(post.company.store, "write_each", write_each)
    await post.compare()
    assert START == await post.through()
    await post.compare()
    assert [str(number) for number in range(10)] == await post.bodies()
    assert START < await post.through()


async def test_it_runs_at_the_start_and_when_something_is_noticed(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is made at the start, after a failure until it succeeds, and whenever an outage is noticed."""
    monkeypatch.setattr("gateway.catch_up.SETTLE", 0.0)
    monkeypatch.setattr("gateway.catch_up.random.random", lambda: 0.0)
    assert EVERY < OVERLAP
    await post.since(START)
    post.provider.refusals.append(SendError("transient", "Not now"))
    post.provider.lists("one")
    post.catch_up.start()
    try:
        await until(lambda: post.catch_up.brought["sms"] == 1)
        post.provider.lists("two")
        post.catch_up.notice()
        await until(lambda: post.catch_up.brought["sms"] == 2)
    finally:
        await post.catch_up.close()
    assert ["one", "two"] == await post.bodies()
