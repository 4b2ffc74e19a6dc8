"""Consents: why we may write first to somebody who has not written, with the evidence of who recorded it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.author import AgentId, Author
from gateway.domain.message import TeamId, ThreadId
from gateway.store.reach import in_reach
from gateway.store.store import Row, Tx


@dataclass(frozen=True, slots=True)
class Consent:
    """Who gave it, when (microseconds since 1970), and how: on paper, on the phone, on a form."""

    who: str
    when: int
    how: str


async def add(tx: Tx, line: int, team: TeamId, consent: Consent, author: Author, at: int) -> None:
    await tx.run(
        """INSERT INTO consent (line_id, team_id, who, given_at, how, agent_id, credential_id, at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)""",
        line,
        team,
        consent.who,
        consent.when,
        consent.how,
        author.agent,
        author.evidence.credential,
        at,
    )


async def of_thread(tx: Tx, agent: AgentId, thread: ThreadId) -> list[Row]:
    """line_id, who, given_at, how, at, agent_id and name of who recorded it; newest first."""
    return list(
        await tx.all(
            f"""SELECT consent.line_id, consent.who, consent.given_at, consent.how, consent.at,
                       agent.id AS agent_id, agent.name
                  FROM line JOIN consent ON consent.line_id = line.id JOIN agent ON agent.id = consent.agent_id
                 WHERE line.thread_id = ?2 AND {in_reach("?2")} ORDER BY consent.id DESC""",  # noqa: S608
            agent,
            thread,
        )
    )
