"""Deliveries: what became of each outbound message, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.author import AgentId
from gateway.domain.delivery import DeliveryId, State
from gateway.domain.device import FETCHED
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.domain.thread import Line
from gateway.store import devices, names
from gateway.store.holds import RELEASED
from gateway.store.reach import in_reach
from gateway.store.store import Tx, certain, listed

_COLUMNS: Final = """delivery.id, delivery.team_id, delivery.thread_id, delivery.message_id, delivery.channel,
       delivery.endpoint, delivery.state, delivery.attempt, delivery.tries, delivery.first_tried_at, delivery.lookups,
       delivery.provider_id, identity.kind, identity.address, message.body, message.files, message.line_id,
       line.opted_out_at"""
_FROM: Final = """FROM delivery JOIN identity ON identity.id = delivery.identity_id
  JOIN message ON message.id = delivery.message_id JOIN line ON line.id = message.line_id"""
_FETCHED: Final = ", ".join(f"'{kind}'" for kind in sorted(FETCHED))
GRACE: Final = 3_000_000
"""Microseconds in which a live connection may take a message, before a push wakes the customer's devices."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery with what is needed to make it. Times in microseconds since 1970."""

    id: DeliveryId
    team: TeamId
    thread: ThreadId
    message: MessageId
    channel: str
    endpoint: str
    state: State
    attempt: int
    tries: int
    first_tried_at: int | None
    lookups: int
    provider_id: str | None
    kind: str
    address: str
    body: str
    files: int
    """How many attachments the message has."""
    line: int
    opted_out_at: int | None
    """Since when nothing may be sent by this line."""
    lease_until: int | None = None
    """Of one that was just claimed, by the database's clock: no two claims of a delivery have the same."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a step makes of a delivery. Fields that are None become NULL, but a provider id once known stays."""

    state: State
    due_at: int | None = None
    code: str | None = None
    detail: str | None = None
    provider_id: str | None = None
    lookups: int = 0


async def queue(tx: Tx, team: TeamId, thread: ThreadId, message: MessageId, line: Line, now: int) -> DeliveryId:
    """To be sent at once, or after `GRACE` where a push would wake somebody: for an app's customer always, since one
    without a device may have the app open."""
    woken = line.kind == "app" or (line.kind in FETCHED and await devices.is_had(tx, line.identity))
    row = certain(
        await tx.one(
            """INSERT INTO delivery
                     (team_id, thread_id, message_id, identity_id, channel, endpoint, state, due_at, updated_at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8) RETURNING id""",
            team,
            thread,
            message,
            line.identity,
            line.channel,
            line.endpoint,
            now + GRACE if woken else now,
            now,
        )
    )
    return DeliveryId(row["id"])


_DUE: Final = f"""SELECT {_COLUMNS} {_FROM}
  WHERE delivery.channel = ?1 AND delivery.state = 'queued' AND delivery.due_at <= ?2
    AND {RELEASED}
    AND NOT EXISTS (SELECT 1 FROM delivery AS earlier
                     WHERE earlier.thread_id = delivery.thread_id AND earlier.id < delivery.id
                       AND earlier.state IN ('queued', 'sending')
                       AND (earlier.channel = delivery.channel OR identity.kind NOT IN ({_FETCHED})
                            AND (SELECT kind FROM identity AS its WHERE its.id = earlier.identity_id)
                                NOT IN ({_FETCHED})))
  ORDER BY delivery.due_at, delivery.id LIMIT ?3"""  # noqa: S608  fixed words only


async def due(tx: Tx, channel: str, now: int, room: int) -> list[Delivery]:
    """What may be sent now, at most one per thread: an earlier message of the thread that is still under way holds the
    next ones, a failed or unknown one lets them go. What is fetched has its place in the thread already, and neither
    waits for other channels nor holds them. They are held for this transaction, which is to `take` them; those
    that another node holds are left out."""
    rows = await tx.all(f"{_DUE} FOR NO KEY UPDATE OF delivery SKIP LOCKED", channel, now, room)
    return [Delivery(*row) for row in rows]


async def behind(tx: Tx, channel: str, first: Sequence[Delivery]) -> list[Delivery]:
    """What is queued behind these in their threads, due or not; held likewise."""
    if not first:
        return []
    places, values = listed([delivery.thread for delivery in first], first=2)
    rows = await tx.all(
        f"""SELECT {_COLUMNS} {_FROM}
             WHERE delivery.channel = ?1 AND delivery.thread_id IN ({places}) AND delivery.state = 'queued'
             ORDER BY delivery.id FOR NO KEY UPDATE OF delivery SKIP LOCKED""",
        channel,
        *values,
    )
    known = {delivery.id for delivery in first}
    return [Delivery(*row) for row in rows if row["id"] not in known]


@dataclass(frozen=True, slots=True)
class Agenda:
    """What a channel has to do: whether something may be sent, what is to be looked up, and when to look again."""

    is_due: bool
    lost: list[Delivery]
    next_due: int | None


async def agenda(tx: Tx, channel: str, now: int, room: int) -> Agenda:
    """All of it in one read: a pump asks after every commit of whatever kind."""
    is_due = bool(await tx.all(_DUE, channel, now, 1))
    return Agenda(is_due, await to_look_up(tx, channel, now, room), await next_due(tx, channel, now))


async def to_look_up(tx: Tx, channel: str, now: int, room: int) -> list[Delivery]:
    rows = await tx.all(
        f"""SELECT {_COLUMNS} {_FROM}
             WHERE delivery.channel = ?1 AND delivery.state = 'unknown' AND delivery.due_at <= ?2 AND {RELEASED}
             ORDER BY delivery.due_at, delivery.id LIMIT ?3""",
        channel,
        now,
        room,
    )
    return [Delivery(*row) for row in rows]


