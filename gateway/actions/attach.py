"""Files come in: an upload is kept for the message that will name it, a provider's file takes its place in one.

Each is two transactions with the disk between them: what is to be stored is written down first, and named once its
bytes are there. So a process that dies in between leaves nothing that nobody would ever delete.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from gateway.channels.contract import Capabilities
from gateway.domain import wire
from gateway.domain.attachment import Owner
from gateway.domain.wire import Json
from gateway.errors import Invalid, TooMany, Unavailable
from gateway.files.intake import MEGABYTE, Harmless, Intake
from gateway.store import attachments, fetches, files, idempotency
from gateway.store.attachments import Kept, Loose
from gateway.store.fetches import Errand
from gateway.store.store import Store, Tx

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LOOSE_FOR: Final = timedelta(days=1) // timedelta(microseconds=1)
"""Microseconds that an upload waits for a message."""
MOST_LOOSE: Final = 50
"""Uploads of one owner that no message has named."""
_PATIENCE: Final = 60
"""Seconds after which it is worth asking whether one more is taken: a message may have named some by then."""

_SECOND: Final = 1_000_000

Who = Callable[[Tx], Awaitable[Owner]]
"""Whose credential a request came under; raises Unauthenticated. Awaits nothing but `tx`."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody sends before the message that it belongs to."""

    who: Who
    kept: Kept
    key: str | None
    fingerprint: bytes
    now: int


async def upload(tx: Tx, order: Upload) -> Json:
    """The attachment without its URLs. Raises Unauthenticated, TooMany, Invalid, Unavailable."""
    owner = await may_upload(tx, order.who)
    await attachments.hold_owner(tx, owner)
    await may_upload(tx, order.who)  # who was just forgotten has nothing any more
    before = await idempotency.recall(tx, owner.key, order.key, order.fingerprint, order.now)
    if before is not None:
        return before
    if await attachments.count_loose(tx, owner) >= MOST_LOOSE:
        said = f"there are {MOST_LOOSE} files that no message has named yet; send some of them first"
        raise TooMany(said, retry_after=_PATIENCE)
    answer = wire.attachment(await attachments.add_loose(tx, owner, order.kept, order.now))
    await idempotency.keep(tx, owner.key, order.key, answer)
    return answer


async def may_upload(tx: Tx, who: Who) -> Owner:
    """Asked before a large body is read. Raises Unauthenticated."""
    return await who(tx)


def fits(can: Capabilities, named: Sequence[Loose]) -> None:
    """Raises Invalid, saying why, where a channel does not take these files."""
    if len(named) > can.max_files:
        raise Invalid(f"this channel takes {can.max_files} files at most" if can.max_files else _NO_FILES)
    if named and sum(file.size for file in named) > can.max_file_bytes:
        raise Invalid(f"this channel takes files of {can.max_file_bytes / MEGABYTE:.3g} MB together at most")
    refused = sorted({file.type for file in named if can.file_types and file.type not in can.file_types})
    if refused:
        raise Invalid(f"this channel does not take {', '.join(refused)}")


_NO_FILES: Final = "this channel takes no files"


async def keep(store: Store, intake: Intake, file: Harmless, now: int) -> Kept:
    """Write down what comes, and store its bytes. Name it within `files.HELD`. Raises Unavailable."""
    hashes = (file.hash,) if file.thumb_hash is None else (file.hash, file.thumb_hash)
    await store.write(files.hold, hashes, now)
    try:
        await intake.put(file)
    except OSError as error:
        log.error("files.not_stored", error=type(error).__name__)  # noqa: TRY400  a trace would say no more
        raise Unavailable("the file could not be stored") from None
    return Kept(file.hash, file.type, len(file.content), file.name, file.width, file.height, file.thumb_hash)


async def claim_due(tx: Tx, channel: str, room: int, now: int, lease: int) -> list[Errand]:
    """Claim files of a channel that are due to be fetched, up to `room`."""
    return await fetches.claim(tx, channel, now, room, lease)


async def fetched(tx: Tx, errand: Errand, kept: Kept, now: int) -> None:
    """A provider's file is here: whoever looks at the message sees it."""
    if await fetches.fetched(tx, errand, kept):
        await _tell(tx, errand, now)


async def given_up(tx: Tx, errand: Errand, detail: str, now: int) -> None:
    """A provider's file will not come; `detail` is for the agents."""
    if await fetches.fail(tx, errand, detail):
        await _tell(tx, errand, now)


async def _tell(tx: Tx, errand: Errand, now: int) -> None:
    team, thread = await fetches.home_of(tx, errand.message)
    tx.event(team, "attachment.changed", thread, now, {"message": errand.message})


async def sweep(store: Store, intake: Intake, now: int) -> None:
    """Forget uploads that no message has named in a day, and delete bytes that nothing names; in bounded steps.
    Raises Unavailable, OSError."""
    while await store.write(attachments.forget_loose, now - LOOSE_FOR, now):
        pass
    while unnamed := await store.write(files.take_unnamed, now):
        async with asyncio.timeout(files.TAKEN / 2 / _SECOND):  # afterwards they may be stored anew
            for hash_ in unnamed:
                await intake.store.delete(hash_)
        await store.write(files.gone, tuple(unnamed))
