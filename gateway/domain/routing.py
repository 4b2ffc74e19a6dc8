"""Which team is a customer's own. This file decides only for customers who have none yet; nobody is moved by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gateway.domain.address import NUMBER_KINDS, Address
from gateway.domain.message import TeamId
from gateway.domain.team import Team


@dataclass(frozen=True, slots=True)
class Teams:
    """All teams by id, at least one. `default` is the one for customers whom no region claims."""

    by_id: Mapping[TeamId, Team]
    default: TeamId
    _regions: Mapping[str, TeamId] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        regions = {region: team.id for team in self.by_id.values() for region in team.regions}
        object.__setattr__(self, "_regions", MappingProxyType(regions))
        self.by_id[self.default]  # a default that is no team is our own bug

    def __iter__(self) -> Iterator[Team]:
        return iter(self.by_id.values())

    def get(self, team: str) -> Team | None:
        return self.by_id.get(TeamId(team))

    def route(self, address: Address | None = None, place: str | None = None) -> Team:
        """The team of a customer who lives in `place` ("US-CO", as their account says) or has this phone number.

        A place says more than a number, which people keep when they move. The longest prefix wins, and a place inside
        a country beats the country.
        """
        by_number = self.claiming(address) if address is not None else None
        return self.by_id[self._longest(place or "") or by_number or self.default]

    def claiming(self, address: Address) -> TeamId | None:
        """The team whose region this phone number is in, if it is in any."""
        return self._longest(address.value) if address.kind in NUMBER_KINDS else None

    def _longest(self, text: str) -> TeamId | None:
        if not text.startswith("+"):
            return self._regions.get(text) or self._regions.get(text.partition("-")[0])
        lengths = range(len(text), 1, -1)
        return next((team for length in lengths if (team := self._regions.get(text[:length]))), None)
