"""Who may see a thread, as a condition that stands in the query itself: a forgotten check shows nothing."""

from __future__ import annotations


def in_reach(thread: str) -> str:
    """SQL that is true when agent ?1 may see a thread; `thread` is a column or a placeholder that has its id.

    What the agent holds is listed once for the whole statement. `|| ''` keeps SQLite from looking a thread up under
    each of fifty things held: it has one holder, or a few. `IS TRUE` keeps PostgreSQL from listing it for each thread.
    """
    return f"""EXISTS (SELECT 1 FROM reach WHERE reach.thread_id = {thread}
                AND (reach.holder || '' IN (SELECT holder FROM holding WHERE agent_id = ?1)) IS TRUE)"""  # noqa: S608  names and placeholders only
