"""The shape of `gateway.toml` and `teams.toml`: every key, its type and its default. A key without effect has no place.

An adapter's keys are declared by the adapter. A validator says "what is wrong; what would be right" and never repeats
what it was given, unless it can be no secret.
"""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, PlainValidator

from gateway.channels.config import BY_REGION, Strict
from gateway.domain.hours import DAY
from gateway.domain.slots import Callbacks
from gateway.settings.addresses import Listen, Network, listen_address, network, text, web_address
from gateway.settings.storage import Database, Files

NAME: Final = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)
"""A team's id or a channel's name."""

_REGION = re.compile(r"\+[1-9]\d{0,14}|[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)


def _zone(value: Any) -> ZoneInfo:
    name = text(value)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of the database
        near = difflib.get_close_matches(name, available_timezones(), 1, 0.8)
        raise ValueError(f'is no time zone; write such as "{near[0] if near else "America/Denver"}"') from None


def _team_id(value: str) -> str:
    if value.startswith("_") or value == BY_REGION:
        raise ValueError("is a reserved word; choose another id")
    if NAME.fullmatch(value) is None:
        raise ValueError('is not a team\'s id; write 1 to 40 of a-z, 0-9 and "-", such as "front-range"')
    return value


def _name(value: str) -> str:
    if not 0 < len(value.strip()) <= 80 or not value.isprintable():
        raise ValueError("is no name that can be shown; write 1 to 80 characters")
    return value


def _region(value: str) -> str:
    if _REGION.fullmatch(value) is None:
        raise ValueError('is no region; write a number prefix such as "+1303" or a place such as "US-CO" or "US"')
    return value


ListenAddress = Annotated[Listen, PlainValidator(listen_address)]


class Server(Strict):
    """`[server]` of gateway.toml."""

    listen: ListenAddress = Listen("127.0.0.1", 8080)
    public_url: Annotated[str, AfterValidator(web_address)] | None = None
    trusted_proxies: tuple[Annotated[Network, PlainValidator(network)], ...] = ()
    operator_listen: ListenAddress | None = None


class GatewayFile(Strict):
    """gateway.toml."""

    server: Server = Server()
    database: Database = Database()
    files: Files = Files()


def _divides_a_day(minutes: int) -> int:
    if DAY % minutes:
        raise ValueError("does not divide a day; write such as 15, 20, 30, 45 or 60")
    return minutes


_TERMS: Final = Callbacks()
Places = Annotated[int, Field(strict=True, ge=0, le=1_000)]


class CallbacksTable(Strict):
    """`callbacks` of a team: the terms of `gateway.domain.slots.Callbacks`."""

    call: Places = _TERMS.call
    chat: Places = _TERMS.chat
    slot_minutes: Annotated[int, Field(strict=True, ge=5, le=240), AfterValidator(_divides_a_day)] = _TERMS.slot_minutes
    lead_minutes: Annotated[int, Field(strict=True, ge=0, le=10_080)] = _TERMS.lead_minutes
    horizon_days: Annotated[int, Field(strict=True, ge=1, le=366)] = _TERMS.horizon_days


class TeamTable(Strict):
    """One `[[team]]` of teams.toml."""

    id: Annotated[str, AfterValidator(_team_id), Field(examples=["front-range"])]
    name: Annotated[str, AfterValidator(_name), Field(examples=["Front Range"])]
    timezone: Annotated[ZoneInfo, PlainValidator(_zone), Field(examples=["America/Denver"])]
    regions: tuple[Annotated[str, AfterValidator(_region)], ...] = ()
    hours: dict[str, tuple[str, ...]] | None = None
    dates: dict[str, tuple[str, ...]] = {}
    callbacks: CallbacksTable = CallbacksTable()


class TeamsFile(Strict):
    """teams.toml. Each team is validated by itself, so that one's fault does not hide another's."""

    default_team: str | None = None
    team: Annotated[tuple[dict[str, Any], ...], Field(min_length=1)]
