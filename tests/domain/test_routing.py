"""Which team a new customer belongs to."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from gateway.domain.address import Address
from gateway.domain.days import Days
from gateway.domain.hours import Hours
from gateway.domain.message import TeamId
from gateway.domain.routing import Teams
from gateway.domain.team import Team

UTC = ZoneInfo("UTC")


def teams(**regions: list[str]) -> Teams:
    by_id = {
        TeamId(name): Team(TeamId(name), name, UTC, tuple(claimed), Days(Hours(UTC)))
        for name, claimed in regions.items()
    }
    return Teams(by_id, next(iter(by_id)))


THREE = teams(rest=[], colorado=["US-CO", "+1303", "+1720"], boulder=["+130344"], states=["US", "+1"])


@pytest.mark.parametrize(
    ("address", "place", "team"),
    [
        (Address("sms", "+13035550100"), None, "colorado"),
        (Address("sms", "+13034455510"), None, "boulder"),
        (Address("whatsapp", "+17205550100"), None, "colorado"),
        (Address("sms", "+12125550100"), None, "states"),
        (Address("sms", "+442071234567"), None, "rest"),
        (Address("web", "+13035550100"), None, "rest"),
        (Address("phone", "+13035550100"), None, "colorado"),
        (Address("sms", "73839"), None, "rest"),
        (None, "US-CO", "colorado"),
        (None, "US-NY", "states"),
        (None, "CA-QC", "rest"),
        (None, None, "rest"),
        (Address("sms", "+442071234567"), "US-CO", "colorado"),
        (Address("sms", "+13035550100"), "CA-QC", "colorado"),
    ],
)
def test_a_customer_finds_their_team(address, place, team) -> None:
    """A place says more than a number, the longest prefix wins, and the rest goes to the default team."""
    assert team == THREE.route(address, place).id


def test_one_team_is_everybodys() -> None:
    """With a single team nobody asks where a customer lives."""
    only = teams(only=["+1303"])
    assert only.route(Address("sms", "+442071234567"), "DE-BY").id == "only"
    assert ["only"] == [team.id for team in only]


def test_a_team_is_found_by_its_id() -> None:
    """And what is no team is None."""
    assert THREE.get("boulder").id == "boulder"
    assert THREE.get("by-region") is None


def test_a_number_may_be_nobodys() -> None:
    """A number outside all regions is claimed by no team, and so is an address that is no number."""
    told = [Address("sms", "+13035550100"), Address("sms", "+442071234567"), Address("web", "+13035550100")]
    assert ["colorado", None, None] == [THREE.claiming(address) for address in told]
