"""How the channels are doing, for admins: what waits, what failed lately, and when something last came or went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.domain.traffic import Seen
from gateway.store.store import Row, Tx

MOST_CODES: Final = 5
"""Errors of our own set-up that are shown for each channel."""


async def keep_traffic(tx: Tx, seen: Mapping[str, Seen]) -> None:
    """Remember what this process has seen, so that it is known after a restart; what is newest on any node wins."""
    for channel, traffic in sorted(seen.items()):
        await tx.run(
            """INSERT INTO traffic (channel, last_in, last_out, last_error, error_code, error_detail)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (channel) DO UPDATE SET
                 last_in = CASE WHEN coalesce(traffic.last_in, 0) > coalesce(excluded.last_in, 0)
                                THEN traffic.last_in ELSE excluded.last_in END,
                 last_out = CASE WHEN coalesce(traffic.last_out, 0) > coalesce(excluded.last_out, 0)
                                 THEN traffic.last_out ELSE excluded.last_out END,
                 last_error = CASE WHEN coalesce(traffic.last_error, 0) > coalesce(excluded.last_error, 0)
                                   THEN traffic.last_error ELSE excluded.last_error END,
                 error_code = CASE WHEN coalesce(traffic.last_error, 0) > coalesce(excluded.last_error, 0)
                                   THEN traffic.error_code ELSE excluded.error_code END,
                 error_detail = CASE WHEN coalesce(traffic.last_error, 0) > coalesce(excluded.last_error, 0)
                                     THEN traffic.error_detail ELSE excluded.error_detail END""",
            channel,
            traffic.last_in,
            traffic.last_out,
            traffic.last_error,
            traffic.error_code,
            traffic.error_detail,
        )


async def kept_traffic(tx: Tx) -> dict[str, Seen]:
    rows = await tx.all("SELECT channel, last_in, last_out, last_error, error_code, error_detail FROM traffic")
    return {row["channel"]: Seen(*list(row)[1:]) for row in rows}


async def keep_misconfiguration(tx: Tx, channel: str, code: str | None, detail: str | None, at: int) -> None:
    """A provider said that our own set-up is wrong; the same code again is counted."""
    await tx.run(
        """INSERT INTO misconfiguration (channel, code, detail, count, at) VALUES (?1, ?2, ?3, 1, ?4)
           ON CONFLICT (channel, code) DO UPDATE SET detail = excluded.detail, count = misconfiguration.count + 1,
              at = excluded.at""",
        channel,
        code or "",
        detail or "",
        at,
    )


async def misconfigurations(tx: Tx) -> Sequence[Row]:
    """channel, code, detail, count, at: the last few of each channel, newest first."""
    return await tx.all(
        """SELECT channel, code, detail, count, at FROM misconfiguration AS one
            WHERE (SELECT count(*) FROM misconfiguration AS newer
                    WHERE newer.channel = one.channel AND newer.at > one.at) < ?1
            ORDER BY channel, at DESC, code""",
        MOST_CODES,
    )


async def under_way(tx: Tx) -> Sequence[Row]:
    """channel, state, n, retrying: what is not settled, by channel. `retrying` were tried before."""
    return await tx.all(
        """SELECT channel, state, count(*) AS n, sum(CASE WHEN attempt > 0 THEN 1 ELSE 0 END) AS retrying
             FROM delivery WHERE state IN ('queued', 'sending', 'unknown') GROUP BY channel, state"""
    )


async def tokens(tx: Tx) -> Sequence[Row]:
    """id, login, label, may_reply, created_at of each personal token that is good."""
    return await tx.all(
        """SELECT credential.id, agent.login, credential.label, credential.may_reply, credential.created_at
             FROM credential JOIN agent ON agent.id = credential.agent_id
            WHERE credential.kind = 'token' AND credential.revoked_at IS NULL AND agent.disabled_at IS NULL
            ORDER BY agent.login, credential.id"""
    )