async def next_due(tx: Tx, channel: str, now: int) -> int | None:
    """When something of this channel becomes due after `now`. What is due already waits for something else than time:
    for room, or for an earlier message of its thread."""
    row = await tx.one("SELECT min(due_at) AS at FROM delivery WHERE channel = ?1 AND due_at > ?2", channel, now)
    return None if row is None else row["at"]


async def take(tx: Tx, taken: Sequence[DeliveryId], now: int, lease: int) -> dict[DeliveryId, int]:
    """Claim what `due` and `behind` have found for one attempt, for `lease` microseconds by the database's clock; the
    attempt's number is what completion must name. Until when each is claimed."""
    if not taken:
        return {}
    places, values = listed(taken, first=3)
    rows = await tx.all(
        f"""UPDATE delivery SET state = 'sending', attempt = attempt + 1, tries = tries + 1, due_at = NULL,
                  lease_until = db_now() + ?2, first_tried_at = coalesce(first_tried_at, ?1), updated_at = ?1
            WHERE id IN ({places}) AND state = 'queued' RETURNING id, lease_until""",  # noqa: S608  placeholders only
        now,
        lease,
        *values,
    )
    return {row["id"]: row["lease_until"] for row in rows}


async def get(tx: Tx, delivery: DeliveryId) -> Delivery | None:
    """Held until the transaction ends."""
    row = await tx.one(
        f"SELECT {_COLUMNS} {_FROM} WHERE delivery.id = ?1 FOR NO KEY UPDATE OF delivery",
        delivery,
    )
    return None if row is None else Delivery(*row)


async def of_message(tx: Tx, agent: AgentId, message: MessageId) -> Delivery | None:
    """The delivery of a message that the agent may see, held until the transaction ends."""
    row = await tx.one(
        f"""SELECT {_COLUMNS} {_FROM} WHERE delivery.message_id = ?2 AND {in_reach("delivery.thread_id")}
               FOR NO KEY UPDATE OF delivery""",
        agent,
        message,
    )
    return None if row is None else Delivery(*row)


async def hold_provider_ids(tx: Tx, ids: Iterable[str | None]) -> None:
    """Whose these are does not change until the transaction ends, also where they are nobody's yet. Before any delivery
    is held."""
    await names.hold(tx, (names.provider_id(id_) for id_ in ids if id_ is not None))


async def known_by(tx: Tx, channel: str, provider_ids: Collection[str]) -> list[DeliveryId]:
    """Those deliveries of a channel whose provider ids these are."""
    places, values = listed(sorted(provider_ids), first=2)
    rows = await tx.all(
        f"SELECT id FROM delivery WHERE channel = ?1 AND provider_id IN ({places})",  # noqa: S608  placeholders only
        channel,
        *values,
    )
    return [DeliveryId(row["id"]) for row in rows]


async def by_provider_id(tx: Tx, channel: str, provider_id: str) -> Delivery | None:
    """Held until the transaction ends."""
    row = await tx.one(
        f"""SELECT {_COLUMNS} {_FROM} WHERE delivery.channel = ?1 AND delivery.provider_id = ?2
               FOR NO KEY UPDATE OF delivery""",
        channel,
        provider_id,
    )
    return None if row is None else Delivery(*row)


async def change(tx: Tx, delivery: DeliveryId, new: Change, now: int) -> None:
    await tx.run(
        """UPDATE delivery SET state = ?2, due_at = ?3, lease_until = NULL, code = ?4, detail = ?5,
                  provider_id = coalesce(?6, provider_id), lookups = ?7, updated_at = ?8
            WHERE id = ?1""",
        delivery,
        new.state,
        new.due_at,
        new.code,
        new.detail,
        new.provider_id,
        new.lookups,
        now,
    )


async def set_provider_id(tx: Tx, delivery: DeliveryId, provider_id: str | None) -> None:
    await tx.run("UPDATE delivery SET provider_id = ?2 WHERE id = ?1", delivery, provider_id)


async def begin_anew(tx: Tx, delivery: DeliveryId) -> None:
    """A person has decided to send it again: its provider id will be another, and back-off counts from the start."""
    await tx.run("UPDATE delivery SET provider_id = NULL, tries = 0 WHERE id = ?1", delivery)


async def look_later(tx: Tx, delivery: DeliveryId, due_at: int | None) -> None:
    """The provider's list did not show it: look again at `due_at`, or leave it to a person. `updated_at` stays, since
    it says for how long the state has been this one."""
    await tx.run(
        "UPDATE delivery SET lookups = lookups + 1, due_at = ?2 WHERE id = ?1 AND state = 'unknown'", delivery, due_at
    )


async def is_sending(tx: Tx, thread: ThreadId) -> bool:
    """Whether a send of this thread is under way."""
    query = "SELECT id FROM delivery WHERE thread_id = ?1 AND state = 'sending' LIMIT 1"
    return await tx.one(query, thread) is not None


async def waiting_elsewhere(tx: Tx, live: tuple[str, ...]) -> list[Delivery]:
    """What is queued for channels other than these, a bounded number."""
    channels = await tx.all("SELECT DISTINCT channel FROM delivery WHERE due_at IS NOT NULL")
    found: list[Delivery] = []
    for channel in sorted({row["channel"] for row in channels} - set(live)):
        rows = await tx.all(
            f"""SELECT {_COLUMNS} {_FROM} WHERE delivery.channel = ?1 AND delivery.state = 'queued'
                   AND delivery.due_at IS NOT NULL AND {RELEASED} ORDER BY delivery.id LIMIT 100""",
            channel,
        )
        found += [Delivery(*row) for row in rows]
    return found
