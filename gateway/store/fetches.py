"""Files that a provider holds for us: which are due, who is fetching each, and how that ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from gateway.domain.attachment import AttachmentId
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.store import claims, files
from gateway.store.attachments import Kept
from gateway.store.statement import Sql
from gateway.store.store import Tx, certain


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


_DUE: Final = """SELECT attachment.id FROM attachment
  WHERE channel = ?1 AND due_at <= ?2 AND state = 'waiting' AND (lease_until IS NULL OR lease_until <= db_now())
  ORDER BY due_at, id LIMIT ?3"""
_ERRAND: Final = ", ".join(
    f"attachment.{name}" for name in ("id", "message_id", "channel", "source_url", "type", "name", "tries")
)


async def is_due(tx: Tx, channel: str, now: int) -> bool:
    return await tx.one(_DUE, channel, now, 1) is not None


async def claim(tx: Tx, channel: str, now: int, room: int, lease: int) -> list[Errand]:
    """One try at fetching each, for `lease` microseconds by the database's clock; then a fetch that died with its node
    is due again. What another node is just claiming is left out."""
    rows = await tx.all(
        f"""WITH mine AS ({_DUE} FOR NO KEY UPDATE SKIP LOCKED)
            UPDATE attachment SET tries = tries + 1, lease_until = db_now() + ?4
              FROM mine WHERE attachment.id = mine.id
            RETURNING {_ERRAND}""",  # noqa: S608  fixed words only
        channel,
        now,
        room,
        lease,
    )
    return [Errand(*row) for row in rows]


async def still_claimed(tx: Tx, claimed: Sequence[Errand]) -> list[Errand]:
    """Those of a claim whose COMMIT got no answer that it has. What another node has claimed instead is taken for ours,
    and fetched twice at worst."""
    return await claims.kept(tx, "attachment", "tries", claimed)


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
    """The file is here. False when it was fetched by somebody else meanwhile, or given up."""
    held = "SELECT id FROM attachment WHERE id = ?1 AND tries = ?2 AND state = 'waiting' FOR NO KEY UPDATE"
    if await tx.one(held, errand.id, errand.tries) is None:
        return False  # nothing would name these bytes
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
