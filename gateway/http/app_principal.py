"""An app customer's token: a JWT that the company's own backend signed. This file finds the channel that knows it.

The channel checks it at every request. Whatever is wrong with one, and whichever channel says so, is the same 401. Good
ones are written down once, so that from then on they are what a visitor's token is: they can be ended, and expire.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from gateway.actions import app_visit
from gateway.channels.config import BY_REGION
from gateway.channels.push import App, Claims
from gateway.domain.address import Address
from gateway.domain.instant import micros
from gateway.domain.message import TeamId
from gateway.errors import NotFound, Unauthenticated, Unavailable
from gateway.http.deps import Deps
from gateway.settings import Settings
from gateway.store.profiles import Profile
from gateway.store.visitors import Token

_LONGEST: Final = 255
"""Characters of an address."""


def is_signed(secret: str) -> bool:
    """Whether it has the three parts of a JWT (RFC 7519); a token of ours has one."""
    return secret.count(".") == 2


async def token(secret: str, deps: Deps) -> Token:
    """Raises Unauthenticated, without a word why; Unavailable while a channel's keys, or the database, cannot be
    had."""
    channel, claims = await _identified(secret, deps)
    entry = _entry(deps, channel, claims, _hashed(secret))
    if entry.secret not in deps.entered:
        await deps.store.write(app_visit.enter, entry)
        deps.entered.add(entry.secret)
    return Token(entry.secret, frozenset({channel}), subject=entry.address)


def apps(deps: Deps) -> Iterator[tuple[str, App]]:
    """The live channels that an app's customers come by, by name."""
    for name in sorted(deps.channels):
        adapter = deps.channels.get(name)
        if isinstance(adapter, App):
            yield name, adapter


async def _identified(secret: str, deps: Deps) -> tuple[str, Claims]:
    refused: Unauthenticated | Unavailable = Unauthenticated()
    for name in [name for name, _ in apps(deps)]:
        try:
            async with deps.channels.use(name) as adapter:
                if isinstance(adapter, App):
                    return name, await adapter.identify(secret)
        except (Unauthenticated, NotFound):
            continue  # another channel's, or this one has just gone
        except Unavailable as problem:
            refused = problem
    raise refused


def _hashed(secret: str) -> bytes:
    """Of what is signed, without the signature: that can be written in more ways than one (an ECDSA signature has a
    twin), and a token that was ended must not come back in another spelling."""
    return hashlib.sha256(secret.rpartition(".")[0].encode()).digest()


def _entry(deps: Deps, channel: str, claims: Claims, hashed: bytes) -> app_visit.Entry:
    return app_visit.Entry(
        secret=hashed,
        channel=channel,
        address=_address(channel, claims.subject),
        name=claims.name,
        profile=Profile(
            claims.phone,
            claims.phone_verified,
            claims.postal_code,
            claims.region,
            claims.customer_class,
            claims.account,
            claims.locale,
        ),
        team=_team(deps, channel, claims),
        expires_at=micros(claims.expires_at),
        now=deps.clock(),
    )


def _address(channel: str, subject: str) -> str:
    """A subject that is too long is known by its hash, and no subject looks like one."""
    plain = f"{channel}:{subject}"
    if len(plain) <= _LONGEST and not subject.startswith("#"):
        return plain
    return f"{channel}:#{hashlib.sha256(subject.encode()).hexdigest()}"


def _team(deps: Deps, channel: str, claims: Claims) -> TeamId:
    """Of a customer nobody knows yet. A phone that is not verified proves nothing, but may well say where they live."""
    settings: Settings = deps.settings()
    adapter = deps.channels.get(channel)
    door = adapter.destination("") if adapter is not None else None
    if door is not None and door.team != BY_REGION and (team := settings.teams.get(door.team)):
        return team.id
    phone = Address("phone", claims.phone) if claims.phone is not None else None
    return settings.teams.route(phone, claims.region).id
