"""Files of customers' messages, fetched from their providers: claimed, fetched, made harmless, shown.

The text is there long before. A fetch is claimed with a lease and may be made twice, which harms nothing; what cannot
be fetched is tried again for about an hour, and then the message says so. A channel that hangs holds up no other.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog

from gateway.actions import attach
from gateway.channels.contract import FETCH_TIMEOUT, FetchError
from gateway.channels.registry import Channels
from gateway.domain.message import Media
from gateway.domain.retry import delay
from gateway.errors import Invalid, NotFound, Problem, TooLarge
from gateway.files.intake import Intake
from gateway.outbox.attempt import Clock
from gateway.outbox.claiming import claimed
from gateway.store import fetches
from gateway.store.doorbell import Doorbell
from gateway.store.fetches import Errand
from gateway.store.store import Store
from gateway.store.trouble import Trouble

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

AT_ONCE: Final = 4
"""Files of one channel under way: each is in memory as a whole."""
LEASE: Final = 4 * FETCH_TIMEOUT
"""Seconds until a claimed file is due again."""
POLL: Final = 1.0
GAP: Final = 0.05
"""Seconds between two looks, so that thousands of texts a second do not mean as many."""
_SECOND: Final = 1_000_000
_MICROSECOND: Final = timedelta(microseconds=1)


class Fetcher:
    """All channels' fetches on this node."""

    def __init__(self, store: Store, channels: Channels, intake: Intake, doorbell: Doorbell, clock: Clock) -> None:
        self._store, self._channels, self._intake, self._clock = store, channels, intake, clock
        self._ear = doorbell.listen()
        self._trouble = Trouble("fetch.claim_failed", "fetch.claims_again")
        self._under_way: dict[str, set[asyncio.Task[None]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self, *, only_node: bool) -> None:
        """On SQLite this is the only node, so whatever was being fetched at start was lost with the process before."""
        if only_node:
            await self._store.write(fetches.release)
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Whatever is under way is given up: it is due again at the next start."""
        tasks = [task for tasks in self._under_way.values() for task in tasks]
        if self._task is not None:
            tasks.append(self._task)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            with self._trouble.told():
                for channel in self._channels:
                    await self._begin(channel)
            await self._ear.heard(POLL)
            await asyncio.sleep(GAP)

    async def _begin(self, channel: str) -> None:
        """Start what is due, as far as there is room."""
        tasks = self._under_way.setdefault(channel, set())
        room, now = AT_ONCE - len(tasks), self._clock()
        if room <= 0 or not await self._store.read(fetches.is_due, channel, now):
            return
        claim = self._store.write(attach.claim_due, channel, room, now, int(LEASE * _SECOND))
        for errand in await claimed(self._store, claim, fetches.still_claimed, time.monotonic() + LEASE):
            task = asyncio.create_task(self._fetch(errand))
            tasks.add(task)
            task.add_done_callback(tasks.discard)  # its commit rings the bell, so the next in line is seen

    async def _fetch(self, errand: Errand) -> None:
        try:
            content = await self._content(errand)
            file = await self._intake.examine(content, None)
            kept = await attach.keep(self._store, self._intake, file, self._clock())
            await self._store.write(attach.fetched, errand, kept, self._clock())
        except FetchError as error:
            await self._not_fetched(errand, error.reason, again=error.again)
        except (Invalid, TooLarge) as refused:
            await self._give_up(errand, f"was not taken: {refused.detail}")
        except Problem as problem:  # the database or the disk: when the lease has ended, once more
            log.warning("fetch.failed", channel=errand.channel, attachment=errand.id, problem=problem.slug)
        except Exception:
            log.exception("fetch.failed", channel=errand.channel, attachment=errand.id)
            await self._not_fetched(errand, "something went wrong on our side", again=True)

    async def _content(self, errand: Errand) -> bytes:
        """Raises FetchError, and whatever an adapter raises by mistake."""
        most = self._intake.limits.max_bytes
        try:
            async with asyncio.timeout(FETCH_TIMEOUT), self._channels.use(errand.channel) as adapter:
                content = await adapter.fetch(Media(errand.url, errand.type), most)
        except TimeoutError:
            raise FetchError("the provider took too long", again=True) from None
        except NotFound:
            raise FetchError("its channel is not configured any more", again=True) from None
        if len(content) > most:
            raise FetchError("it is too large", again=False)
        return content

    async def _not_fetched(self, errand: Errand, reason: str, *, again: bool) -> None:
        wait = delay(errand.tries, random.random()) if again else None  # noqa: S311  jitter, not a secret
        if wait is None:
            await self._give_up(errand, f"could not be fetched: {reason}")
        else:
            await self._conclude(errand, fetches.postpone, errand, self._clock() + wait // _MICROSECOND)

    async def _give_up(self, errand: Errand, why: str) -> None:
        await self._conclude(errand, attach.given_up, errand, f"{_what(errand)} {why}", self._clock())

    async def _conclude(self, errand: Errand, action: Callable[..., Awaitable[None]], *facts: object) -> None:
        log.info("fetch.refused", channel=errand.channel, attachment=errand.id, tries=errand.tries)
        try:
            await self._store.write(action, *facts)
        except Problem as problem:  # when the lease has ended, once more
            log.warning("fetch.failed", channel=errand.channel, attachment=errand.id, problem=problem.slug)


def _what(errand: Errand) -> str:
    return "a picture" if errand.type.startswith("image/") else "a file"
