"""A provider says how a call goes on. Every report is kept, each once; late and contradicting ones change nothing.

What a call comes to is a person's to note. Only one that never reached its customer gives the booking back, so that it
rings on and somebody else may keep the promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from gateway.actions.keep import fall_back
from gateway.channels.voice import Announcement, CallReport, Ring
from gateway.domain.booking import Booking
from gateway.domain.call import PhoneCall, move, reported
from gateway.domain.instant import from_micros
from gateway.domain.routing import Teams
from gateway.store import calls
from gateway.store.calls import Said
from gateway.store.store import Tx

QUIET: Final = 45_000_000
"""Microseconds without a word of a call that is under way, after which its provider is asked how it stands."""


def reference(call: PhoneCall) -> str:
    """What an adapter puts into its URLs, another for each attempt. Not a secret: reports are believed for their
    signature."""
    return f"{call.reference}.{call.attempt}"


def ring(call: PhoneCall) -> Ring:
    """The present attempt, as the channel gets it."""
    return Ring(
        reference(call),
        call.agent_number,
        call.customer_number,
        Announcement(call.customer_name),
        from_micros(call.first_tried_at or call.created_at),
    )


@dataclass(frozen=True, slots=True)
class Saying:
    """Reports of one reference, the channel they came through, and when (microseconds since 1970). `asks`: the
    provider waits to be told what to do."""

    channel: str
    reference: str
    reports: tuple[CallReport, ...]
    asks: bool
    at: int


@dataclass(frozen=True, slots=True)
class Heard:
    """The call that was spoken of, as it stands now, if it is ours; and whether its agent is to be connected."""

    call: PhoneCall | None
    goes_on: bool


async def report(tx: Tx, saying: Saying, teams: Teams) -> Heard:
    """Take what was said into the call. It goes on only while it is the booking's own and the agent's leg is the one
    that we know: whoever was rung by an attempt that counts no more is connected to nobody."""
    named, attempt = await _named(tx, saying)
    if named is None:
        for said in saying.reports:
            await calls.keep_report(tx, saying.reference, _said(said), saying.at)
        return Heard(None, goes_on=False)
    booking = await calls.hold_booking(tx, named.booking)
    held = await calls.get(tx, named.call)
    heard = await hear(tx, held, saying.reports, saying.at, counts=attempt == held.attempt)
    if heard != held:
        await _go_on(tx, heard, teams, saying.at)
    legs = {said.call_id for said in saying.reports}
    latest = (await calls.of_bookings(tx, [booking.id]))[booking.id]
    wanted = heard.state == "under_way" and heard.unwanted_at is None and booking.state == "begun"
    goes_on = saying.asks and wanted and legs == {heard.agent_call_id} and latest.id == heard.id
    return Heard(heard, goes_on)


async def hear(tx: Tx, held: PhoneCall, reports: Sequence[CallReport], now: int, *, counts: bool = True) -> PhoneCall:
    """The call after what was said of it for the first time, not saved; as it was where the attempt counts no more."""
    heard = held
    for said in reports:
        fresh = await calls.keep_report(tx, said.reference, _said(said), now)
        if fresh and counts and not await _is_anothers(tx, heard, said):
            heard = _after(heard, said, now)
    return heard


async def _is_anothers(tx: Tx, call: PhoneCall, said: CallReport) -> bool:
    """Of a leg that is not this call's: it knows another of its own, or another call knows this one."""
    if said.leg == "customer":
        return False
    if call.agent_call_id is not None:
        return said.call_id != call.agent_call_id
    return await calls.is_owned(tx, call.channel, said.call_id)


def _after(call: PhoneCall, said: CallReport, now: int) -> PhoneCall:
    if call.state in {"queued", "dialing", "unknown"}:
        call = replace(call, code=None, detail=None)  # of an attempt that, as we now know, was taken
    call = replace(call, state=move(call.state, "heard"))
    if call.state == "failed":
        return call
    if said.leg == "agent":
        pressed = now if said.digits and call.pressed_at is None else call.pressed_at
        leg = reported(call.agent_leg, said.state)
        call = replace(call, agent_call_id=said.call_id, agent_leg=leg, pressed_at=pressed)
    else:
        leg = reported(call.customer_leg, said.state)
        seconds = call.seconds if said.duration is None else said.duration // timedelta(seconds=1)
        connected = now if leg == "answered" and call.connected_at is None else call.connected_at
        call = replace(call, customer_call_id=said.call_id, customer_leg=leg, seconds=seconds, connected_at=connected)
    return replace(call, code=said.code, detail=said.detail) if said.detail and leg == "failed" else call


async def _go_on(tx: Tx, call: PhoneCall, teams: Teams, now: int) -> None:
    """Store a call of which something was heard. One that is over for the agent, and not told for the customer, is
    asked about at once."""
    if call.state == "under_way" and call.is_told:
        await settle(tx, replace(call, state=move(call.state, "over"), ended_at=now), teams, now)
        return
    due_at = now if call.agent_is_gone or call.unwanted_at is not None else now + QUIET
    await calls.save(tx, replace(call, looks=0), due_at if call.state == "under_way" else None)
    call_changed(tx, call, now)


async def settle(tx: Tx, call: PhoneCall, teams: Teams, now: int) -> None:
    """Store a call that has ended or failed, with its booking held. Where no customer's phone was called since the
    booking was begun, it falls back; else it stays with whoever called, who notes what came of it."""
    await calls.save(tx, call, None)
    call_changed(tx, call, now)
    booking = await calls.hold_booking(tx, call.booking)
    why = call.why
    if why is not None and booking.state == "begun" and not await _is_with_them(tx, booking, call):
        await fall_back(tx, booking, why, teams, now)


async def _is_with_them(tx: Tx, booking: Booking, call: PhoneCall) -> bool:
    """Whether a newer call is in hand, or one before has called the customer."""
    latest = (await calls.of_bookings(tx, [booking.id]))[booking.id]
    return latest.id != call.id or await calls.has_rung(tx, booking.id, booking.begun_at or 0)


def call_changed(tx: Tx, call: PhoneCall, now: int) -> None:
    tx.event(call.team, "call.changed", call.thread, now, {"booking": call.booking})


async def _named(tx: Tx, saying: Saying) -> tuple[calls.Named | None, int]:
    """The call that a reference names, and the attempt; none for what `reference` cannot have made."""
    token, _, attempt = saying.reference.rpartition(".")
    if not (attempt.isascii() and attempt.isdigit() and len(attempt) < 10):
        return None, 0
    return await calls.by_reference(tx, saying.channel, token), int(attempt)


def _said(report: CallReport) -> Said:
    seconds = None if report.duration is None else report.duration // timedelta(seconds=1)
    return Said(report.call_id, report.leg, report.state, report.digits, seconds, report.code, report.detail)
