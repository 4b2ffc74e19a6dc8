"""The steps of a delivery that the outbox takes: claim it, then say how the attempt ended. No provider is known here.

What happens between the two is outside any transaction; whoever claims must finish, and a claim whose lease ran out is
of unknown fate: it is looked up at the provider, and never sent again by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from gateway.actions.opt_out import REASON
from gateway.actions.report import Failure, apply, heed
from gateway.channels.contract import Verdict
from gateway.domain.delivery import DeliveryId, Move, move
from gateway.domain.device import FETCHED
from gateway.store import claims, deliveries, held, reports
from gateway.store.deliveries import Change, Delivery
from gateway.store.held import Held
from gateway.store.store import Tx

LOOKUPS: Final = tuple(timedelta(seconds=s) for s in (0, 5, 30, 300, 1800))
"""When a message of unknown fate is looked up at its provider, each after the one before; then a person settles it."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended: accepted, postponed, rejected or lost. `due_at` says when to try or look again."""

    delivery: DeliveryId
    attempt: int
    step: Move
    now: int
    provider_id: str | None = None
    code: str | None = None
    detail: str | None = None
    due_at: int | None = None
    verdict: Verdict | None = None
    """Of a refusal."""
    aside: tuple[Failure, ...] = ()
    """What admins should see, whatever came of it: of several devices one may be ours to set right."""


async def claim_due(tx: Tx, channel: str, room: int, now: int, lease: int) -> list[Delivery]:
    """Claim up to `room` deliveries of a channel, in order, for `lease` microseconds, with the number of this
    attempt. What was written before the customer opted out fails here instead of going out.

    Where customers fetch what was written, one push wakes them for all of it: what is queued behind one that is due,
    though its own grace has not passed, is claimed with it.
    """
    found = await deliveries.due(tx, channel, now, room)
    found += await deliveries.behind(tx, channel, [delivery for delivery in found if delivery.kind in FETCHED])
    for delivery in found:
        if delivery.opted_out_at is not None:
            await _give_back(tx, delivery, "withhold", f"{REASON[0].upper()}{REASON[1:]}.", now)
    claimed = [delivery for delivery in found if delivery.opted_out_at is None]
    leases = await deliveries.take(tx, [delivery.id for delivery in claimed], now, lease)
    return [_taken(delivery, now, leases[delivery.id]) for delivery in claimed]


async def still_claimed(tx: Tx, claimed: Sequence[Delivery]) -> list[Delivery]:
    """Those of a claim whose COMMIT got no answer that it has, and that nobody has given up since."""
    return await claims.kept(tx, "delivery", "lease_until", claimed)


def _taken(delivery: Delivery, now: int, lease_until: int) -> Delivery:
    """As `deliveries.take` has left it, without reading it again."""
    return replace(
        delivery,
        state="sending",
        attempt=delivery.attempt + 1,
        tries=delivery.tries + 1,
        first_tried_at=delivery.first_tried_at or now,
        lease_until=lease_until,
    )


async def finish(tx: Tx, endings: Sequence[Ending]) -> list[bool]:
    """Record how attempts ended; False for one that was given up meanwhile and is not ours to finish."""
    await deliveries.hold_provider_ids(tx, (ending.provider_id for ending in endings))
    known = await held.hold(tx, [ending.delivery for ending in endings])
    plain = [ending for ending in endings if _is_plain(ending, known.get(ending.delivery))]
    await _sent(tx, [(ending, known[ending.delivery]) for ending in plain])
    done = {ending.delivery for ending in plain}
    failures: list[Failure] = []
    finished = [ending.delivery in done or await _finish(tx, ending, failures) for ending in endings]
    await heed(tx, failures)
    return finished


def _is_plain(ending: Ending, one: Held | None) -> bool:
    """Whether a push or the like was made and nothing else has happened: what many endings at once are."""
    if one is None or ending.step != "accepted" or ending.provider_id is not None or ending.aside:
        return False
    return (one.state, one.attempt) == ("sending", ending.attempt)


async def _sent(tx: Tx, plain: Sequence[tuple[Ending, Held]]) -> None:
    """All in one statement."""
    if plain:
        await held.sent(tx, [one.id for _, one in plain], max(ending.now for ending, _ in plain))
    for ending, one in plain:
        tx.event(one.team, "delivery.changed", one.thread, ending.now, {"message": one.message})


async def _finish(tx: Tx, ending: Ending, failures: list[Failure]) -> bool:
    delivery = await deliveries.get(tx, ending.delivery)
    if delivery is None or delivery.attempt != ending.attempt:
        return False
    failures += ending.aside
    if ending.verdict is not None:
        failures.append(
            Failure(delivery.channel, ending.verdict, ending.code, ending.detail, ending.now, delivery.line)
        )
    if delivery.state != "sending" and (ending.step != "accepted" or delivery.state == "queued"):
        return False  # a report overtook the provider's own answer, or the lease ran out: only good news is still news
    await _move(tx, delivery, ending)
    if ending.provider_id is not None:
        failures += await _hear_kept_reports(tx, delivery, ending.provider_id, ending.now)
    return True


