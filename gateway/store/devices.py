"""Devices: phones and browsers that a push wakes. Each is one customer's or one agent's, and nobody else's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.domain.author import AgentId, CredentialId, CustomerId
from gateway.domain.delivery import DeliveryId
from gateway.domain.device import Device
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.store.store import Tx, certain, listed

MOST: Final = 20
"""Devices of one owner; of more, the one that was not registered for longest goes."""
MOST_BADGE: Final = 99


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose device it is, and the token or session that it was registered under."""

    customer: CustomerId | None = None
    agent: AgentId | None = None
    visitor: int | None = None
    credential: CredentialId | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """A device with what a push needs to know of it."""

    id: int
    channel: str
    device: Device


async def register(tx: Tx, holder: Holder, channel: str, device: Device, now: int) -> int:
    """The device's id. One that was another's leaves them. Hold the owner's row first: what is theirs is counted."""
    row = certain(
        await tx.one(
            """INSERT INTO device (customer_id, agent_id, visitor_id, credential_id, channel, platform, address, keys,
                                   created_at, seen_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
               ON CONFLICT (channel, platform, address) DO UPDATE
                  SET customer_id = excluded.customer_id, agent_id = excluded.agent_id,
                      visitor_id = excluded.visitor_id, credential_id = excluded.credential_id,
                      keys = excluded.keys, seen_at = excluded.seen_at
               RETURNING id""",
            holder.customer,
            holder.agent,
            holder.visitor,
            holder.credential,
            channel,
            device.platform,
            device.address,
            orjson.dumps(dict(device.keys)).decode(),
            now,
        )
    )
    await tx.run(
        """DELETE FROM device WHERE (customer_id = ?1 OR agent_id = ?2) AND id NOT IN
           (SELECT id FROM device WHERE customer_id = ?1 OR agent_id = ?2 ORDER BY seen_at DESC, id DESC LIMIT ?3)""",
        holder.customer,
        holder.agent,
        MOST,
    )
    return int(row["id"])


async def remove(tx: Tx, holder: Holder, device: int) -> bool:
    """False where the owner has no such device."""
    return bool(
        await tx.run(
            "DELETE FROM device WHERE id = ?1 AND (customer_id = ?2 OR agent_id = ?3)",
            device,
            holder.customer,
            holder.agent,
        )
    )


async def end_visitor(tx: Tx, visitor: int, customer: CustomerId) -> None:
    """Those that were registered under this token of the customer's."""
    await tx.run("DELETE FROM device WHERE visitor_id = ?1 AND customer_id = ?2", visitor, customer)


async def end_credential(tx: Tx, credential: CredentialId) -> None:
    await tx.run("DELETE FROM device WHERE credential_id = ?1", credential)


async def end_sessions(tx: Tx, agent: AgentId) -> None:
    await tx.run(
        """DELETE FROM device WHERE agent_id = ?1 AND credential_id IN
           (SELECT id FROM credential WHERE agent_id = ?1 AND kind = 'session')""",
        agent,
    )


async def end_every_session(tx: Tx) -> None:
    await tx.run("DELETE FROM device WHERE credential_id IN (SELECT id FROM credential WHERE kind = 'session')")


async def end_agent(tx: Tx, agent: AgentId) -> None:
    await tx.run("DELETE FROM device WHERE agent_id = ?1", agent)


async def follow(tx: Tx, visitor: int, into: int) -> None:
    """A token was replaced by another of the same customer's."""
    await tx.run("UPDATE device SET visitor_id = ?2 WHERE visitor_id = ?1", visitor, into)


async def move(tx: Tx, customer: CustomerId, into: CustomerId) -> None:
    """Two customers have turned out to be one."""
    await tx.run("UPDATE device SET customer_id = ?2 WHERE customer_id = ?1", customer, into)


async def gone(tx: Tx, device: Registered) -> None:
    """The platform says that it is no more; one registered anew meanwhile has another address."""
    await tx.run("DELETE FROM device WHERE id = ?1 AND address = ?2", device.id, device.device.address)


async def is_had(tx: Tx, identity: int) -> bool:
    """Whether the customer behind this address has any."""
    query = """SELECT device.id FROM identity JOIN device ON device.customer_id = identity.customer_id
                WHERE identity.id = ?1 LIMIT 1"""
    return await tx.one(query, identity) is not None


@dataclass(frozen=True, slots=True)
class Call:
    """What a customer's devices are to be told of a delivery."""

    message: MessageId
    thread: ThreadId
    team: TeamId
    name: str
    """Of whoever wrote, as customers know them."""
    body: str
    unread: int
    last_seen: int | None
    """When the app last came with a fresh token (microseconds since 1970), if it ever did."""
    devices: tuple[Registered, ...]


async def calls_for(tx: Tx, deliveries: Sequence[DeliveryId]) -> dict[DeliveryId, Call]:
    """By delivery; those that are not there any more are left out."""
    if not deliveries:
        return {}
    places, values = listed(deliveries, first=2)
    rows = await tx.all(
        f"""SELECT delivery.id, identity.customer_id, message.id, message.thread_id, message.team_id,
                   agent.display_name, message.body,
                   (SELECT count(*) FROM (
                      SELECT 1 FROM message AS newer
                       WHERE newer.thread_id = message.thread_id AND newer.direction = 'out'
                         AND newer.id > coalesce(customer_seen.read_id, 0) LIMIT ?1) AS counted) AS unread,
                   profile.seen_at
              FROM delivery JOIN message ON message.id = delivery.message_id
              JOIN agent ON agent.id = message.agent_id
              JOIN identity ON identity.id = delivery.identity_id
              LEFT JOIN profile ON profile.identity_id = identity.id
              LEFT JOIN customer_seen ON customer_seen.thread_id = message.thread_id
             WHERE delivery.id IN ({places})""",  # noqa: S608  placeholders only
        MOST_BADGE,
        *values,
    )
    devices = await _of_customers(tx, {row[1] for row in rows})
    return {row[0]: _call(row, devices.get(row[1], ())) for row in rows}


def _call(row: Iterable[Any], devices: Iterable[Registered]) -> Call:
    _delivery, _customer, message, thread, team, name, body, unread, last_seen = row
    return Call(message, thread, team, name, body, unread, last_seen, tuple(devices))


async def _of_customers(tx: Tx, customers: Collection[CustomerId]) -> dict[CustomerId, list[Registered]]:
    if not customers:
        return {}
    places, values = listed(sorted(customers))
    found: dict[CustomerId, list[Registered]] = {}
    for customer, *device in await tx.all(
        f"""SELECT customer_id, id, channel, platform, address, keys FROM device
             WHERE customer_id IN ({places}) ORDER BY id""",  # noqa: S608  placeholders only
        *values,
    ):
        found.setdefault(customer, []).append(from_row(device))
    return found


def from_row(row: Iterable[Any]) -> Registered:
    """id, channel, platform, address, keys."""
    id_, channel, platform, address, keys = row
    return Registered(id_, channel, Device(platform, address, _loads(keys)))


def _loads(keys: str) -> dict[str, str]:
    found: dict[str, Any] = orjson.loads(keys)
    return found
