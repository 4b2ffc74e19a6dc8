"""What the HTTP floor is lent by the composition root. This file owns the list and makes none of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from gateway.channels.registry import Channels
from gateway.errors import Fault
from gateway.feed.follow import Feed
from gateway.files.intake import Intake
from gateway.files.links import Links
from gateway.http.entered import Entered
from gateway.http.metrics import Metrics
from gateway.http.pace import Paces
from gateway.http.passwords import Passwords
from gateway.settings import Settings
from gateway.store.store import Store

BODY_SECONDS: Final = 10.0
"""How long a client may take to send a body; aiohttp itself has no such bound."""


@dataclass(frozen=True, slots=True)
class DemoPhone:
    """The phone on the demo's screen: the loopback channel, its own number and the team's, and what was said before."""

    channel: str
    number: str
    team_number: str
    team_name: str
    past: tuple[Mapping[str, str], ...] = ()
    """{id, direction: "in" | "out", body, at} of each message, oldest first, as this customer's phone keeps them."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that somebody else keeps, read when metrics are asked for.

    `read` gives label values to numbers, {"": n} where there is no `label`; it must be quick and may not raise.
    """

    name: str
    help: str
    read: Callable[[], Mapping[str, float]]
    label: str | None = None
    kind: Literal["gauge", "counter"] = "gauge"


@dataclass(frozen=True, slots=True)
class ConfigState:
    """Faults of the folder that kept it from being taken up, and what in it needs a restart or a look, in words.
    `others`: how many nodes of this database run on which other version. `needs_restart`: keys of the folder whose
    new values this node does not use yet."""

    faults: tuple[Fault, ...] = ()
    notices: tuple[str, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)
    needs_restart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything a request may need. `clock` gives microseconds since 1970."""

    store: Store
    settings: Callable[[], Settings]
    channels: Channels
    feed: Feed
    clock: Callable[[], int]
    intake: Intake
    """The way in for files, and where they are."""
    links: Links
    config: Callable[[], ConfigState] = ConfigState
    """How the config folder stands to what is in use."""
    outage: Callable[[], None] = lambda: None
    """Told when a webhook was answered that nothing was taken."""
    started_at: int = 0
    demo: DemoPhone | None = None
    readings: tuple[Reading, ...] = ()
    body_seconds: float = BODY_SECONDS
    passwords: Passwords = field(default_factory=Passwords)
    metrics: Metrics = field(default_factory=Metrics)
    paces: Paces = field(default_factory=Paces)
    entered: Entered = field(default_factory=Entered)
