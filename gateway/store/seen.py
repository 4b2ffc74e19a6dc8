"""How far each person has read each thread."""

from __future__ import annotations

from gateway.domain.author import AgentId
from gateway.domain.message import MessageId, ThreadId
from gateway.store.store import Tx, certain


async def mark(tx: Tx, agent: AgentId, thread: ThreadId, message: MessageId) -> None:
    """Move the marker forward to `message`, or to the newest that the thread has by then; going back does nothing.

    `in_count` is the thread's count less what came after the message, so that a long thread costs nothing here.
    """
    row = certain(
        await tx.one(
            """SELECT thread.in_count - (SELECT count(*) FROM message
                                      WHERE message.thread_id = ?1 AND message.id > ?2 AND message.direction = 'in')
                      AS read_count,
                  (SELECT coalesce(max(message.id), 0) FROM message
                    WHERE message.thread_id = ?1 AND message.id <= ?2) AS message_id
             FROM thread WHERE thread.id = ?1""",
            thread,
            message,
        )
    )
    await tx.run(
        """INSERT INTO seen (agent_id, thread_id, message_id, in_count) VALUES (?1, ?2, ?3, ?4)
           ON CONFLICT (agent_id, thread_id) DO UPDATE
              SET message_id = excluded.message_id, in_count = excluded.in_count
            WHERE excluded.message_id > seen.message_id""",
        agent,
        thread,
        row["message_id"],
        row["read_count"],
    )
