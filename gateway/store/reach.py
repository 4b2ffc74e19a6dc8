"""Who may see a thread, as a condition that stands in the query itself: a forgotten check shows nothing."""

from __future__ import annotations


def in_reach(thread: str) -> str:
    """SQL that is true when agent ?1 may see a thread; `thread` is a column or a placeholder that has its id.

    With a placeholder it is asked once for the whole statement, with a column for each row.
    """
    return f"""EXISTS (SELECT 1 FROM reach JOIN holding ON holding.holder = reach.holder
                WHERE reach.thread_id = {thread} AND holding.agent_id = ?1)"""  # noqa: S608  names and placeholders only
