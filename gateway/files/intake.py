"""The way in for every file, whoever sent it: recognized, bounded, made harmless, stored.

Large pictures wait for a thread, of which there are few, so that however many arrive the texts keep flowing and memory
has a bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from gateway.errors import Invalid, TooLarge
from gateway.files.kinds import USUAL, Kind, recognize
from gateway.files.names import name_by_type, safe_name
from gateway.files.pictures import BadPicture, Picture, remake
from gateway.files.store import FileStore, hash_of

MEGABYTE: Final = 1_000_000
THREADS: Final = 2
"""Pictures decoded at once: each may need four bytes a pixel, and once more while it is turned."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken at all."""

    max_bytes: int = 25 * MEGABYTE
    max_pixels: int = 50 * 1_000_000
    types: frozenset[str] = USUAL


@dataclass(frozen=True, slots=True)
class Harmless:
    """A file as it will be stored, with the thumbnail of a picture. `width` and `height` in pixels."""

    content: bytes
    hash: str
    type: str
    name: str
    width: int | None = None
    height: int | None = None
    thumb: bytes | None = None
    thumb_hash: str | None = None


class Intake:
    """`limits` are asked for each file, so that a changed config counts at once."""

    def __init__(self, store: FileStore, limits: Callable[[], Limits]) -> None:
        self.store = store
        self._limits = limits
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="picture")

    @property
    def limits(self) -> Limits:
        return self._limits()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def examine(self, content: bytes, name: str | None) -> Harmless:
        """What is to be stored of these bytes; `name` is what a sender calls them. Raises TooLarge, Invalid."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(examine, content, name, self._limits()))

    async def put(self, file: Harmless) -> None:
        """Its bytes are on the disk when this returns. Raises OSError."""
        contents = [file.content] if file.thumb is None else [file.content, file.thumb]
        await asyncio.gather(*map(self.store.put, contents))


def examine(content: bytes, name: str | None, limits: Limits) -> Harmless:
    """See Intake; takes as long as it takes."""
    if len(content) > limits.max_bytes:
        raise TooLarge(f"a file has at most {limits.max_bytes / MEGABYTE:g} MB")
    if not content:
        raise Invalid("the file is empty")
    kind = recognize(content)
    if kind is None or kind.type not in limits.types:
        raise Invalid("files of this kind are not taken")
    if not kind.is_picture:
        return Harmless(content, hash_of(content), kind.type, _named(name, kind))
    try:
        return _picture(remake(kind, content, limits.max_pixels), name)
    except BadPicture as bad:
        raise Invalid(str(bad)) from None


def _picture(made: Picture, name: str | None) -> Harmless:
    return Harmless(
        made.content,
        hash_of(made.content),
        made.kind.type,
        _named(name, made.kind),
        made.width,
        made.height,
        made.thumb,
        hash_of(made.thumb),
    )


def _named(name: str | None, kind: Kind) -> str:
    return safe_name(name, kind) if name else name_by_type(kind.type)
