"""Founds the company in an empty database, in one transaction, by the actions that everybody else's words go through.

Nothing is written past them: people sign in, customers write, replies are claimed by the outbox, accepted and reported.
A database with anybody in it is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.actions import claim, deliver, note, people, read, receive, reply
from gateway.actions.report import Saying, report
from gateway.channels.contract import Capabilities, DeliveryReport, Inbound
from gateway.cli.company.plan import Plan, Step
from gateway.cli.company.script import Person
from gateway.domain.address import Address
from gateway.domain.delivery import Move
from gateway.domain.message import BODY_LIMIT, MessageId, TeamId, ThreadId
from gateway.store import agents, credentials
from gateway.store.agents import NewAgent
from gateway.store.credentials import SESSION_DAYS
from gateway.store.store import Tx

KIND: Final = "phone"
"""What a loopback channel calls its addresses."""
MOMENT: Final = 400_000
"""Microseconds until the channel has taken a reply, and again until the phone has it."""
HOUR: Final = timedelta(hours=1) // timedelta(microseconds=1)
ENDINGS: Final[dict[str, Move]] = {"delivered": "accepted", "sent": "accepted", "failed": "rejected", "unknown": "lost"}
"""How an attempt ends for what becomes of a reply."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A team, and the number of ours that its customers write to."""

    team: TeamId
    endpoint: str


async def found(tx: Tx, plan: Plan, channel: str | None, desks: Sequence[Desk], password_hash: str) -> None:
    """Everybody, and with a loopback `channel` all that has happened. Does nothing where somebody is there already."""
    if await agents.list_agents(tx):
        return
    await agents.add_teams(tx, tuple(desk.team for desk in desks))
    company = _Company(channel or "", desks)
    for person, secret in plan.people:
        await company.hire(tx, person, secret, password_hash, plan.steps[0].at - HOUR)
    for step in plan.steps if channel else ():
        await company.play(tx, step)
    await company.go_home(tx, plan.now)


class _Company:
    """What a founding remembers from step to step."""

    def __init__(self, channel: str, desks: Sequence[Desk]) -> None:
        self._channel, self._desks = channel, desks
        self._secrets: dict[str, bytes] = {}
        self._staff: dict[TeamId, list[str]] = {desk.team: [] for desk in desks}
        self._threads: dict[str, ThreadId] = {}
        self._newest: dict[str, MessageId] = {}
        self._seen: dict[str, tuple[TeamId, MessageId]] = {}
        """Of each customer's talk: up to where the team has read."""

    async def hire(self, tx: Tx, person: Person, secret: bytes, password_hash: str, at: int) -> None:
        teams = tuple(self._staff) if person.desk is None else (self._desk(person.desk).team,)
        for team in teams:
            self._staff[team].append(person.login)
        own = teams if person.desk is not None else ()  # an admin sees every team without being in one
        first_name = person.name.split()[0]
        new = NewAgent(person.login, person.name, first_name, person.role, password_hash, own, demo=True)
        agent = await people.add_agent(tx, new, at)
        until = at + SESSION_DAYS * 24 * HOUR
        await credentials.add_credential(tx, agent, "session", secret, at, expires_at=until)
        self._secrets[person.login] = secret

    async def play(self, tx: Tx, step: Step) -> None:
        number, team = step.customer.number, self._desk(step.customer.desk).team
        if step.line.verb == "writes":
            await self._hear(tx, step)
        else:
            await self._act(tx, step, self._secrets[step.line.who], self._threads[number])
            self._seen[number] = (team, self._newest[number])

    async def go_home(self, tx: Tx, now: int) -> None:
        """The team has read what it dealt with, and the sessions of the past end: nobody has their secrets."""
        for number, (team, message) in self._seen.items():
            for login in self._staff[team]:
                await read.read(tx, self._secrets[login], self._threads[number], message, now)
        for secret in self._secrets.values():
            principal = await credentials.authenticate(tx, secret, now)
            await credentials.revoke(tx, principal.author.evidence.credential, now)

    def _desk(self, place: int) -> Desk:
        """A config with fewer teams has more people at its last one."""
        return self._desks[min(place, len(self._desks) - 1)]

    async def _hear(self, tx: Tx, step: Step) -> None:
        customer, desk = step.customer, self._desk(step.customer.desk)
        sender = Address(KIND, customer.number)
        inbound = Inbound(f"past-{step.number}", sender, desk.endpoint, step.line.words, sender_name=customer.name)
        arrival = receive.Arrival(self._channel, inbound, desk.team, own_team=False, at=step.at)
        [receipt] = await receive.receive(tx, (arrival,))
        self._threads[customer.number] = receipt.thread
        self._newest[customer.number] = receipt.message or self._newest[customer.number]

    async def _act(self, tx: Tx, step: Step, secret: bytes, thread: ThreadId) -> None:
        number, line, at = step.customer.number, step.line, step.at
        match line.verb:
            case "replies":
                live = {self._channel: Capabilities(BODY_LIMIT)}
                said = await reply.reply(
                    tx, reply.Reply(secret, thread, line.words, None, live, None, b"", step.salt, at)
                )
                self._newest[number] = MessageId(int(said["id"]))
                await self._deliver(tx, step)
            case "notes":
                noted = await note.note(tx, secret, thread, line.words, None, b"", at)
                self._newest[number] = MessageId(int(noted["id"]))
            case "claims":
                await claim.claim(tx, secret, thread, at)
            case "releases":
                await claim.release(tx, secret, thread, at)
            case "is done":
                await claim.done(tx, secret, thread, self._newest[number], at)

    async def _deliver(self, tx: Tx, step: Step) -> None:
        """What the outbox and the phone did about the one reply that is queued now."""
        line, taken, id_ = step.line, step.at + MOMENT, f"past-{step.number}"
        [delivery] = await deliver.claim_due(tx, self._channel, 1, step.at, HOUR)
        provider_id = id_ if ENDINGS[line.fate] == "accepted" else None
        ending = deliver.Ending(
            delivery.id, delivery.attempt, ENDINGS[line.fate], taken, provider_id=provider_id, detail=line.detail
        )
        await deliver.finish(tx, (ending,))
        if line.fate == "delivered":
            await report(tx, (Saying(self._channel, DeliveryReport("delivered", id_), taken + MOMENT),))
