"""A customer writes on the web or in the app: through the same door as every text, once, whatever is sent again.

Takes a list, so that messages that wait together share a transaction. The key of deduplication is made of the customer
and their Idempotency-Key, so that the stored message itself is the answer to a repetition.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gateway.actions.attach import fits
from gateway.actions.receive import Arrival, Receipt, receive
from gateway.channels.contract import Capabilities, Inbound
from gateway.domain import customer_wire
from gateway.domain.address import Address
from gateway.domain.attachment import AttachmentId, Owner
from gateway.domain.wire import Json
from gateway.errors import Invalid, Misuse, Problem, Unauthenticated
from gateway.store import attachments, conversations, messages, threads, visitors
from gateway.store.store import Tx
from gateway.store.visitors import Token, Visitor


@dataclass(frozen=True, slots=True)
class Words:
    """What a customer says, under which token. `channels` are those that are live; none need be named
    without files."""

    token: Token
    body: str
    files: tuple[AttachmentId, ...]
    channels: Mapping[str, Capabilities]
    key: str
    """The Idempotency-Key, or a random one."""
    now: int


@dataclass(frozen=True, slots=True)
class Written:
    """The message in the customers' shape, and what else the door must know."""

    message: Json
    channel: str
    is_new: bool
    """Not a repetition."""
    renewed: bool
    """Whether the token was prolonged by this."""


async def write(tx: Tx, items: Sequence[Words]) -> list[Written | Problem]:
    """What became of each, none with files; a refusal is a result here, so that one does not undo the others."""
    known = await _known(tx, items)
    found = [known.get(item.token.secret) for item in items]
    refused = [
        visitors.refusal(item.token, one.channel) if one else Unauthenticated()
        for item, one in zip(items, found, strict=True)
    ]
    good = [(item, one) for item, one, no in zip(items, found, refused, strict=True) if one and no is None]
    receipts = await receive(tx, [_arrival(item, visitor) for item, visitor in good]) if good else []
    done: dict[int, Written | Problem] = {id(item): no for item, no in zip(items, refused, strict=True) if no}
    for (item, visitor), receipt in zip(good, receipts, strict=True):
        done[id(item)] = await _result(tx, item, visitor, receipt)
    return [done[id(item)] for item in items]


async def _known(tx: Tx, items: Sequence[Words]) -> Mapping[bytes, Visitor]:
    """By token. Whoever writes for the first time is held, since they might just be forgotten for their silence."""
    secrets, now = {item.token.secret for item in items}, max(item.now for item in items)
    known = await visitors.of_secrets(tx, secrets, now)
    silent = [visitor for visitor in known.values() if visitor.thread is None]
    if not silent:
        return known
    await _hold(tx, silent)
    return await visitors.of_secrets(tx, secrets, now)


async def _hold(tx: Tx, known: Collection[Visitor]) -> None:
    """Them, and before that the addresses of those who have no thread yet, which are about to get one."""
    await threads.hold_addresses(tx, (_address(visitor) for visitor in known if visitor.thread is None))
    await visitors.hold(tx, (visitor.customer for visitor in known))


async def write_with_files(tx: Tx, items: Sequence[Words]) -> list[Written | Problem]:
    """The same with files that the customers have uploaded. Raises Unauthenticated, and Invalid for a file that is not
    theirs to send."""
    known = await visitors.of_secrets(tx, {item.token.secret for item in items}, max(item.now for item in items))
    await _hold(tx, known.values())
    return [await _with_files(tx, item) for item in items]


async def _with_files(tx: Tx, item: Words) -> Written | Problem:
    """Of a customer who is held: the same message sent again waits until this one is stored, and is answered by it."""
    before = await visitors.authenticate(tx, item.token, item.now)
    if before.thread is not None and (again := await _again(tx, item, before)) is not None:
        return again
    files = await attachments.loose(tx, Owner.of_customer(before.customer), item.files)
    fits(item.channels[before.channel], files)
    message = (await receive(tx, [_arrival(item, before)]))[0].message
    visitor = await visitors.authenticate(tx, item.token, item.now)
    if message is None or visitor.thread is None:
        raise Misuse("a new message was not stored")
    await messages.take_up(tx, files, visitor.team, message)
    shape = customer_wire.message((await conversations.of_ids(tx, visitor, [message]))[0])
    return await _new(tx, item, before, shape)


def _arrival(item: Words, visitor: Visitor) -> Arrival:
    inbound = Inbound(_key(item, visitor), _address(visitor), "", item.body)
    return Arrival(visitor.channel, inbound, visitor.home, True, item.now)


def _address(visitor: Visitor) -> Address:
    return Address(visitor.kind, visitor.address)


def _key(item: Words, visitor: Visitor) -> str:
    return f"{visitor.identity}:{item.key}"


async def _result(tx: Tx, item: Words, visitor: Visitor, receipt: Receipt) -> Written | Problem:
    if receipt.message is not None:
        return await _new(tx, item, visitor, customer_wire.written(receipt.message, item.body, item.now))
    again = await _again(tx, item, dataclasses.replace(visitor, thread=receipt.thread))
    if again is None:
        raise Misuse("a message that was stored already is not there")
    return again


async def _new(tx: Tx, item: Words, visitor: Visitor, shape: Json) -> Written:
    renewed = visitors.is_to_be_renewed(visitor, item.now)
    if renewed:
        await visitors.renew(tx, visitor, item.now)
    return Written(shape, visitor.channel, True, renewed)


async def _again(tx: Tx, item: Words, visitor: Visitor) -> Written | Problem | None:
    """What was stored under this key, Invalid if that was something else, None if nothing was."""
    stored = await conversations.of_key(tx, visitor, _key(item, visitor))
    if stored is None:
        return None
    if stored.body != item.body or tuple(one.id for one in stored.attachments) != item.files:
        return Invalid("this Idempotency-Key was used for another message")
    return Written(customer_wire.message(stored), visitor.channel, False, False)
