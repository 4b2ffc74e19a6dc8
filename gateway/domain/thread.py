"""A thread as an inbox shows it. One thread per customer and team, never closed."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.author import AgentId, CustomerId
from gateway.domain.message import Message, TeamId, ThreadId


@dataclass(frozen=True, slots=True)
class Claim:
    """Who is on it. A courtesy to colleagues, not a lock."""

    agent: AgentId
    name: str


@dataclass(frozen=True, slots=True)
class Thread:
    """One row of an inbox. Times in microseconds since 1970."""

    id: ThreadId
    team: TeamId
    customer: CustomerId
    customer_name: str
    """The name a provider or a person gave; the address where there is none."""
    channel: str
    """Where the customer last wrote."""
    kind: str
    """What kind of address they have there, such as "sms" or "whatsapp": one channel may serve several."""
    waiting_since: int | None
    """The first customer message that is newer than the last reply and the last `done`; None when nobody waits."""
    done_at: int | None
    """When a person said `done`, if nothing was written since."""
    last: Message | None
    claim: Claim | None
    in_count: int
    """How many messages the customer has written."""
    seen_count: int
    """How many of them this agent has read; 0 in the view of nobody in particular."""


@dataclass(frozen=True, slots=True)
class Line:
    """A pair of addresses: the customer's, and the one of ours that they write to. Opt-outs hold for a pair."""

    id: int
    identity: int
    kind: str
    address: str
    channel: str
    endpoint: str
    last: bool = False
    """Whether the customer last wrote here."""
    opted_out_at: int | None = None
    """Since when nothing may be sent; None where it may."""
    wrote_again: bool = False
    """Whether the customer has written since, which does not reopen the pair: the carrier still blocks."""
