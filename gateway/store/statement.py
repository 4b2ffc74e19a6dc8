"""What a statement may be, on any engine. Refuses whatever one engine would take and the other would not, or would
take to mean something else. A statement once checked costs nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from gateway.errors import Misuse

VERBS: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
"""No BEGIN, PRAGMA or CREATE: transactions are the engine's, the schema is the migrations'."""

_FIRST_WORD = re.compile(r"\s*([A-Za-z]+)")
_REFUSED: Final = (
    (re.compile(r"\bOR\s+(ROLLBACK|ABORT|FAIL|IGNORE|REPLACE)\b", re.IGNORECASE), "decide conflicts with ON CONFLICT"),
    (re.compile(r"(\bSELECT\s+|\bRETURNING\s+|,\s*|\w\.)\*", re.IGNORECASE), "name the columns"),
    (re.compile(r"\?(?!\d)|[:@$]\d"), "write placeholders as ?1, ?2"),
)


@lru_cache(maxsize=1024)  # more than the program has statements; bounded all the same
def check(sql: str) -> None:
    """Raises Misuse for a statement that a transaction may not make."""
    first = _FIRST_WORD.match(sql)
    if first is None or first[1].upper() not in VERBS:
        raise Misuse(f"a transaction takes {', '.join(sorted(VERBS))} only: {brief(sql)}")
    for pattern, remedy in _REFUSED:
        if pattern.search(sql):
            raise Misuse(f"{remedy}: {brief(sql)}")


def brief(sql: str) -> str:
    """A statement on one line, for an error; values are never part of its text."""
    return " ".join(sql.split())[:200]
