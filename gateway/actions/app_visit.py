"""An app's customer comes with a token that the company signed: who they are is written down, once for each token.

From then on the token is good for what a visitor's is, until it ends. A verified phone is the same person as whoever
texts from it; one that is not verified proves nothing, and is only shown to the agents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.domain.address import Address
from gateway.domain.author import CustomerId
from gateway.domain.message import TeamId
from gateway.store import attachments, devices, profiles, threads, visitors
from gateway.store.profiles import Profile
from gateway.store.store import Row, Tx, certain

KIND: Final = "app"
"""The kind of an app customer's address."""

_SELECT: Final = "SELECT id, customer_id FROM identity WHERE kind = ?1 AND address = ?2"


@dataclass(frozen=True, slots=True)
class Entry:
    """A token that was found good. Times in microseconds since 1970."""

    secret: bytes
    """The token's hash."""
    channel: str
    address: str
    """Of the customer in the app."""
    name: str | None
    profile: Profile
    team: TeamId
    """For a customer nobody knows yet."""
    expires_at: int
    now: int


async def enter(tx: Tx, entry: Entry) -> None:
    """Coming with the same token again changes nothing."""
    app = Address(KIND, entry.address)
    phone = entry.profile.phone if entry.profile.phone_verified else None
    texts = Address("sms", phone) if phone is not None else None
    await threads.hold_addresses(tx, [app, *([texts] if texts else [])])
    if await visitors.is_known(tx, entry.secret):
        return
    same = await threads.whose(tx, texts) if texts is not None else None
    identity = await _identity(tx, entry, app, same[0] if same else None)
    if entry.name is not None:
        await tx.run("UPDATE customer SET name = ?2 WHERE id = ?1", identity["customer_id"], entry.name)
    await profiles.keep(tx, identity["id"], entry.profile, entry.now)
    await visitors.add_token(tx, identity["id"], entry.channel, entry.secret, entry.now, entry.expires_at)


async def _identity(tx: Tx, entry: Entry, app: Address, same: CustomerId | None) -> Row:
    """id and customer_id."""
    known = await tx.one(_SELECT, app.kind, app.value)
    if known is None:
        await _add(tx, entry, app, same)
    elif same is not None and same != known["customer_id"]:
        await _join(tx, known, same)
    return certain(await tx.one(_SELECT, app.kind, app.value))


async def _add(tx: Tx, entry: Entry, app: Address, same: CustomerId | None) -> None:
    customer = (
        same
        or certain(
            await tx.one(
                "INSERT INTO customer (team_id, name, created_at) VALUES (?1, ?2, ?3) RETURNING id",
                entry.team,
                entry.name,
                entry.now,
            )
        )["id"]
    )
    await tx.run(
        "INSERT INTO identity (customer_id, kind, address, created_at) VALUES (?1, ?2, ?3, ?4)",
        customer,
        app.kind,
        app.value,
        entry.now,
    )


async def _join(tx: Tx, known: Row, same: CustomerId) -> None:
    """Who has written in the app already stays who they were: their thread does not move."""
    before = CustomerId(known["customer_id"])
    await visitors.hold(tx, [before, same])
    joined = await tx.run(
        """UPDATE identity SET customer_id = ?2
            WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM line WHERE line.identity_id = identity.id)""",
        known["id"],
        same,
    )
    if joined:
        await devices.move(tx, before, same)
        await attachments.move_loose(tx, before, same)
