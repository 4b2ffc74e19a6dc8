"""Passwords: argon2id with the library's defaults (RFC 9106, low memory), computed in threads, at most two at once.

One check takes about 0.12 s and 64 MiB, so that they are the cheapest way to exhaust this process: past a short queue
they are refused. A login that nobody has costs exactly as much as a wrong password, so that time tells nothing.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from gateway.errors import Unavailable

AT_ONCE: Final = 2
WAITING: Final = 16

_hasher: Final = PasswordHasher()


def hash_password(password: str) -> str:
    """What is stored of a password. Slow; for a command line, or a thread."""
    return _hasher.hash(password)


class Passwords:
    """Checks passwords beside the event loop."""

    def __init__(self, waiting: int = WAITING) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, "password")
        self._most = AT_ONCE + waiting
        self._taken = 0

    async def fits(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right; never for None, in the same time. Raises Unavailable when too many wait."""
        if self._taken >= self._most:
            raise Unavailable("too many people are signing in right now", retry_after=2)
        self._taken += 1
        work = asyncio.get_running_loop().run_in_executor(self._pool, _fits, password_hash or _NOBODYS, password)
        work.add_done_callback(self._given_back)
        return await asyncio.shield(work) and password_hash is not None

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _given_back(self, _work: asyncio.Future[bool]) -> None:
        self._taken -= 1


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False


def _nobodys_hash() -> str:
    """A hash with today's parameters that no password has been found for: checking it costs what any check costs."""
    salt, digest = (b64encode(bytes(size)).decode().rstrip("=") for size in (_hasher.salt_len, _hasher.hash_len))
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"


_NOBODYS: Final = _nobodys_hash()
