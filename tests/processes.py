"""What tests that start processes share: a port for each, and how to wait for what it does."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

T = TypeVar("T")

PATIENCE: Final = 30.0
"""Seconds: what takes milliseconds on an idle machine may take long on a busy one."""


async def until(ask: Callable[[], Awaitable[T | None]], within: float = PATIENCE) -> T:
    """Ask again and again for the first answer that is true."""
    async with asyncio.timeout(within):
        while True:
            if answer := await ask():
                return answer
            await asyncio.sleep(0.02)


def free_port() -> int:
    """One that nobody listens on now, and below those that Linux gives to outgoing connections: a gateway that is
    started again must find it free again."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            port = secrets.choice(range(20_000, 32_768))
            probe.bind(("127.0.0.1", port))
            return port
