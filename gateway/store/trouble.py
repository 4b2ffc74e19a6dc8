"""Tells once that something cannot be done now, and once that it can be again, however often it was tried between.

For what is tried each second while the database is away: whoever reads the log should find the beginning and the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog

from gateway.errors import Problem

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Trouble:
    """Of one kind of attempt; `failed` and `works` are its events in the log, with these facts."""

    def __init__(self, failed: str, works: str, **facts: Any) -> None:
        self._failed, self._works, self._facts = failed, works, facts
        self._is_on = False

    @contextmanager
    def told(self) -> Iterator[None]:
        """Around an attempt: a Problem goes no further, for there will be another."""
        with suppress(Problem), self.raised():
            yield

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Around an attempt that somebody waits for, who gets the Problem."""
        try:
            yield
        except Problem as problem:
            if not self._is_on:
                log.warning(self._failed, problem=problem.slug, **self._facts)
            self._is_on = True
            raise
        else:
            if self._is_on:
                log.info(self._works, **self._facts)
            self._is_on = False
