"""For operators: is it up, can it work, what did it count. Metrics are for this machine and the operators' listener."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from math import inf
from time import monotonic
from typing import Final

from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gateway.domain.wire import Json
from gateway.errors import NoRoom, NotFound, Problem, Unavailable
from gateway.http import headers
from gateway.http.deps import Deps, Reading
from gateway.http.peer import is_private
from gateway.http.route import answer
from gateway.store import attempts
from gateway.store.trouble import Trouble

READY_SECONDS: Final = 1.0
"""For how long a look holds: whoever asks, and however often, costs the database one look a second."""

FULL_SECONDS: Final = 5.0
"""For how long a write that found no room counts. What is small, as our own, may still find some: within a page of the
database, or of its log."""

_TEXT: Final = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


class Health:
    """/healthz, /readyz and /metrics."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._looking = asyncio.Lock()
        self._looked_at = -inf
        self._found: Problem | None = None
        self._trouble = Trouble("health.not_ready", "health.ready_again")

    async def alive(self, _request: web.Request) -> web.StreamResponse:
        return answer({"status": "up"})

    async def ready(self, _request: web.Request) -> web.StreamResponse:
        """Whether the database can be read and written, on which configuration, what of that waits for a restart, and
        how many other nodes run on which others, where they differ. Raises Unavailable."""
        async with self._looking:
            if monotonic() - self._looked_at >= READY_SECONDS:
                self._found = await self._look()
                self._looked_at = monotonic()
        if self._found is not None:
            raise Unavailable(self._found.detail)
        config = self._deps.config()
        shape: Json = {"version": self._deps.settings().version, "faults": len(config.faults)}
        if config.needs_restart:
            shape["needs_restart"] = list(config.needs_restart)
        if config.others:
            shape["others"] = dict(config.others)
        return answer({"status": "ready", "config": shape})

    async def _look(self) -> Problem | None:
        try:
            with self._trouble.raised():
                await self._try_database()
        except Problem as problem:
            return problem
        return None

    async def _try_database(self) -> None:
        store, now = self._deps.store, self._deps.clock()
        await store.read(attempts.count, "", now)
        await store.write(attempts.pass_by, now)
        if monotonic() - store.stats().full_at < FULL_SECONDS:
            raise NoRoom

    async def metrics(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(body=generate_latest(self._deps.metrics.registry), headers=headers.API | _TEXT)

    async def private_metrics(self, request: web.Request) -> web.StreamResponse:
        """On the public listener: for a request of this machine itself; else there is no such thing."""
        if not is_private(request):
            raise NotFound
        return await self.metrics(request)


class Readings(Collector):
    """Others' numbers, read when they are asked for."""

    def __init__(self, readings: tuple[Reading, ...]) -> None:
        self._readings = readings

    def collect(self) -> Iterable[Metric]:
        return [_family(reading) for reading in self._readings]


def _family(reading: Reading) -> Metric:
    kind = CounterMetricFamily if reading.kind == "counter" else GaugeMetricFamily
    family = kind(reading.name, reading.help, labels=[reading.label] if reading.label else [])
    for label, value in reading.read().items():
        family.add_metric([label] if reading.label else [], value)
    return family
