"""Opt-outs: whether we may write by a line, and the history of who said so. A pair that is closed stays so until the
carrier's own word for opening it; no query here reopens one for an agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.domain.author import Author
from gateway.domain.message import TeamId
from gateway.store.store import Tx

Source = Literal["customer", "provider", "agent"]


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody's word on a line. `at` is when it was said, which may be long before we heard of it."""

    line: int
    team: TeamId
    opt: Literal["out", "in"]
    source: Source
    at: int
    author: Author | None = None
    note: str | None = None
    """An agent's: how the customer asked."""


async def record(tx: Tx, said: Said) -> bool:
    """Keep it, and close or open the line unless a later word is known already: a STOP that comes late must not undo
    the START that came after it. Whether the line was changed; the caller holds it (see `lines.held`)."""
    changed = await tx.run(
        """UPDATE line SET opted_out_at = CASE WHEN ?2 = 'out' THEN ?3 END
            WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM opt_out WHERE opt_out.line_id = ?1 AND opt_out.at > ?3)""",
        said.line,
        said.opt,
        said.at,
    )
    await tx.run(
        """INSERT INTO opt_out (line_id, team_id, opt, source, agent_id, credential_id, note, at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)""",
        said.line,
        said.team,
        said.opt,
        said.source,
        said.author.agent if said.author else None,
        said.author.evidence.credential if said.author else None,
        said.note,
        said.at,
    )
    return bool(changed)
