"""Attachments: who may name one in a message. Their bytes are in the file store; see fetches.py for a provider's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.attachment import Attachment, AttachmentId, Owner
from gateway.domain.author import CustomerId
from gateway.domain.message import MessageId, TeamId
from gateway.errors import Invalid
from gateway.store import files
from gateway.store.store import Tx, certain, listed

AT_ONCE: Final = 200
_COLUMNS: Final = """attachment.id, attachment.name, attachment.type, attachment.state, attachment.size,
       attachment.width, attachment.height, attachment.detail"""


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that the file store has, as the pipeline made them. `width` and `height` are a picture's."""

    hash: str
    type: str
    size: int
    name: str
    width: int | None = None
    height: int | None = None
    thumb_hash: str | None = None

    @property
    def hashes(self) -> tuple[str, ...]:
        return (self.hash,) if self.thumb_hash is None else (self.hash, self.thumb_hash)


@dataclass(frozen=True, slots=True)
class Loose:
    """An upload that no message has named yet."""

    id: AttachmentId
    hash: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the bytes of an attachment are."""

    hash: str
    type: str
    name: str
    is_picture: bool


async def move_loose(tx: Tx, customer: CustomerId, into: CustomerId) -> None:
    """Two customers have turned out to be one."""
    await tx.run("UPDATE attachment SET customer_id = ?2 WHERE customer_id = ?1 AND message_id IS NULL", customer, into)


async def add_loose(tx: Tx, owner: Owner, kept: Kept, now: int) -> Attachment:
    """An upload, until a message names it."""
    await files.name(tx, kept.hashes)
    row = certain(
        await tx.one(
            f"""INSERT INTO attachment (agent_id, customer_id, state, name, type, size, hash, width, height, thumb_hash,
                                        created_at)
                VALUES (?1, ?2, 'ready', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                RETURNING {_COLUMNS.replace("attachment.", "")}""",  # noqa: S608  fixed words only
            owner.agent,
            owner.customer,
            kept.name,
            kept.type,
            kept.size,
            kept.hash,
            kept.width,
            kept.height,
            kept.thumb_hash,
            now,
        )
    )
    return Attachment(*row)


async def hold_owner(tx: Tx, owner: Owner) -> None:
    """Nobody else adds an upload of theirs until the transaction ends."""
    who = "customer" if owner.agent is None else "agent"
    await tx.one(f"SELECT id FROM {who} WHERE id = ?1 FOR NO KEY UPDATE", owner.agent or owner.customer)  # noqa: S608


async def count_loose(tx: Tx, owner: Owner) -> int:
    row = certain(
        await tx.one(
            """SELECT count(*) AS n FROM attachment
                WHERE message_id IS NULL
                  AND agent_id IS NOT DISTINCT FROM ?1 AND customer_id IS NOT DISTINCT FROM ?2""",
            owner.agent,
            owner.customer,
        )
    )
    return int(row["n"])


async def loose(tx: Tx, owner: Owner, ids: Sequence[int]) -> list[Loose]:
    """Uploads of this owner's in the order asked for, held for the message that is to `take_up` them. Raises Invalid
    for any that is somebody else's, used already, or named twice: all of them look alike."""
    if not ids:
        return []
    places, values = listed(ids, first=3)
    rows = await tx.all(
        f"""SELECT id, hash, type, size FROM attachment
             WHERE message_id IS NULL AND state = 'ready'
               AND agent_id IS NOT DISTINCT FROM ?1 AND customer_id IS NOT DISTINCT FROM ?2
               AND id IN ({places}) ORDER BY id FOR UPDATE""",  # noqa: S608  placeholders only
        owner.agent,
        owner.customer,
        *values,
    )
    found = {row["id"]: Loose(*row) for row in rows}
    if len(found) != len(ids) or len(set(ids)) != len(ids):
        raise Invalid("an attachment is not there, or was used already: upload it again")
    return [found[id_] for id_ in ids]


async def take_up(tx: Tx, taken: Sequence[Loose], team: TeamId, message: MessageId) -> None:
    """These belong to the message now, in this order."""
    for position, file in enumerate(taken):
        await tx.run(
            "UPDATE attachment SET message_id = ?2, team_id = ?3, position = ?4 WHERE id = ?1",
            file.id,
            message,
            team,
            position,
        )


async def of_messages(tx: Tx, messages: Sequence[int]) -> dict[int, list[Attachment]]:
    """By message, in order. Who may see the messages was decided where they were read."""
    places, values = listed(messages)
    rows = await tx.all(
        f"""SELECT attachment.message_id, {_COLUMNS} FROM attachment WHERE attachment.message_id IN ({places})
             ORDER BY attachment.message_id, attachment.position""",  # noqa: S608  placeholders only
        *values,
    )
    found: dict[int, list[Attachment]] = {}
    for message, *columns in rows:
        found.setdefault(message, []).append(Attachment(*columns))
    return found


async def stored(tx: Tx, id_: int, *, thumb: bool) -> Stored | None:
    """For whoever has a link that we signed."""
    row = await tx.one("SELECT hash, thumb_hash, type, name, width FROM attachment WHERE id = ?1", id_)
    hash_ = None if row is None else row["thumb_hash" if thumb else "hash"]
    return None if row is None or hash_ is None else Stored(hash_, row["type"], row["name"], row["width"] is not None)


async def forget_loose(tx: Tx, before: int, now: int) -> int:
    """Drop uploads from before then that no message has named, a bounded number at once."""
    rows = await tx.all(
        """DELETE FROM attachment WHERE id IN
           (SELECT id FROM attachment WHERE message_id IS NULL AND created_at < ?1 ORDER BY created_at LIMIT ?2)
             AND message_id IS NULL
           RETURNING hash, thumb_hash""",
        before,
        AT_ONCE,
    )
    await files.look_again(tx, sorted({hash_ for row in rows for hash_ in row if hash_ is not None}), now)
    return len(rows)
