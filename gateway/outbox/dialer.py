"""The dialer: hands queued calls to their voice channel, each attempt once, and asks the channel what it does not know.

The database is the truth. A call is claimed with a lease and committed as `dialing` before anybody is asked to ring;
whatever is not surely "taken" or surely "not taken" is of unknown fate, looked up, and never dialed again by itself. It
is stopped, never cancelled: a claim that is cancelled may have been committed.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog

from gateway.actions import dial
from gateway.actions.dial import Ending
from gateway.channels.registry import Channels
from gateway.channels.voice import Voice
from gateway.domain.call import PhoneCall
from gateway.domain.routing import Teams
from gateway.errors import NotFound, Problem
from gateway.outbox import ringing
from gateway.outbox.attempt import Clock
from gateway.outbox.claiming import claimed
from gateway.outbox.resting import rest
from gateway.outbox.ringing import LEASE
from gateway.store import calls
from gateway.store.doorbell import Doorbell
from gateway.store.store import Store
from gateway.store.trouble import Trouble

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ROOM: Final = 16
"""Calls that are dialed or asked about at once on one node."""
POLL: Final = 1.0
GAP: Final = 0.01
"""Seconds between two looks at the table, since every commit of whatever kind rings the bell."""


class Dialer:
    """Of this node. `teams` gives those of the config in use."""

    def __init__(
        self, store: Store, channels: Channels, doorbell: Doorbell, clock: Clock, teams: Callable[[], Teams]
    ) -> None:
        self._store, self._channels, self._ear = store, channels, doorbell.listen(texts=False)
        self._clock, self._teams = clock, teams
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.endings: Counter[str] = Counter()
        """How attempts ended on this node since it started: taken, postponed, refused, lost."""

    async def start(self, *, only_node: bool) -> None:
        """The only node of a database knows that what was being dialed at its start was lost with the process before.
        Whether somebody has listened meanwhile no node knows: it asks how all calls stand."""
        if only_node:
            while await self._store.write(dial.give_up_leases, self._clock(), all_leases=True):
                pass
        await self._store.write(calls.ask_all, self._clock())
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Claim nothing more, and let what is under way end."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait((self._task,))
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _run(self) -> None:
        trouble = Trouble("dialer.claim_failed", "dialer.claims_again")
        while not self._stopping.is_set():
            wait = POLL
            try:
                with trouble.told():
                    wait = await self._turn()
            except Exception:  # one call that cannot be read must not keep all others from being dialed
                log.exception("dialer.turn_failed")
            await rest(self._ear, self._stopping, wait, GAP)

    async def _turn(self) -> float:
        """Start what there is room for; seconds until something becomes due."""
        if await self._store.read(calls.has_expired):
            await self._store.write(dial.give_up_leases, self._clock())
        room = ROOM - len(self._under_way)
        if room <= 0:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            return 0.0
        due = await self._store.read(calls.next_due)
        if due is None or due > self._clock():
            return POLL if due is None else min(POLL, (due - self._clock()) / 1_000_000)
        begun = time.monotonic()
        claim = self._store.write(dial.claim_due, room, self._clock(), int(LEASE * 1_000_000))
        for turn in await claimed(self._store, claim, dial.still_claimed, begun + LEASE):
            self._start(turn.call, begun)
        return 0.0

    def _start(self, call: PhoneCall, begun: float) -> None:
        work = self._dial(call, begun) if call.state == "dialing" else self._ask(call)
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _dial(self, call: PhoneCall, begun: float) -> None:
        ending = await self._attempt(call, begun)
        self.endings[ending.step] += 1
        traffic = self._channels.traffic
        if ending.step == "taken":
            traffic.went_out(call.channel, ending.now)
        elif ending.detail is not None:
            traffic.went_wrong(call.channel, ending.code, ending.detail, ending.now)
        while time.monotonic() - begun < LEASE:
            try:
                await self._store.write(dial.finish, ending, self._teams())
            except Problem as problem:  # the answer must not be lost because the disk is full for a moment
                log.warning("dialer.finish_failed", call=call.id, problem=problem.slug)
                await asyncio.sleep(POLL)
            else:
                return

    async def _attempt(self, call: PhoneCall, begun: float) -> Ending:
        """By our own clock, counted from before the claim: a lease that is nearly over is not used."""
        now = self._clock()
        if not ringing.has_time(begun):
            return Ending(call.id, call.attempt, "postponed", now, due_at=now)
        if now - call.created_at > dial.PROMPT:
            return Ending(call.id, call.attempt, "refused", now, detail="It could not be dialed in time.")
        try:
            async with self._channels.use(call.channel) as adapter:
                if isinstance(adapter, Voice):
                    return await ringing.attempt(adapter, call, self._clock)
        except NotFound:
            pass
        return Ending(call.id, call.attempt, "refused", now, detail=f"The channel {call.channel} is no more.")

    async def _ask(self, call: PhoneCall) -> None:
        """Find what may be lost, hear how it stands, or end what nobody wants any more."""
        try:
            async with self._channels.use(call.channel) as adapter:
                if isinstance(adapter, Voice):
                    await self._ask_by(adapter, call)
        except Problem as problem:  # asked again at its next turn
            log.warning("dialer.look_failed", call=call.id, problem=problem.slug)

    async def _ask_by(self, adapter: Voice, call: PhoneCall) -> None:
        if call.state == "unknown":
            candidates = await ringing.find(adapter, call)
            await self._store.write(dial.resolve, call, candidates, self._clock())
        elif call.agent_call_id is not None:
            if call.unwanted_at is not None:
                await ringing.hang_up(adapter, call)
            reports = await ringing.progress(adapter, call)
            await self._store.write(dial.asked, call, reports, self._teams(), self._clock())
