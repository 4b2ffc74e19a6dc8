"""A customer wants nothing more from one of our addresses, or something again. It holds for the pair of addresses.

A customer's own words and a provider's refusal close it; only the carrier's word for it (START, UNSTOP) opens it. A
person may close it for a customer who asked in other words, and never opens it. The gateway sends nothing of its own.
"""

from __future__ import annotations

from typing import Final

from gateway.channels.contract import Opt
from gateway.domain.event import Kind
from gateway.domain.message import ThreadId
from gateway.errors import Forbidden, NotFound
from gateway.store import credentials, lines, opt_outs
from gateway.store.lines import Whereabouts
from gateway.store.opt_outs import Said
from gateway.store.store import Tx

REASON: Final = "this customer has opted out of messages from this address of ours"
_KINDS: Final[dict[Opt, Kind]] = {"out": "line.opted_out", "in": "line.opted_in", "help": "line.help"}


async def heard(tx: Tx, line: int, opt: Opt, answered: bool, written_at: int, at: int) -> None:
    """What a customer's own words mean to their carrier. `answered`: their provider has replied by itself."""
    place = await lines.held(tx, line)
    if opt != "help":
        await opt_outs.record(tx, Said(line, place.team, opt, "customer", written_at))
    _tell(tx, place, opt, at, source="customer", answered=answered)


async def refused(tx: Tx, line: int, at: int) -> None:
    """The provider will not take a message for this pair: they know of an opt-out. Heard again, it says nothing new."""
    place = await lines.held(tx, line)
    if place.opted_out_at is None and await opt_outs.record(tx, Said(line, place.team, "out", "provider", at)):
        _tell(tx, place, "out", at, source="provider", answered=False)


async def opt_out(tx: Tx, secret: bytes, thread: ThreadId, way: int, note: str, now: int) -> None:
    """A person records it for a customer who asked in other words, with how they asked. Raises Unauthenticated,
    NotFound, Forbidden."""
    principal = await credentials.authenticate(tx, secret, now)
    place = await lines.of_thread(tx, principal.agent, thread, way)
    if place is None:
        raise NotFound
    if not principal.may_reply:
        raise Forbidden("this token was made without --may-reply: it reads and writes notes")
    await opt_outs.record(tx, Said(way, place.team, "out", "agent", now, principal.author, note))
    _tell(tx, place, "out", now, source="agent", answered=False, by=principal.agent)


def _tell(tx: Tx, place: Whereabouts, opt: Opt, at: int, **facts: object) -> None:
    pair = {"line": place.line, "channel": place.channel, "address_kind": place.kind}
    data = pair | {"address": place.address, "endpoint": place.endpoint} | facts
    tx.event(place.team, _KINDS[opt], place.thread, at, data)
