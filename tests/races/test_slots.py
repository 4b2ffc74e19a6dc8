"""Places of a slot are raced for: never one more than there are, and nobody who booked is forgotten."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from gateway.actions import book, rebook
from gateway.actions.book import Once, Rules, Wish
from gateway.domain.days import Days
from gateway.domain.hours import Hours
from gateway.domain.message import ThreadId
from gateway.domain.routing import Teams
from gateway.domain.slots import Callbacks, SlotKey
from gateway.domain.team import Team
from gateway.errors import AlreadyBooked, Conflict, SlotFull, Unauthenticated
from gateway.store import visitors
from gateway.store.credentials import secret_hash
from gateway.store.forgetting import SILENT_FOR, forget_silent
from gateway.store.visitors import Token
from tests.company import FRONT, SECOND
from tests.races.town import RACE, Town, refusals

pytestmark = list(RACE)

PLACES = 3
DENVER = ZoneInfo("America/Denver")
FRONT_RANGE = Team(FRONT, "Front Range", DENVER, (), Days(Hours(DENVER)), Callbacks(call=PLACES, chat=PLACES))
RULES = Rules(Teams({FRONT: FRONT_RANGE}, FRONT), str)
CHANNELS = frozenset({"web"})
HALF_HOUR = 1_800 * SECOND


def slot(town: Town, ahead: int) -> SlotKey:
    return SlotKey("call", town.company.clock() // HALF_HOUR * HALF_HOUR + (4 + ahead) * HALF_HOUR)


def wish(name: str, wanted: SlotKey) -> Wish:
    return Wish(wanted.kind, wanted, "+17205550123", "", None, name)


async def visitor(town: Town, name: str) -> Token:
    secret = secret_hash(name)
    await town.company.store.write(
        visitors.create, "web", f"visitor-{name}", FRONT, secret, town.company.clock.tick(0.000001)
    )
    return Token(secret, CHANNELS)


def booking(town: Town, token: Token, name: str, wanted: SlotKey, key: str | None = None) -> tuple[Any, ...]:
    return book.book, token, wish(name, wanted), RULES, Once(key, b"the same"), town.company.clock()


async def counted(town: Town, wanted: SlotKey) -> int:
    open_ = "SELECT count(*) FROM booking WHERE at = ?1 AND state = 'booked'"
    ((count,),) = await town.company.rows(open_, wanted.start)
    return int(count)


async def test_the_last_places(town: Town) -> None:
    """Twice as many as there are places book at once: all places are taken, and the others are told what is next."""
    for round_ in town.rounds():
        wanted, names = slot(town, round_ % 300), [f"{round_}.{place}" for place in range(2 * PLACES)]
        await town.company.sql("UPDATE booking SET state = 'cancelled' WHERE at = ?1", wanted.start)
        tokens = [await visitor(town, name) for name in names]
        results = await town.race(
            *(booking(town, token, name, wanted) for token, name in zip(tokens, names, strict=True))
        )
        assert PLACES == refusals(results, SlotFull) == await counted(town, wanted)
        assert [5] * PLACES == [len(one.facts["slots"]) for one in results if isinstance(one, SlotFull)]
    assert 0 == town.retries()


async def test_two_tabs(town: Town) -> None:
    """One customer books two times at once, and each of them twice under its key: one booking."""
    for round_ in town.rounds():
        token = await visitor(town, str(round_))
        asked = [(town, token, f"{round_}.{n}", slot(town, n % 2 + 2 * (round_ % 100)), f"{n % 2}") for n in range(4)]
        results = await town.race(*(booking(*one) for one in asked))
        refused = refusals(results, AlreadyBooked)
        made = {one["booking"]["id"] for one in results if not isinstance(one, Exception)}
        assert (1, 2) == (len(made), refused)
        await town.company.sql("UPDATE booking SET state = 'cancelled'")
    assert 0 == town.retries()


async def test_moving_into_one_another(town: Town) -> None:
    """Those of two slots that are full change places at once: nobody fits, and each is where they were."""
    for round_ in town.rounds():
        here, there = slot(town, 2 * (round_ % 100)), slot(town, 2 * (round_ % 100) + 1)
        going = []
        for place in range(2 * PLACES):
            name, (start, end) = f"{round_}.{place}", (here, there) if place % 2 else (there, here)
            token = await visitor(town, name)
            made = await town.company.store.write(*booking(town, token, name, start))
            id_ = int(made["booking"]["id"])
            going.append((rebook.change, token, id_, rebook.Change(end), RULES, town.company.clock()))
        cancelled = (rebook.cancel, *going.pop()[1:3], RULES, town.company.clock())
        results = await town.race(*going, cancelled)
        assert refusals(results, SlotFull) <= 2 * PLACES - 1
        assert max(await counted(town, here), await counted(town, there)) <= PLACES
        assert 2 * PLACES - 1 == await counted(town, here) + await counted(town, there)
        await town.company.sql("UPDATE booking SET state = 'cancelled'")
    assert 0 == town.retries()


async def test_moved_and_cancelled(town: Town) -> None:
    """Whoever comes second sees what the first has left: the booking is cancelled once, wherever it went before."""
    for round_ in town.rounds():
        token = await visitor(town, str(round_))
        here, there = slot(town, 2 * (round_ % 100)), slot(town, 2 * (round_ % 100) + 1)
        made = await town.company.store.write(*booking(town, token, str(round_), here))
        id_, now = int(made["booking"]["id"]), town.company.clock()
        moves = [(rebook.change, token, id_, rebook.Change(there), RULES, now)] * 2
        results = await town.race(*moves, *[(rebook.cancel, token, id_, RULES, now)] * 2)
        assert refusals(results, Conflict) <= 2
        rows = await town.company.rows("SELECT state, sequence FROM booking WHERE id = ?1", id_)
        assert rows in ([("cancelled", 1)], [("cancelled", 2)])
        told = "SELECT count(*) FROM event WHERE kind = 'booking.changed' AND thread_id = ?1"
        assert [(1 + rows[0][1],)] == await town.company.rows(told, ThreadId(int(made["thread"])))
    assert 0 == town.retries()


async def test_who_is_just_forgotten(town: Town) -> None:
    """Somebody silent for long books while they are forgotten: they are booked, or they are somebody new."""
    for round_ in town.rounds():
        token = await visitor(town, str(round_))
        later = town.company.clock() + SILENT_FOR // visitors.MICROSECOND + SECOND
        wanted = SlotKey("call", later // HALF_HOUR * HALF_HOUR + (4 + round_ % 300) * HALF_HOUR)
        await town.company.sql("UPDATE booking SET state = 'cancelled' WHERE at = ?1", wanted.start)
        order = (book.book, token, wish(str(round_), wanted), RULES, Once(None, b""), later)
        made, _ = await town.race(order, (forget_silent, 0, later))
        if isinstance(made, Unauthenticated):
            assert 0 == await counted(town, wanted)
        else:
            assert (1, [made["booking"]["id"]]) == (await counted(town, wanted), [made["booking"]["id"]])
    assert 0 == town.retries()
