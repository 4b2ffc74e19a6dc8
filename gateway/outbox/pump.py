"""One channel's pump: claims what is due as far as there is room, and has it sent or looked up.

It is stopped, never cancelled: a claim that is cancelled may have been committed, and nobody would send what it took.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import structlog

from gateway.actions import deliver
from gateway.actions.report import Failure
from gateway.channels.contract import SEND_TIMEOUT, Adapter, OutboundFile
from gateway.channels.registry import Channels
from gateway.domain.delivery import DeliveryId
from gateway.domain.device import FETCHED
from gateway.domain.message import ThreadId
from gateway.errors import NotFound, Problem, Unavailable
from gateway.files.links import Links
from gateway.outbox.attempt import Clock, attempt, look_up, refused, together
from gateway.outbox.claiming import claimed
from gateway.outbox.waking import Waker
from gateway.store import attachments, deliveries
from gateway.store.deliveries import Delivery
from gateway.store.devices import Call
from gateway.store.doorbell import Ear
from gateway.store.store import Lane, Store
from gateway.store.trouble import Trouble

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LEASE: Final = 3 * SEND_TIMEOUT
"""Seconds. A send that cannot end before its lease does is not begun."""
POLL: Final = 1.0
GAP: Final = 0.01
"""Seconds between two looks at the table, so that thousands of inbound messages a second do not mean as many looks."""


class Pump:
    """One channel's sends and look-ups on this node."""

    def __init__(
        self,
        channel: str,
        store: Store,
        channels: Channels,
        ear: Ear,
        clock: Clock,
        links: Links,
        endings: Counter[str],
        waker: Waker,
    ) -> None:
        self._channel, self._store, self._channels, self._ear, self._clock = channel, store, channels, ear, clock
        self._links, self._endings = links, endings
        self._waker = waker
        self._under_way: set[asyncio.Task[None]] = set()
        self._looking: set[DeliveryId] = set()
        self._stopping = False
        self._nap: asyncio.Task[bool] | None = None
        self._task = asyncio.create_task(self._run())

    @property
    def stopped(self) -> bool:
        """Whether it claims no more, by itself or because it was told to."""
        return self._task.done()

    @property
    def sending(self) -> int:
        """Sends and look-ups under way."""
        return len(self._under_way)

    @property
    def idle(self) -> bool:
        return self._task.done() and not self._under_way

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        if self._nap is not None:
            self._nap.cancel()

    async def ended(self) -> None:
        """Wait for what is under way."""
        await asyncio.wait((self._task,))
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _run(self) -> None:
        trouble = Trouble("outbox.claim_failed", "outbox.claims_again", channel=self._channel)
        while not self._stopping:
            wait = POLL
            if self._channels.get(self._channel) is None:
                return  # the supervisor takes note
            with trouble.told():
                wait = await self._turn()
            await self._rest(wait)

    async def _rest(self, wait: float) -> None:
        """Until the bell, the timer or the end."""
        if not self._stopping:
            self._nap = asyncio.create_task(self._ear.heard(wait))
            await asyncio.wait((self._nap,))
            if self._nap.cancelled() or self._nap.result():  # what is due by the timer is not kept waiting
                await asyncio.sleep(GAP)

    async def _turn(self) -> float:
        """Start what there is room for; seconds until something becomes due."""
        adapter = self._channels.get(self._channel)
        if adapter is None:
            return 0.0
        room = adapter.concurrency - len(self._under_way)
        if room <= 0:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            return 0.0
        now = self._clock()
        begun = time.monotonic()
        looking = frozenset(self._looking)  # what of these is settled while we read would look as lost as before
        agenda = await self._store.read(deliveries.agenda, self._channel, now, room + len(self._looking))
        started = await self._send_due(now, room, begun) if agenda.is_due else 0
        lost = [delivery for delivery in agenda.lost if delivery.id not in looking]
        started += self._look_up_lost(lost, room - started)
        if started >= room:
            return 0.0  # there may be more
        due = agenda.next_due
        return POLL if due is None else min(POLL, max(0.0, (due - self._clock()) / 1_000_000))

    async def _send_due(self, now: int, room: int, begun: float) -> int:
        claim = self._store.write(deliver.claim_due, self._channel, room, now, int(LEASE * 1_000_000))
        found = await claimed(self._store, claim, deliver.still_claimed, begun + LEASE)
        threads: dict[ThreadId, list[Delivery]] = {}
        for delivery in found:
            threads.setdefault(delivery.thread, []).append(delivery)
        calls = await self._calls([each[-1] for each in threads.values()])
        for each in threads.values():
            self._start(self._send(each, begun, calls))
        return len(found)

    async def _calls(self, newest: Sequence[Delivery]) -> Mapping[DeliveryId, Call] | None:
        """Whom a push wakes for these, read for all of them at once; None while the database cannot tell."""
        woken = [delivery for delivery in newest if delivery.kind in FETCHED]
        try:
            return await self._waker.calls(woken) if woken else {}
        except Problem:
            return None

    def _look_up_lost(self, lost: list[Delivery], room: int) -> int:
        """Beside the sends and within their bound, so that a list that is slow to come holds up no message."""
        fresh = [delivery for delivery in lost if delivery.id not in self._looking][: max(0, room)]
        for delivery in fresh:
            self._looking.add(delivery.id)
            self._start(self._look_up(delivery))
        return len(fresh)

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)  # its commit rings the bell, so the next in line is seen

    async def _send(self, these: Sequence[Delivery], begun: float, calls: Mapping[DeliveryId, Call] | None) -> None:
        """One message, or those of a thread that one push is for."""
        endings = await self._attempt(these, begun, calls)
        for ending in endings:
            self._note(ending)
        await together([self._finish(ending, begun) for ending in endings])

    async def _finish(self, ending: deliver.Ending, begun: float) -> None:
        while time.monotonic() - begun < LEASE:
            try:
                await self._store.write_each(deliver.finish, ending, Lane.PEOPLE)
            except Problem as problem:  # the answer must not be lost because the disk is full for a moment
                log.warning("outbox.finish_failed", channel=self._channel, problem=problem.slug)
                await asyncio.sleep(POLL)
            else:
                return

    def _note(self, ending: deliver.Ending) -> None:
        self._endings[ending.step] += 1
        traffic = self._channels.traffic
        if ending.step == "accepted":
            traffic.went_out(self._channel, ending.now)
        elif ending.detail is not None:
            traffic.went_wrong(self._channel, ending.code, ending.detail, ending.now)

    async def _attempt(
        self, these: Sequence[Delivery], begun: float, calls: Mapping[DeliveryId, Call] | None
    ) -> list[deliver.Ending]:
        """By our own clock, counted from before the claim: a lease that is nearly over is not used."""
        if calls is not None and time.monotonic() - begun <= LEASE - 2 * SEND_TIMEOUT:
            with suppress(NotFound, Unavailable):
                async with self._channels.use(self._channel) as adapter:
                    return await self._attempt_by(adapter, these, calls.get(these[-1].id))
        now = self._clock()
        return [deliver.Ending(each.id, each.attempt, "postponed", now, due_at=now) for each in these]

    async def _attempt_by(self, adapter: Adapter, these: Sequence[Delivery], call: Call | None) -> list[deliver.Ending]:
        """Raises Unavailable."""
        aside = tuple[Failure, ...]()
        if these[-1].kind in FETCHED:
            woken = await self._waker.wake(adapter, these[-1], call)
            aside = woken.failures
            if woken.refusal is not None:
                endings = [refused(adapter, each, woken.refusal, self._clock()) for each in these]
                return [replace(endings[0], aside=aside), *endings[1:]]
        files = [await self._files(each) for each in these]
        endings = [await attempt(adapter, each, its, self._clock) for each, its in zip(these, files, strict=True)]
        return [replace(endings[0], aside=aside), *endings[1:]] if aside else endings

    async def _files(self, delivery: Delivery) -> tuple[OutboundFile, ...]:
        """What the provider fetches from us. Raises Unavailable."""
        if not delivery.files:
            return ()
        found = (await self._store.read(attachments.of_messages, (delivery.message,))).get(delivery.message, ())
        return tuple(
            OutboundFile(self._links.public(file.id, file.name), file.type, file.size or 0, file.name) for file in found
        )

    async def _look_up(self, delivery: Delivery) -> None:
        try:
            files = await self._files(delivery)
            async with self._channels.use(self._channel) as adapter:
                candidates = await look_up(adapter, delivery, files, self._clock())
            await self._store.write(deliver.resolve, delivery, candidates, self._clock())
        except Problem as problem:  # looked up again at the next turn
            log.warning("outbox.lookup_failed", channel=self._channel, problem=problem.slug)
        finally:
            self._looking.discard(delivery.id)