async def _move(tx: Tx, delivery: Delivery, ending: Ending) -> None:
    state = move(delivery.state, ending.step)
    provider_id = ending.provider_id
    if provider_id is not None and await deliveries.by_provider_id(tx, delivery.channel, provider_id) is not None:
        provider_id = None  # known already, from a report or a look-up
    if state == delivery.state:  # a report was quicker than the provider's own answer: what it said stands
        if provider_id is not None:
            await deliveries.set_provider_id(tx, delivery.id, provider_id)
        return
    new = Change(state, ending.due_at, ending.code, ending.detail, provider_id)
    await deliveries.change(tx, delivery.id, new, ending.now)
    tx.event(delivery.team, "delivery.changed", delivery.thread, ending.now, {"message": delivery.message})


async def _hear_kept_reports(tx: Tx, delivery: Delivery, provider_id: str, now: int) -> list[Failure]:
    """Reports that came before we knew the provider's id of this message; what they say of more than it. A
    misconfiguration was told when they came."""
    failures = []
    for kept in await reports.waiting(tx, delivery.channel, provider_id):
        await reports.adopt(tx, kept["id"], delivery.id)
        fresh = await deliveries.get(tx, delivery.id)
        if fresh is not None:
            await apply(tx, fresh, provider_id, kept["state"], kept["code"], kept["detail"], now)
        if kept["verdict"] == "opted_out":
            failures.append(
                Failure(delivery.channel, "opted_out", kept["code"], kept["detail"], kept["at"], delivery.line)
            )
    return failures


async def give_up_leases(tx: Tx, now: int, *, all_leases: bool = False) -> list[DeliveryId]:
    """Sends whose lease has ended, or all with one, become `unknown`, to be looked up at once; a bounded number. A push
    is simply made again: a second one takes the first one's place."""
    given_up = await held.expired(tx, all_leases=all_leases)
    for lost in given_up:
        delivery = await deliveries.get(tx, lost)
        if delivery is None:
            continue
        if delivery.kind in FETCHED:
            ending = Ending(lost, delivery.attempt, "postponed", now, due_at=now)
        else:
            detail = "Teamline stopped while this was being sent; it may have gone out."
            ending = Ending(lost, delivery.attempt, "lost", now, detail=detail, due_at=now)
        await _move(tx, delivery, ending)
    return given_up


async def presume_lost(tx: Tx, queued: Sequence[DeliveryId], since: int, now: int) -> None:
    """What may have been sent by an attempt that this database knows nothing of, since then: of unknown fate."""
    await held.hold(tx, queued)
    await deliveries.take(tx, queued, since, 0)
    for id_ in queued:
        if (delivery := await deliveries.get(tx, id_)) is not None:
            detail = "It may have been sent after the backup that was restored was made."
            await _move(tx, delivery, Ending(id_, delivery.attempt, "lost", now, detail=detail, due_at=now))


async def strand(tx: Tx, live: tuple[str, ...], now: int) -> int:
    """What waits for a channel that is not configured any more fails, so that somebody sees it; how many did."""
    waiting = await deliveries.waiting_elsewhere(tx, live)
    await held.hold(tx, [delivery.id for delivery in waiting])
    stranded = 0
    for delivery in waiting:
        fresh = await deliveries.get(tx, delivery.id)
        if fresh is not None and fresh.state == "queued":  # and not claimed by a node that has the channel
            detail = f"The channel {delivery.channel} is not configured any more."
            await _give_back(tx, fresh, "strand", detail, now)
            stranded += 1
    return stranded


async def _give_back(tx: Tx, delivery: Delivery, step: Move, detail: str, now: int) -> None:
    """What waits fails without an attempt, so that a person sees it and decides."""
    await deliveries.change(tx, delivery.id, Change(move(delivery.state, step), detail=detail), now)
    tx.event(delivery.team, "delivery.changed", delivery.thread, now, {"message": delivery.message})


async def resolve(tx: Tx, lost: Delivery, candidates: tuple[str, ...], now: int) -> bool:
    """Settle a message of unknown fate with what the provider's list showed: provider ids of messages that may be it,
    oldest first. The first that no other delivery owns is it; none proves nothing. True when it was settled."""
    await deliveries.hold_provider_ids(tx, candidates)
    delivery = await deliveries.get(tx, lost.id)
    if delivery is None or delivery.state != "unknown" or delivery.attempt != lost.attempt:
        return True
    busy = await deliveries.is_sending(tx, delivery.thread)  # a twin of this text may be under way right now
    for provider_id in () if busy else candidates:
        if await deliveries.by_provider_id(tx, delivery.channel, provider_id) is None:
            await _move(tx, delivery, Ending(lost.id, lost.attempt, "accepted", now, provider_id=provider_id))
            await heed(tx, await _hear_kept_reports(tx, delivery, provider_id, now))
            return True
    await deliveries.look_later(tx, delivery.id, next_lookup(delivery.lookups + 1, now))
    return False


def next_lookup(lookups: int, now: int) -> int | None:
    """When to look next after so many look-ups; None: it is a person's turn."""
    if lookups >= len(LOOKUPS):
        return None
    return now + LOOKUPS[lookups] // timedelta(microseconds=1)
