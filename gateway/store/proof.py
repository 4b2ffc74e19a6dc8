"""What `teamline verify` reads: the authorship chain beside the messages it speaks for, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.domain.message import TeamId
from gateway.store.statement import Sql
from gateway.store.store import Row, Tx, certain

PAGE: Final = 1_000


_LINKS_TEXT: Final = """SELECT authorship.team_id AS link_team, authorship.seq, authorship.message_id,
        authorship.agent_id, authorship.credential_id, authorship.digest, authorship.prev, authorship.hash,
        message.id AS message, message.direction, message.agent_id AS message_agent,
        message.credential_id AS message_credential, message.salt, message.body,
        message.files, {hashes} AS hashes,
        message.team_id AS message_team, message.thread_id, message.identity_id, message.channel, message.at,
        agent.id AS agent, agent.demo,
        credential.agent_id AS credential_agent, credential.kind, credential.may_reply,
        credential.created_at, credential.expires_at, credential.revoked_at,
        thread.id AS thread, thread.customer_id AS thread_customer,
        identity.id AS identity, identity.customer_id AS identity_customer,
        identity.kind AS address_kind, identity.address,
        line.id AS line, line.thread_id AS line_thread, line.identity_id AS line_identity,
        line.channel AS line_channel, line.endpoint,
        delivery.id AS delivery, delivery.team_id AS delivery_team, delivery.thread_id AS delivery_thread,
        delivery.identity_id AS delivery_identity, delivery.channel AS delivery_channel,
        delivery.endpoint AS delivery_endpoint
   FROM authorship
   LEFT JOIN message ON message.id = authorship.message_id
   LEFT JOIN agent ON agent.id = message.agent_id
   LEFT JOIN credential ON credential.id = message.credential_id
   LEFT JOIN thread ON thread.id = message.thread_id
   LEFT JOIN identity ON identity.id = message.identity_id
   LEFT JOIN line ON line.id = message.line_id
   LEFT JOIN delivery ON delivery.message_id = message.id
  WHERE authorship.team_id = ?1 AND authorship.seq > ?2
  ORDER BY authorship.seq LIMIT ?3"""
_LINKS: Final = Sql(
    _LINKS_TEXT.format(
        hashes="""(SELECT json_group_array(hash) FROM (SELECT attachment.hash FROM attachment
                     WHERE attachment.message_id = message.id ORDER BY attachment.position))"""
    ),
    _LINKS_TEXT.format(
        hashes="""(SELECT coalesce(json_agg(attachment.hash ORDER BY attachment.position), '[]')
                     FROM attachment WHERE attachment.message_id = message.id)"""
    ),
)


async def chains(tx: Tx) -> list[Row]:
    """id, chain_seq of every team."""
    return list(await tx.all("SELECT id, chain_seq FROM team ORDER BY id"))


async def links(tx: Tx, team: TeamId, after: int) -> tuple[Sequence[Row], Row | None]:
    """The next links of a team's chain, each with its message, the evidence and what else the message refers to; and
    the team's head (chain_seq, chain_hash) of the same moment, since messages are written meanwhile."""
    rows = await tx.all(_LINKS, team, after, PAGE)
    return rows, await tx.one("SELECT chain_seq, chain_hash FROM team WHERE id = ?1", team)


async def newest_message(tx: Tx) -> int:
    row = await tx.one("SELECT max(id) AS id FROM message")
    return 0 if row is None or row["id"] is None else int(row["id"])


async def unsigned(tx: Tx, after: int, until: int) -> Row | None:
    """The first outbound message in (after, until] that no chain knows: id, team_id."""
    return await tx.one(
        """SELECT message.id, message.team_id FROM message
            WHERE message.id > ?1 AND message.id <= ?2 AND message.direction = 'out'
              AND NOT EXISTS (SELECT 1 FROM authorship WHERE authorship.message_id = message.id)
            ORDER BY message.id LIMIT 1""",
        after,
        until,
    )


async def unknown_teams(tx: Tx) -> Row | None:
    """A link whose team does not exist: team_id, message_id."""
    return await tx.one(
        """SELECT authorship.team_id, authorship.message_id FROM authorship
            WHERE NOT EXISTS (SELECT 1 FROM team WHERE team.id = authorship.team_id) LIMIT 1"""
    )


async def schema_version(tx: Tx) -> int:
    """The number of the newest migration that this database has seen."""
    row = certain(await tx.one("SELECT max(version) AS version FROM migration"))
    return int(row["version"])
