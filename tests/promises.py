"""A company with bookings, and a clock that a test moves: what is due is passed on by hand or by an alarm clock."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from gateway.actions import duty, keep
from gateway.actions.call import Order, call
from gateway.actions.pass_on import pass_on
from gateway.domain.author import CustomerId
from gateway.domain.booking import Booking, BookingId
from gateway.domain.days import Days
from gateway.domain.hours import Hours
from gateway.domain.message import TeamId, ThreadId
from gateway.domain.routing import Teams
from gateway.domain.slots import Kind
from gateway.domain.team import Team
from gateway.domain.wire import Json
from gateway.store import bookings
from gateway.store.store import Store, Tx
from tests.company import FRONT, LAKES, START, Company, Person

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = START + 60 * MINUTE
"""The hour that is promised unless a test says otherwise: an hour after the company's clock starts."""
ZONE: Final = ZoneInfo("America/Denver")


def teams(*names: TeamId, days: Days | None = None) -> Teams:
    """Open at all hours unless it is said when."""
    made = [Team(name, name.title(), ZONE, (), days or Days(Hours(ZONE))) for name in names or (FRONT, LAKES)]
    return Teams({team.id: team for team in made}, made[0].id)


class Promises:
    """What a company has promised. Every verb is at the time of its clock."""

    def __init__(self, company: Company, known: Teams | None = None) -> None:
        self.company, self.store, self.teams = company, company.store, known or teams()
        self._numbers = itertools.count(1)

    def at(self, seconds: float) -> None:
        """So many seconds from the hour."""
        self.company.clock.at = HOUR + int(seconds * SECOND)

    async def thread(self, team: TeamId = FRONT) -> ThreadId:
        number = next(self._numbers)
        return (await self.company.text(sender=f"+1303556{number:04}", team=team)).thread

    async def make(
        self, thread: ThreadId | None = None, *, at: int = HOUR, kind: Kind = "call", team: TeamId = FRONT, **more: Any
    ) -> BookingId:
        """A booking as its customer made it; `more` are the fields of one that has gone on since."""
        thread = await self.thread(team) if thread is None else thread
        now = self.company.clock()
        new = Booking(
            BookingId(0), f"uid-{next(self._numbers)}", team, thread, CustomerId(0), "", kind, "booked", at,
            at + 30 * MINUTE, ZONE.key, at_once=False, phone="+13035550142" if kind == "call" else None,
            about="The router", sequence=0, created_at=now, changed_at=now, due_at=at - 15 * MINUTE,
        )  # fmt: skip

        async def add(tx: Tx) -> BookingId | None:
            return await bookings.add(tx, replace(new, **more))

        made = await self.store.write(add)
        assert made is not None
        return made

    async def now(self, **more: Any) -> BookingId:
        """Somebody wants to be called now."""
        at = self.company.clock()
        return await self.make(at=at, at_once=True, state="ringing", due_at=at, **more)

    async def pass_on(self, seconds: float | None = None, store: Store | None = None, limit: int = 50) -> int:
        """What is due by then, from the hour; without, by now."""
        if seconds is not None:
            self.at(seconds)
        return await (store or self.store).write(pass_on, self.teams, self.company.clock(), limit)

    async def claim(self, person: Person, booking: BookingId) -> Json:
        return await self.store.write(keep.claim, person.secret, booking, self.teams, self.company.clock())

    async def release(self, person: Person, booking: BookingId) -> Json:
        return await self.store.write(keep.release, person.secret, booking, self.teams, self.company.clock())

    async def begin(self, person: Person, booking: BookingId) -> Json:
        """Without a voice channel: the number is theirs to dial."""
        order = Order(person.secret, booking, None, "", None, b"", self.company.clock())
        return await self.store.write(call, order, self.teams)

    async def finish(self, person: Person, booking: BookingId, outcome: Any = "reached", **more: Any) -> Json:
        facts = {"note": None, "key": None, "fingerprint": b"the same request"} | more
        end = keep.Finish(person.secret, booking, outcome, now=self.company.clock(), **facts)
        return await self.store.write(keep.finish, end, self.teams)

    async def fall_back(self, booking: BookingId, why: str = "no_answer") -> None:
        async def back(tx: Tx) -> None:
            held = (await bookings.unscoped_bookings(tx, [booking]))[booking]
            await keep.fall_back(tx, held, why, self.teams, self.company.clock())

        await self.store.write(back)

    async def away(self, person: Person, away: bool = True) -> None:
        await self.store.write(duty.change_me, person.secret, {"away": away}, self.company.clock())

    async def shift(self, person: Person, week: Any, dates: Any = None, team: TeamId = FRONT) -> None:
        shift = duty.Shift(person.id, team, week, dates or {})
        await self.store.write(duty.set_shift, shift, self.company.clock())

    async def get(self, booking: BookingId) -> Booking:
        return (await self.store.read(bookings.unscoped_bookings, [booking]))[booking]

    async def told(self, booking: BookingId, *more: str) -> list[Json]:
        """What the log says of it, oldest first, without what is the same in all, unless it is asked for."""
        rows = await self.company.rows("SELECT data FROM event WHERE kind = 'booking.changed' ORDER BY team_id, seq")
        said = [orjson.loads(data) for (data,) in rows]
        return [
            {name: fact for name, fact in each.items() if name not in {"booking", "form", "hour"} - set(more)}
            for each in said
            if each["booking"] == booking
        ]

    async def steps(self, booking: BookingId) -> list[str]:
        """The same in a word each; a ring by its row."""
        return [str(each.get("step", each["what"])) for each in await self.told(booking)]
