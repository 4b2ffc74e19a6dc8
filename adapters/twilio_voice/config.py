"""The keys of a Twilio voice channel's file. Refuses a number that cannot be shown, a country that is none."""

from __future__ import annotations

from typing import Annotated

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, Field

from adapters.twilio.account import AccountConfig
from gateway.domain.address import is_e164


def _number(number: str) -> str:
    if not is_e164(number):
        raise ValueError('not a number; write it with its country\'s code: "+13035550100"')
    return number


def _country(country: str) -> str:
    if country not in SUPPORTED_REGIONS:
        raise ValueError('not a country; write its two capital letters (ISO 3166-1): "US"')
    return country


def _not_nowhere(countries: tuple[str, ...]) -> tuple[str, ...]:
    if not countries:
        raise ValueError('nobody may be called; list a country, such as "US", or set enabled = false')
    return countries


Country = Annotated[str, AfterValidator(_country)]
Flag = Annotated[bool, Field(strict=True)]


class VoiceConfig(AccountConfig):
    """`adapters/<channel>.toml` with `adapter = "twilio_voice"`."""

    number: Annotated[str, AfterValidator(_number)]
    """Ours, of this account or verified there: agent and customer see it."""
    confirm: Flag = True
    """The agent presses a key before the customer is called, so that an agent's voicemail never calls anybody."""
    record: Flag = False
    """Twilio records both sides from the customer's answer on. The agent says so to the customer; nothing else does."""
    countries: Annotated[tuple[Country, ...], AfterValidator(_not_nowhere)] = ("US", "CA")
    """Where calls may go."""
