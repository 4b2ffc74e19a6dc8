"""A person writes first, to somebody who has not written, on the strength of a consent that they record with it.

Customer and thread are found or made by the same rules as for a text that comes in. What belongs to a team that the
person is not in stays out of reach, and nothing says whose it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.actions.opt_out import REASON
from gateway.actions.reply import say
from gateway.domain import wire
from gateway.domain.address import Address
from gateway.domain.author import AgentId
from gateway.domain.message import TeamId
from gateway.domain.wire import Json
from gateway.errors import Forbidden, OptedOut, Unreachable
from gateway.store import agents, consents, credentials, idempotency, lines, messages, threads
from gateway.store.consents import Consent
from gateway.store.store import Tx

_NOT_HERE: Final = "this address cannot be written to from here"
_NO_DOOR: Final = "no address of ours that can write there belongs to a team of yours"


@dataclass(frozen=True, slots=True)
class Door:
    """One of our addresses that may be written from."""

    endpoint: str
    team: TeamId
    """Of a customer nobody knows yet."""
    own_team: bool
    """Whether a customer who is known keeps the team they have."""

    def leads_to(self, home: TeamId | None) -> TeamId:
        """Whose thread it will be, with a customer whose own team is `home`."""
        return home if self.own_team and home is not None else self.team


@dataclass(frozen=True, slots=True)
class Opening:
    """A first message. `secret` is the hash of the session or token that the words came under."""

    secret: bytes
    channel: str
    address: Address
    doors: Sequence[Door]
    """Those that are best written from first; the first of a team of this person is taken."""
    body: str
    consent: Consent
    key: str | None
    fingerprint: bytes
    salt: bytes
    now: int


async def begin(tx: Tx, order: Opening) -> Json:
    """{thread, message}. Raises Unauthenticated, Forbidden, Unreachable, OptedOut; then nothing was made."""
    principal = await credentials.authenticate(tx, order.secret, order.now)
    if not principal.may_reply:
        raise Forbidden("this token was made without --may-reply: it reads and writes notes")
    before = await idempotency.recall(tx, principal.key, order.key, order.fingerprint, order.now)
    if before is not None:
        return before
    await threads.hold_addresses(tx, [order.address])
    door = await _door(tx, order, principal.agent)
    await threads.open_line(tx, order.channel, door.endpoint, order.address, None, door.team, door.own_team, order.now)
    place = await lines.between(tx, principal.agent, order.channel, door.endpoint, order.address)
    if place is None:
        raise Unreachable(_NOT_HERE)
    await threads.hold(tx, principal.agent, place.thread)
    if (await lines.held(tx, place.line)).opted_out_at is not None:
        raise OptedOut(REASON)
    await consents.add(tx, place.line, place.team, order.consent, principal.author, order.now)
    await lines.agent_began(tx, place.thread, place.line)
    tx.event(place.team, "thread.opened", place.thread, order.now, {"by": principal.agent, "channel": place.channel})
    found = await lines.lines_of(tx, principal.agent, place.thread)
    line = next(line for line in found if line.id == place.line)
    message = await say(tx, place.team, place.thread, line, principal.author, order.body, order.salt, order.now)
    row = (await threads.get_threads(tx, principal.agent, [place.thread]))[place.thread]
    said = (await messages.get_messages(tx, principal.agent, [message]))[message]
    answer = {"thread": wire.own_thread(row), "message": wire.message(said)}
    await idempotency.keep(tx, principal.key, order.key, answer)
    return answer


async def _door(tx: Tx, order: Opening, agent: AgentId) -> Door:
    """The best one that leads to a team of this person. Raises Unreachable, also for another team's customer with whom
    they have no thread: by a number of their own team too, they would take that customer from people who know them."""
    held = await agents.teams_of(tx, agent)
    known = await threads.whose(tx, order.address)
    if known is not None and known[1] not in held and not await threads.has_met(tx, agent, known[0]):
        raise Unreachable(_NOT_HERE)
    home = None if known is None else known[1]
    door = next((door for door in order.doors if door.leads_to(home) in held), None)
    if door is None:
        raise Unreachable(_NO_DOOR)
    return door
