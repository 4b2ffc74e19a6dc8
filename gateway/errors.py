"""The error tree. An error carries the decision: which status, may it be tried again, what may a person read.

    TeamlineError
    ├── Problem                 answered over HTTP as RFC 9457, with these statuses
    │   ├── Malformed           400  bytes that are not what they claim to be
    │   ├── Unauthenticated     401
    │   ├── Forbidden           403  yours, but your role is too low
    │   ├── NotFound            404  not there, or not yours: the two look alike
    │   ├── Conflict            409  the state of things is against it
    │   │   ├── Unreachable          no channel leads to this customer now
    │   │   ├── OptedOut             the customer wants nothing from this address of ours
    │   │   ├── SlotFull             somebody else has taken the last place; with the next times
    │   │   ├── AlreadyBooked        one of that kind is open; with it
    │   │   ├── NoPhone              a call rings the agent's own phone first, and they have none
    │   │   ├── DraftChanged         the writer has begun other words elsewhere
    │   │   └── IllegalMove          the state table has no such step
    │   ├── TooLarge            413
    │   ├── Invalid             422  well formed, but refused
    │   │   └── NobodyThere          nobody can call at once; with the next times
    │   ├── TooMany             429  with Retry-After
    │   └── Unavailable         503  nothing happened; with Retry-After
    │       ├── NoRoom               the database's disk is full
    │       └── OutcomeUnknown       it may have happened: try again with the same key
    ├── ConfigError             the configuration has faults, each with file, line and key
    ├── DatabaseTooNew          a newer Teamline has written this database
    └── Misuse                  our own bug: raised, never answered politely

A docstring is the default message, so that a bare `raise NotFound` says something a person can read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


class TeamlineError(Exception):
    """Something went wrong."""

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or (self.__doc__ or "").strip().splitlines()[0]
        super().__init__(self.detail)


class Problem(TeamlineError):
    """This cannot be done."""

    status: int = 500
    slug: ClassVar[str] = "error"
    title: ClassVar[str] = "Error"

    def __init__(
        self, detail: str | None = None, *, retry_after: int | None = None, facts: Mapping[str, Any] | None = None
    ) -> None:
        """`facts`: what stands in the document beside the words (RFC 9457, 3.2)."""
        super().__init__(detail)
        self.retry_after = retry_after
        self.facts: Mapping[str, Any] = facts or {}


class Malformed(Problem):
    """The request is not well formed."""

    status, slug, title = 400, "malformed", "Malformed request"


class Unauthenticated(Problem):
    """Sign in, or send a valid token."""

    status, slug, title = 401, "unauthenticated", "Not signed in"


class Forbidden(Problem):
    """Your role does not allow this."""

    status, slug, title = 403, "forbidden", "Not allowed"


class NotFound(Problem):
    """There is no such thing here."""

    status, slug, title = 404, "not-found", "Not found"


class Conflict(Problem):
    """The state of things does not allow this now."""

    status, slug, title = 409, "conflict", "Conflict"


class Unreachable(Conflict):
    """No channel leads to this customer now."""

    slug, title = "unreachable", "Customer cannot be reached"


class OptedOut(Conflict):
    """The customer wants no messages from this address of ours."""

    slug, title = "opted-out", "Customer has opted out"


class DraftChanged(Conflict):
    """You have written another draft here since. Read it before you replace it."""

    slug, title = "draft-changed", "Draft has changed"


class SlotFull(Conflict):
    """That time has just been taken."""

    slug, title = "slot-full", "Time is taken"


class AlreadyBooked(Conflict):
    """There is a booking of that kind already. Move it, or cancel it first."""

    slug, title = "already-booked", "Booked already"


class NoPhone(Conflict):
    """You have no phone number here yet. Set your own, then call again."""

    slug, title = "no-phone", "No phone to call from"


class IllegalMove(Conflict):
    """That step does not exist from the present state."""

    slug, title = "illegal-move", "Not possible in this state"


class TooLarge(Problem):
    """The request is too large."""

    status, slug, title = 413, "too-large", "Too large"


class Invalid(Problem):
    """The content was refused."""

    status, slug, title = 422, "invalid", "Invalid content"


class NobodyThere(Invalid):
    """Nobody can call right now. Choose one of the next times."""

    slug, title = "nobody-there", "Nobody can call now"


class TooMany(Problem):
    """Too many attempts; wait a moment."""

    status, slug, title = 429, "too-many", "Too many requests"


class Unavailable(Problem):
    """Not now; nothing was changed. Try again in a moment."""

    status, slug, title = 503, "unavailable", "Not available now"

    def __init__(self, detail: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(detail, retry_after=retry_after)


class NoRoom(Unavailable):
    """The database's disk is full; nothing was changed. Try again in a moment."""


class OutcomeUnknown(Unavailable):
    """It may have happened. Try again with the same Idempotency-Key."""

    slug, title = "outcome-unknown", "Outcome unknown"

    answer: Any = None
    """What the write would have answered, where that is known, for who can find out whether it happened."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake in the configuration; `line` is 1-based, 0 when it belongs to the whole file."""

    path: str
    line: int
    key: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.key}: {self.problem}; {self.remedy}"


class ConfigError(TeamlineError):
    """The configuration has faults."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class DatabaseTooNew(TeamlineError):
    """This database was written by a newer Teamline. Run that version, or restore a backup made by this one."""


class Misuse(TeamlineError):
    """A rule of this program was broken by its own code."""
