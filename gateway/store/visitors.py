"""Visitors: customers who write on a web page or in the app, and the tokens that they come back with.

A token of ours is 256 random bits, an app's is what the company signed; both are stored as a hash only. Whether it is
any good is asked inside the transaction or the snapshot that it is used in. Every query names the customer: a thread
that is not theirs is not there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from orjson import loads

from gateway.domain.author import CustomerId
from gateway.domain.message import TeamId, ThreadId
from gateway.errors import Problem, Unauthenticated, Unavailable
from gateway.store.statement import Sql
from gateway.store.store import Row, Tx, certain, listed

KIND: Final = "web"
"""The kind of a visitor's address."""
LASTS: Final = timedelta(days=400)
"""From when it was made or last renewed; browsers keep no cookie longer (RFC 6265bis, 5.5)."""
RENEWED_AFTER: Final = timedelta(days=30)
"""A token older than this is good for the full time again once its customer writes."""

_OFF: Final = "this web channel is off; keep the token, and ask again later"
_OFF_FOR: Final = 60
"""Seconds after which it is worth asking again."""
MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Token:
    """What a request brings: the hash of a token, and the channels that the page it comes from may write on."""

    secret: bytes
    channels: frozenset[str]
    barred: frozenset[str] = frozenset()
    """Those that are live, but not for this page."""
    subject: str | None = None
    """An app customer's address, the same under each of their tokens; None: the token is one of ours."""

    @property
    def bounded(self) -> str | bytes:
        """By what is counted how often this customer asks."""
        return self.secret if self.subject is None else self.subject


@dataclass(frozen=True, slots=True)
class Visitor:
    """A customer behind a good token. Times in microseconds since 1970."""

    id: int
    """Of the token."""
    secret: bytes
    identity: int
    kind: str
    """Of the address."""
    address: str
    channel: str
    customer: CustomerId
    name: str | None
    home: TeamId
    """The customer's own team."""
    thread: ThreadId | None
    """None until they have written."""
    team: TeamId
    """Whose people see the thread; `home` until there is one."""
    expires_at: int

    @property
    def key(self) -> str:
        """Whose idempotency keys these are."""
        return f"visitor:{self.identity}"


_COLUMNS: Final = """visitor.id, visitor.secret_hash, visitor.identity_id, identity.kind, identity.address,
       visitor.channel, identity.customer_id, customer.name, customer.team_id, thread.id,
       coalesce(thread.team_id, customer.team_id), visitor.expires_at"""
_IN_JSON: Final = _COLUMNS.replace("visitor.secret_hash", "hex(visitor.secret_hash)")
_IN_JSONB: Final = _COLUMNS.replace("visitor.secret_hash", "encode(visitor.secret_hash, 'hex')")
_FROM: Final = """FROM visitor
  JOIN identity ON identity.id = visitor.identity_id
  JOIN customer ON customer.id = identity.customer_id
  LEFT JOIN line ON line.identity_id = visitor.identity_id AND line.channel = visitor.channel AND line.endpoint = ''
  LEFT JOIN thread ON thread.id = line.thread_id AND thread.customer_id = identity.customer_id
 WHERE visitor.revoked_at IS NULL AND visitor.expires_at > ?1"""


async def authenticate(tx: Tx, token: Token, now: int) -> Visitor:
    """The customer behind a token. Raises Unauthenticated for one that is forged, expired, ended or of another page's
    channel, all alike; Unavailable while its channel is off, since its customer has not ended."""
    row = await tx.one(f"SELECT {_COLUMNS} {_FROM} AND visitor.secret_hash = ?2", now, token.secret)
    if row is None:
        raise Unauthenticated
    if (refused := refusal(token, row["channel"])) is not None:
        raise refused
    id_, secret, *rest = row
    return Visitor(id_, bytes(secret), *rest)


async def held(tx: Tx, token: Token, now: int) -> Visitor:
    """The same, and this customer is not forgotten until the transaction ends: what is added to them is theirs."""
    visitor = await authenticate(tx, token, now)
    await hold(tx, [visitor.customer])
    return await authenticate(tx, token, now)


async def hold(tx: Tx, customers: Iterable[CustomerId]) -> None:
    """Nobody forgets these, or writes their first message, until the transaction ends. Ask for their tokens afterwards:
    who was just forgotten has none, and what they were is the next visitor's."""
    for customer in sorted(set(customers)):
        await tx.one("SELECT id FROM customer WHERE id = ?1 FOR NO KEY UPDATE", customer)


def refusal(token: Token, channel: str) -> Problem | None:
    """Why a good token of this channel may not be used now."""
    if channel in token.channels:
        return None
    return Unauthenticated() if channel in token.barred else Unavailable(_OFF, retry_after=_OFF_FOR)


