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
from gateway.channels.contract import DeliveryReport, Inbound
from gateway.cli.company.plan import Plan, Step
from gateway.cli.company.script import Person
from gateway.domain.address import Address
from gateway.domain.message import MessageId, TeamId, ThreadId
from gateway.store import agents, credentials
from gateway.store.agents import NewAgent
from gateway.store.credentials import SESSION_DAYS
from gateway.store.store import Tx

KIND: Final = "phone"
"""What a loopback channel calls its addresses."""
SOON: Final = 400_000
"""Microseconds until the channel had taken a reply, and again until the phone had it."""
DAY: Final = timedelta(days=1) // timedelta(microseconds=1)


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
    company = _Company(tx, channel or "", desks)
    for person, secret in plan.people:
        await company.hire(person, secret, password_hash, plan.steps[0].at - DAY)
    for step in plan.steps if channel else ():
        await company.play(step)
    await company.go_home(plan.now)


class _Company:
    """What one founding has to remember from step to step."""

    def __init__(self, tx: Tx, channel: str, desks: Sequence[Desk]) -> None:
        self._tx, self._channel, self._desks = tx, channel, desks
        self._secrets: dict[str, bytes] = {}
        self._at_desk: dict[TeamId, list[str]] = {}
        self._threads: dict[str, ThreadId] = {}
        self._answered: dict[str, tuple[TeamId, MessageId]] = {}
        """By customer: the newest message that somebody of the team has dealt with."""

    def _desk(self, place: int) -> Desk:
        return self._desks[min(place, len(self._desks) - 1)]

    async def hire(self, person: Person, secret: bytes, password_hash: str, at: int) -> None:
        tx, name = self._tx, person.name
        teams = () if person.desk is None else (self._desk(person.desk).team,)
        new = NewAgent(person.login, name, name.split()[0], person.role, password_hash, teams, demo=True)
        agent = await people.add_agent(tx, new, at)
        await credentials.add_credential(
            tx, agent, "session", secret, at, label="the demo's past", expires_at=at + 2 * SESSION_DAYS * DAY
        )
        self._secrets[person.login] = secret
        for team in teams or [desk.team for desk in self._desks]:
            self._at_desk.setdefault(team, []).append(person.login)

    async def play(self, step: Step) -> None:
        tx, line, at, number = self._tx, step.line, step.at, step.customer.number
        if line.verb == "writes":
            return await self._write(step)
        secret, thread = self._secrets[line.who], self._threads[number]
        match line.verb:
            case "replies":
                await self._reply(step, secret, thread)
            case "notes":
                await note.note(tx, secret, thread, line.words, None, b"", at)
            case "claims":
                await claim.claim(tx, secret, thread, at)
            case "releases":
                await claim.release(tx, secret, thread, at)
            case "is done":
                await claim.done(tx, secret, thread, at)
        return None
