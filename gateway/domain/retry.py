"""When to try again: exponential back-off with full jitter, and the provider's own wish when it states one.

Full jitter after Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

BASE: Final = timedelta(seconds=2)
CEILING: Final = timedelta(minutes=10)
MOST_ATTEMPTS: Final = 20
"""About an hour of tries, for jitter halves the waits on average; then the message is `failed` and a person decides."""


def delay(attempt: int, chance: float, retry_after: timedelta | None = None) -> timedelta | None:
    """How long to wait after `attempt` (1-based) failed; None when it was the last. `chance` is drawn from [0, 1)."""
    if attempt >= MOST_ATTEMPTS:
        return None
    jittered = min(CEILING, BASE * float(2 ** (attempt - 1))) * chance
    return max(jittered, min(retry_after, timedelta(hours=1))) if retry_after else jittered
