"""Attachments: who may name one in a message, and which are still to be fetched. Their bytes are in the file store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from gateway.domain.attachment import Attachment, AttachmentId, Owner
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.errors import Invalid
from gateway.store import files
from gateway.store.statement import Sql
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
class Waiting:
    """A file that a provider holds for us."""

    message: MessageId
    team: TeamId
    position: int
    name: str
    type: str
    url: str
    channel: str
    at: int


@dataclass(frozen=True, slots=True)
class Errand:
    """A file that is due to be fetched. `tries` counts this one, and names it when it ends."""

    id: AttachmentId
    message: MessageId
    channel: str
    url: str
    type: str
    name: str
    tries: int


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the bytes of an attachment are."""

    hash: str
    type: str
    name: str
    is_picture: bool


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
    """Uploads of this owner's in the order asked for, to be named by a message. Raises Invalid for any that is
    somebody else's, used already, or named twice: all of them look alike."""
    if not ids:
        return []
    places, values = listed(ids, first=3)
    rows = await tx.all(
        f"""SELECT id, hash, type, size FROM attachment
             WHERE message_id IS NULL AND state = 'ready'
               AND agent_id IS NOT DISTINCT FROM ?1 AND customer_id IS NOT DISTINCT FROM ?2
               AND id IN ({places})""",  # noqa: S608  placeholders only
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


async def wait(tx: Tx, waiting: Sequence[Waiting]) -> None:
    """Files of customers' messages that their providers hold: due at once."""
    await tx.run(
        Sql(
            """INSERT INTO attachment (message_id, team_id, position, state, name, type, source_url, channel, due_at,
                                       created_at)
               SELECT json_extract(value, '$.message'), json_extract(value, '$.team'),
                      json_extract(value, '$.position'), 'waiting', json_extract(value, '$.name'),
                      json_extract(value, '$.type'), json_extract(value, '$.url'), json_extract(value, '$.channel'),
                      json_extract(value, '$.at'), json_extract(value, '$.at')
                 FROM json_each(?1) WHERE true ORDER BY key""",
            """INSERT INTO attachment (message_id, team_id, position, state, name, type, source_url, channel, due_at,
                                       created_at)
               SELECT message, team, position, 'waiting', name, type, url, channel, at, at
                 FROM json_to_recordset(?1::json) AS waiting (message bigint, team text, position bigint, name text,
                      type text, url text, channel text, at bigint) ORDER BY message, position""",
        ),
        orjson.dumps(waiting).decode(),
    )


async def due(tx: Tx, channel: str, now: int, room: int) -> list[AttachmentId]:
    rows = await tx.all(
        """SELECT id FROM attachment
            WHERE channel = ?1 AND due_at <= ?2 AND (lease_until IS NULL OR lease_until <= db_now())
            ORDER BY due_at LIMIT ?3""",
        channel,
        now,
        room,
    )
    return [row["id"] for row in rows]


async def claim(tx: Tx, id_: AttachmentId, now: int, lease: int) -> Errand | None:
    """One try at fetching, for `lease` microseconds by the database's clock; then a fetch that died with its node is
    due again."""
    row = await tx.one(
        """UPDATE attachment SET tries = tries + 1, lease_until = db_now() + ?3
            WHERE id = ?1 AND state = 'waiting' AND due_at <= ?2 AND (lease_until IS NULL OR lease_until <= db_now())
           RETURNING id, message_id, channel, source_url, type, name, tries""",
        id_,
        now,
        lease,
    )
    return None if row is None else Errand(*row)


async def release(tx: Tx) -> None:
    """Whatever waits is due: whoever was fetching is gone."""
    await tx.run("UPDATE attachment SET lease_until = NULL WHERE lease_until IS NOT NULL")


async def postpone(tx: Tx, errand: Errand, due_at: int) -> None:
    await tx.run(
        """UPDATE attachment SET due_at = ?3, lease_until = NULL
            WHERE id = ?1 AND tries = ?2 AND state = 'waiting'""",
        errand.id,
        errand.tries,
        due_at,
    )


async def fetched(tx: Tx, errand: Errand, kept: Kept) -> bool:
    """The file is here. False when it was fetched by somebody else meanwhile."""
    await files.name(tx, kept.hashes)
    return bool(
        await tx.run(
            """UPDATE attachment SET state = 'ready', due_at = NULL, lease_until = NULL, source_url = NULL, name = ?3,
                      type = ?4, size = ?5,
                      hash = ?6, width = ?7, height = ?8, thumb_hash = ?9
                WHERE id = ?1 AND tries = ?2 AND state = 'waiting'""",
            errand.id,
            errand.tries,
            kept.name,
            kept.type,
            kept.size,
            kept.hash,
            kept.width,
            kept.height,
            kept.thumb_hash,
        )
    )


async def fail(tx: Tx, errand: Errand, detail: str) -> bool:
    return bool(
        await tx.run(
            """UPDATE attachment SET state = 'failed', due_at = NULL, lease_until = NULL, detail = ?3
                WHERE id = ?1 AND tries = ?2 AND state = 'waiting'""",
            errand.id,
            errand.tries,
            detail,
        )
    )


async def home_of(tx: Tx, message: MessageId) -> tuple[TeamId, ThreadId]:
    """The team that holds a message's thread now, and the thread."""
    row = certain(
        await tx.one(
            """SELECT thread.team_id, thread.id FROM message JOIN thread ON thread.id = message.thread_id
                WHERE message.id = ?1""",
            message,
        )
    )
    return row["team_id"], row["id"]


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
           RETURNING hash, thumb_hash""",
        before,
        AT_ONCE,
    )
    await files.look_again(tx, sorted({hash_ for row in rows for hash_ in row if hash_ is not None}), now)
    return len(rows)
