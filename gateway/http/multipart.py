"""A file in a form: one part, read in pieces onto the disk, bounded in size, time and number of forms at once."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import IO, Final, TypeVar

import aiohttp
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.errors import Invalid, Malformed, TooLarge, Unavailable
from gateway.http.problems import TooSlow, WrongType

T = TypeVar("T")

MOST_FORMS: Final = 64
"""Read at once, by everybody together."""
FORM_SECONDS: Final = 300.0
"""For a whole form, however steadily it comes: 25 MB at 0.7 Mbit/s."""
_IN_MEMORY: Final = 256 * 1024
_FRAME: Final = 16 * 1024
"""Bytes of a form that are no file: boundaries and headers."""
_PIECE: Final = 256 * 1024

_NO_FORM: Final = (
    ValueError,
    AssertionError,
    RuntimeError,
    aiohttp.ClientError,
    HttpProcessingError,
    web.RequestPayloadError,
)
"""What aiohttp raises for bytes that are no form."""

_forms = 0


async def read_file(request: web.Request, most: int, seconds: float) -> tuple[bytes, str | None]:
    """The bytes of the part `file`, the only one, and the name that the sender gives it; `seconds` is how long it may
    pause. Raises TooLarge, TooSlow, WrongType, Malformed, Invalid, Unavailable."""
    if "Content-Encoding" in request.headers:
        raise WrongType("the body must not be compressed")
    if request.content_type != "multipart/form-data":
        raise WrongType("the body must be multipart/form-data with one part, file")
    if (request.content_length or 0) > most + _FRAME:
        raise TooLarge(f"a file has at most {most:,} bytes")
    async with _counted():
        try:
            async with asyncio.timeout(FORM_SECONDS):
                return await _read(request, most, seconds)
        except TimeoutError:
            raise TooSlow from None
        except _NO_FORM:
            raise Malformed("the body is not a form as RFC 7578 has it") from None


@asynccontextmanager
async def _counted() -> AsyncIterator[None]:
    global _forms  # noqa: PLW0603  one process, one bound
    if _forms >= MOST_FORMS:
        raise Unavailable("too many files are arriving", retry_after=5)
    _forms += 1
    try:
        yield
    finally:
        _forms -= 1


async def _read(request: web.Request, most: int, seconds: float) -> tuple[bytes, str | None]:
    reader = await request.multipart()
    part = await _within(seconds, reader.next())
    if not isinstance(part, aiohttp.BodyPartReader) or part.name != "file":
        raise Invalid("the form must have one part, file")
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spool:
        size = 0
        while piece := await _within(seconds, part.read_chunk(_PIECE)):
            size += len(piece)
            if size > most:
                raise TooLarge(f"a file has at most {most:,} bytes")
            await _write(spool, piece, size)
        if await _within(seconds, reader.next()) is not None:
            raise Invalid("the form must have one part, file")
        return await asyncio.to_thread(_whole, spool), part.filename


async def _write(spool: IO[bytes], piece: bytes, size: int) -> None:
    """What is still in memory needs no thread."""
    if size <= _IN_MEMORY:
        spool.write(piece)
    else:
        await asyncio.to_thread(spool.write, piece)


def _whole(spool: IO[bytes]) -> bytes:
    spool.seek(0)
    return spool.read()


async def _within(seconds: float, coming: Awaitable[T]) -> T:
    async with asyncio.timeout(seconds):
        return await coming