async def of_secrets(tx: Tx, secrets: Collection[bytes], now: int) -> dict[bytes, Visitor]:
    """The customers behind those of these hashed tokens that are good. They come as one row, since each row that
    crosses over from SQLite's thread costs as much as an insert."""
    places, values = listed(sorted(secrets), first=2)
    which = f"{_FROM} AND visitor.secret_hash IN ({places})"
    row = certain(
        await tx.one(
            Sql(
                f"SELECT json_group_array(json_array({_IN_JSON})) AS found {which}",
                f"SELECT coalesce(json_agg(json_build_array({_IN_JSONB})), '[]') AS found {which}",
            ),
            now,
            *values,
        )
    )
    return {
        (hashed := bytes.fromhex(secret)): Visitor(id_, hashed, *rest) for id_, secret, *rest in loads(row["found"])
    }


async def create(tx: Tx, channel: str, address: str, team: TeamId, secret: bytes, now: int) -> CustomerId:
    """A new customer of a team with an address of their own, and a token. No thread: nothing was written yet."""
    found = await _reuse(tx, address, team, now) or await _add(tx, address, team, now)
    await add_token(tx, found["id"], channel, secret, now, now + LASTS // MICROSECOND)
    return CustomerId(found["customer_id"])


async def _reuse(tx: Tx, address: str, team: TeamId, now: int) -> Row | None:
    """The rows of somebody who was forgotten: nothing names them any more."""
    spare = await tx.one(
        """DELETE FROM spare WHERE identity_id =
           (SELECT identity_id FROM spare ORDER BY identity_id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING identity_id"""
    )
    if spare is None:
        return None
    identity = certain(
        await tx.one(
            "UPDATE identity SET address = ?2, created_at = ?3 WHERE id = ?1 RETURNING id, customer_id",
            spare["identity_id"],
            address,
            now,
        )
    )
    await tx.run(
        "UPDATE customer SET team_id = ?2, name = NULL, created_at = ?3 WHERE id = ?1",
        identity["customer_id"],
        team,
        now,
    )
    return identity


async def _add(tx: Tx, address: str, team: TeamId, now: int) -> Row:
    customer = certain(
        await tx.one("INSERT INTO customer (team_id, created_at) VALUES (?1, ?2) RETURNING id", team, now)
    )
    return certain(
        await tx.one(
            """INSERT INTO identity (customer_id, kind, address, created_at) VALUES (?1, ?2, ?3, ?4)
               RETURNING id, customer_id""",
            customer["id"],
            KIND,
            address,
            now,
        )
    )


async def replace(tx: Tx, visitor: Visitor, secret: bytes, now: int) -> int:
    """Another token for the same customer, by its id; the one before ends."""
    await end(tx, visitor)
    return await add_token(tx, visitor.identity, visitor.channel, secret, now, now + LASTS // MICROSECOND)


async def end(tx: Tx, visitor: Visitor) -> None:
    """By the database's clock: whoever looks for what was ended lately may be another node."""
    await tx.run("UPDATE visitor SET revoked_at = db_now() WHERE id = ?1 AND revoked_at IS NULL", visitor.id)


def is_to_be_renewed(visitor: Visitor, now: int) -> bool:
    """Never an app's: how long that lasts is signed."""
    return visitor.kind == KIND and visitor.expires_at < now + (LASTS - RENEWED_AFTER) // MICROSECOND


async def renew(tx: Tx, visitor: Visitor, now: int) -> None:
    """The same token lasts the full time again."""
    await tx.run("UPDATE visitor SET expires_at = ?2 WHERE id = ?1", visitor.id, now + LASTS // MICROSECOND)


async def ended_within(tx: Tx, time: int) -> Sequence[bytes]:
    """The hashed tokens that were ended in the last microseconds, at most a thousand: for streams, which end with their
    token."""
    rows = await tx.all(
        """SELECT secret_hash FROM visitor WHERE revoked_at >= (SELECT db_now()) - ?1
            ORDER BY revoked_at DESC LIMIT 1000""",
        time,
    )
    return [bytes(row["secret_hash"]) for row in rows]


async def add_token(tx: Tx, identity: int, channel: str, secret: bytes, now: int, expires_at: int) -> int:
    """Its id."""
    row = await tx.one(
        """INSERT INTO visitor (identity_id, channel, secret_hash, created_at, expires_at)
           VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id""",
        identity,
        channel,
        secret,
        now,
        expires_at,
    )
    return int(certain(row)["id"])


async def is_known(tx: Tx, secret: bytes) -> bool:
    """Whether a hashed token is written down, good or ended."""
    return await tx.one("SELECT 1 FROM visitor WHERE secret_hash = ?1", secret) is not None
