"""A time is booked, by the customer or by an agent for them, or a call as soon as somebody can: once, and never beyond
what the team has.

The slot is held by its name, and then counted; the thread is held, and then looked at for an open booking of the kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.actions import offers
from gateway.actions.board import shape
from gateway.actions.booker import Caller, booker, hold
from gateway.actions.booking_told import told
from gateway.actions.booking_view import own
from gateway.actions.keep import colleague, keeper
from gateway.actions.take_back import cancelled
from gateway.domain.author import CustomerId
from gateway.domain.booking import Booking, BookingId, Colleague, next_pass
from gateway.domain.message import TeamId, ThreadId
from gateway.domain.routing import Teams
from gateway.domain.slots import Kind, SlotKey
from gateway.domain.team import Team
from gateway.domain.wire import Json
from gateway.errors import AlreadyBooked, Invalid, NobodyThere
from gateway.store import bookings, calls, idempotency, threads
from gateway.store.store import Tx


@dataclass(frozen=True, slots=True)
class Rules:
    """What an action is told of the house."""

    teams: Teams
    number: Callable[[str], str]
    """A number as E.164, if it may be called. Raises Invalid with the reason."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be promised. Without a slot: a call, now."""

    kind: Kind
    slot: SlotKey | None
    phone: str | None
    """As it was written; None: the number that the customer is known by."""
    about: str
    zone: str | None
    """By whose clock the customer knows it; None: the team's."""
    uid: str
    """Globally unique; random."""

    @property
    def slots(self) -> tuple[SlotKey, ...]:
        return () if self.slot is None else (self.slot,)


@dataclass(frozen=True, slots=True)
class Once:
    """What a request is known by when it comes again."""

    key: str | None
    fingerprint: bytes


async def book(tx: Tx, caller: Caller, wish: Wish, rules: Rules, once: Once, now: int) -> Json:
    """As `booking_view.own`. Raises Unauthenticated, SlotFull, AlreadyBooked, NobodyThere, Invalid; then nothing was
    made, no thread either."""
    known = await booker(tx, caller, now)
    before = await idempotency.recall(tx, known.key, once.key, once.fingerprint, now)
    if before is not None:
        return before
    # Looked at before anything is held too: of many who want the last place, those who come late wait for nobody.
    if known.thread is not None:
        await _left(tx, known.thread, wish.kind)
    await _ends(tx, offers.team_of(rules.teams, known.team), wish, now)
    thread = await hold(tx, known, caller, wish.slots, now)
    made = await _make(tx, known.team, thread, known.customer, wish, rules, None, now)
    answer = (await own(tx, [made], rules.teams, now))[0]
    await idempotency.keep(tx, known.key, once.key, answer)
    return answer


async def book_for(tx: Tx, secret: bytes, thread: ThreadId, wish: Wish, rules: Rules, once: Once, now: int) -> Json:
    """By an agent, as on the board. Raises Unauthenticated, Forbidden, NotFound, and as above."""
    principal = await keeper(tx, secret, now)
    team = await threads.team_in_reach(tx, principal.agent, thread)
    before = await idempotency.recall(tx, principal.key, once.key, once.fingerprint, now)
    if before is not None:
        return before
    await bookings.hold_slots(tx, team, wish.slots)
    await threads.hold(tx, principal.agent, thread)
    customer = (await threads.get_threads(tx, principal.agent, [thread]))[thread].customer
    made = await _make(tx, team, thread, customer, wish, rules, colleague(principal), now)
    answer = await shape(tx, made, rules.teams, now)
    await idempotency.keep(tx, principal.key, once.key, answer)
    return answer


async def _make(
    tx: Tx,
    team_id: TeamId,
    thread: ThreadId,
    customer: CustomerId,
    wish: Wish,
    rules: Rules,
    by: Colleague | None,
    now: int,
) -> Booking:
    """All that it needs is held."""
    team = offers.team_of(rules.teams, team_id)
    left = await _left(tx, thread, wish.kind)
    ends_at = await _ends(tx, team, wish, now)
    if left is not None:
        await _give_way(tx, left, rules.teams, by, now)
    phone = await number(tx, wish.kind, wish.phone, customer, rules)
    at = now if wish.slot is None else wish.slot.start
    new = Booking(
        BookingId(0), wish.uid, team.id, thread, customer, "", wish.kind, "ringing" if wish.slot is None else "booked",
        at, ends_at, wish.zone or team.timezone.key, wish.slot is None, phone, wish.about, 0, now, now, by,
        due_at=now if wish.slot is None else first_due(at, now),
    )  # fmt: skip
    id_ = await bookings.add(tx, new)
    if id_ is None:
        raise AlreadyBooked
    made = (await bookings.unscoped_bookings(tx, [id_]))[id_]
    told(tx, made, "made", now, **said_by(by))
    return made


async def _left(tx: Tx, thread: ThreadId, kind: Kind) -> BookingId | None:
    """The one that is open, where it was begun and left: that gives way. Raises AlreadyBooked for any other."""
    there = await bookings.open_one(tx, thread, kind)
    if there is not None and not there.is_left:
        raise AlreadyBooked(facts={"booking": str(there.id)})
    return None if there is None else there.id


async def _give_way(tx: Tx, left: BookingId, teams: Teams, by: Colleague | None, now: int) -> None:
    """It is over, unless somebody has taken it up meanwhile."""
    held = await calls.hold_booking(tx, left)
    if held.is_left:
        await cancelled(tx, held, teams, now, **said_by(by))


async def _ends(tx: Tx, team: Team, wish: Wish, now: int) -> int:
    """When it would end. Raises SlotFull, NobodyThere, Invalid."""
    if wish.slot is not None:
        return await offers.check(tx, team, wish.slot, now)
    if not await offers.can_call_now(tx, team, now):
        offered = await offers.offer(tx, team)
        raise NobodyThere(facts={"slots": await offers.following(tx, team, offered, SlotKey("call", now), now)})
    return now + team.callbacks.slot_minutes * 60_000_000


def first_due(at: int, now: int) -> int | None:
    """When the clock first looks at a booking for `at` that nobody has claimed."""
    following = next_pass("booked", at, at, None, now, (), now)
    return None if following is None else following.at


def said_by(by: Colleague | None) -> Json:
    """Who did it, as the log has it."""
    return {"source": "customer"} if by is None else {"by": by.agent}


async def number(tx: Tx, kind: Kind, written: str | None, customer: CustomerId, rules: Rules) -> str | None:
    """The number to call; None for a chat. Raises Invalid with the reason."""
    if kind == "chat":
        if written is not None:
            raise Invalid("phone: a chat needs none")
        return None
    known = written or await bookings.phone_of(tx, customer)
    if known is None:
        raise Invalid("phone: a call needs a number to call")
    return rules.number(known)
