"""Tells agents whose console is closed: follows the teams' logs, and pushes what is due to their devices.

Every node does both, each row by one of them. It is beside the pumps and within a bound of its own: no customer's push
waits for an agent's.
"""

from __future__ import annotations

import asyncio
import random
import time
from datetime import timedelta
from typing import Final

import structlog

from gateway.actions import agent_pushes
from gateway.actions.agent_pushes import Told
from gateway.actions.report import Failure
from gateway.channels.contract import SEND_TIMEOUT
from gateway.channels.push import Notice, PushError
from gateway.channels.registry import Channels
from gateway.domain import notice
from gateway.domain.retry import delay
from gateway.errors import Problem
from gateway.outbox.attempt import Clock
from gateway.outbox.claiming import claimed
from gateway.outbox.pushing import NameOf, push
from gateway.outbox.resting import rest
from gateway.store import agent_pushes as stored
from gateway.store.agent_pushes import Push
from gateway.store.doorbell import Doorbell
from gateway.store.store import Lane, Store
from gateway.store.trouble import Trouble

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

AT_ONCE: Final = 32
"""Pushes of this node under way."""
LEASE: Final = 3 * SEND_TIMEOUT
"""Seconds until a push of a node that died is anybody's."""
POLL: Final = 1.0
GAP: Final = 0.25
"""Seconds between two looks, so that thousands of inbound messages a second do not mean as many."""
MESSAGE_LASTS: Final = timedelta(hours=1)
"""For how long the platform keeps it for a device that is off. The inbox tells of what is older."""
BOOKING_LASTS: Final = timedelta(minutes=2)
_SECOND: Final = 1_000_000
_MICROSECOND: Final = timedelta(microseconds=1)


class AgentPushes:
    """One task of each node."""

    def __init__(self, store: Store, channels: Channels, doorbell: Doorbell, clock: Clock, name_of: NameOf) -> None:
        self._store, self._channels, self._clock, self._name_of = store, channels, clock, name_of
        self._ear = doorbell.listen()
        self._trouble = Trouble("agent_push.not_begun", "agent_push.begins_again")
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, *, only_node: bool) -> None:
        """On SQLite this is the only node, so whatever was being pushed at start was lost with the process before."""
        if only_node:
            await self._store.write(stored.release)
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Claim nothing more, and let what is under way end: it is bounded in time."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait((self._task,))  # not cancelled: nobody would push what a claim has taken
        await asyncio.gather(*self._under_way)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            wait = POLL
            with self._trouble.told():
                wait = await self._turn()
            await rest(self._ear, self._stopping, wait, GAP)

    async def _turn(self) -> float:
        """Look through the logs and start what there is room for; seconds until something becomes due."""
        agenda = await self._store.read(stored.agenda, self._clock())
        if agenda.is_behind:
            await self._store.write(agent_pushes.follow)
        if agenda.is_due:
            await self._claim()
        return POLL if agenda.next_due is None else min(POLL, max(0.0, (agenda.next_due - self._clock()) / _SECOND))

    async def _claim(self) -> None:
        room, begun = AT_ONCE - len(self._under_way), time.monotonic()
        if room <= 0:
            return
        claim = self._store.write(stored.claim, room, self._clock(), int(LEASE * _SECOND))
        for one in await claimed(self._store, claim, stored.still_claimed, begun + LEASE):
            task = asyncio.create_task(self._push(one, begun))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)  # its commit rings the bell, so the next in line is seen

    async def _push(self, one: Push, begun: float) -> None:
        if time.monotonic() - begun > LEASE - 2 * SEND_TIMEOUT:
            return  # by our own clock, counted from before the claim: a lease that is nearly over is not used
        error = await push(self._channels, one.device, lambda _: self._notice(one))
        try:
            await self._store.write_each(agent_pushes.finish, self._told(one, error), Lane.PEOPLE)
        except Problem as problem:  # when the lease has ended, once more
            log.warning("agent_push.finish_failed", channel=one.device.channel, problem=problem.slug)

    def _notice(self, one: Push) -> Notice:
        team, thread = self._name_of(one.team), str(one.thread)
        if one.kind is None:
            title, body = notice.of_message(team)
            return Notice(title, body, thread, str(one.message), one.badge, MESSAGE_LASTS, for_agent=True)
        title, body = notice.of_booking(team, one.kind, rings=one.rings)
        return Notice(title, body, thread, "", one.badge, BOOKING_LASTS, str(one.booking), for_agent=True)

    def _told(self, one: Push, error: PushError | None) -> Told:
        if error is None:
            return Told(one.id, one.attempt)
        now, channel, failure = self._clock(), one.device.channel, None
        match error.verdict:
            case "gone":
                return Told(one.id, one.attempt, gone=one.device)
            case "again":
                wait = delay(one.tries, random.random(), error.retry_after)  # noqa: S311  jitter, not a secret
                if wait is not None:
                    return Told(one.id, one.attempt, now + wait // _MICROSECOND)
            case "configuration":
                failure = Failure(channel, "configuration", error.code, error.detail, now, None)
        self._channels.traffic.went_wrong(channel, error.code, error.detail, now)
        return Told(one.id, one.attempt, failure=failure)
