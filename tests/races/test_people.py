"""Signing in, passwords, teams and visitors: what ends, ends, and a bound is a bound by both nodes together."""

from __future__ import annotations

import itertools

import pytest

from gateway.actions import attach, customer_seen, customer_visit, customer_write
from gateway.actions.attach import Upload
from gateway.actions.customer_visit import MOST_VISITORS, Visit
from gateway.actions.customer_write import Words
from gateway.actions.deliver import Ending, claim_due, finish
from gateway.actions.people import change_password, change_teams
from gateway.actions.sign_in import MOST_BY_PAIR, Attempt, begin_sign_in, finish_sign_in
from gateway.channels.contract import Capabilities
from gateway.domain.attachment import Owner
from gateway.domain.message import MessageId
from gateway.errors import TooMany, Unauthenticated
from gateway.store import files, visitors
from gateway.store.credentials import secret_hash
from gateway.store.forgetting import SILENT_FOR, forget_silent
from gateway.store.store import Tx
from gateway.store.visitors import Token
from tests.company import FRONT, LAKES, SECOND
from tests.races.test_desk import KEPT
from tests.races.town import RACE, Town, refusals

pytestmark = list(RACE)

SILENCE = SILENT_FOR // visitors.MICROSECOND + 1
CHANNEL = frozenset({"web"})


async def test_as_many_attempts_as_are_allowed(town: Town) -> None:
    """However many try to sign in at once, as many passwords are looked at as one pair of login and address may try."""
    for round_ in town.rounds(10):
        subjects = [(f"address {round_}", 50), (f"pair {round_}", MOST_BY_PAIR), (f"login {round_}", 100)]
        tries = [(begin_sign_in, "ana", subjects[place % 3 :] + subjects[: place % 3], 1) for place in range(20)]
        assert 20 - MOST_BY_PAIR == refusals(await town.race(*tries), TooMany)
    assert 0 == town.retries()


async def test_a_changed_password_ends_who_is_signing_in(town: Town) -> None:
    """Nobody stays signed in by a password that is changed in the same moment."""
    ana = await town.company.hire("ana", FRONT)
    old = "argon2id"
    for round_ in town.rounds():
        attempt, now = Attempt(f"pair {round_}", (), 1), town.company.clock.tick()
        secret = secret_hash(f"race {round_}")
        signed_in, changed = await town.race(
            (finish_sign_in, ana.id, old, secret, attempt, now), (change_password, "ana", f"argon2id {round_}", now)
        )
        refusals([signed_in], Unauthenticated)
        assert changed is None
        good = "SELECT count(*) FROM credential WHERE revoked_at IS NULL"
        assert [(0,)] == await town.company.rows(good)
        old = f"argon2id {round_}"


async def test_two_lists_of_teams(town: Town) -> None:
    """Of two people who set somebody's teams the later one's word holds, as a whole."""
    await town.company.hire("ana")
    for _ in town.rounds():
        results = await town.race(
            *((change_teams, "ana", teams, town.company.clock()) for teams in ((FRONT,), (LAKES,)))
        )
        assert [None, None] == results
        held = await town.company.rows("SELECT team_id FROM agent_team")
        assert held in ([(FRONT,)], [(LAKES,)])


class Street:
    """Visitors come, each with a token of their own."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self._numbers = itertools.count(1)

    def visit(self, source: str | None = None) -> Visit:
        number = next(self._numbers)
        where = source or f"source {number}"
        secret = secret_hash(f"visitor {number}")
        return Visit(None, "web", FRONT, f"visitor-{number}", secret, where, self.town.company.clock.tick())

    async def come(self) -> Token:
        visit = self.visit()
        await self.town.company.store.write(customer_visit.begin, visit)
        return Token(visit.secret, CHANNEL)

    def words(self, token: Token, key: str = "first") -> Words:
        return Words(token, "No signal", (), {}, key, self.town.company.clock.tick())

    async def is_nobodys(self) -> None:
        """What is kept for the next visitor has no token, thread or file."""
        query = """SELECT spare.identity_id FROM spare JOIN identity ON identity.id = spare.identity_id
                    WHERE EXISTS (SELECT 1 FROM visitor WHERE visitor.identity_id = identity.id)
                       OR EXISTS (SELECT 1 FROM line WHERE line.identity_id = identity.id)
                       OR EXISTS (SELECT 1 FROM attachment WHERE attachment.customer_id = identity.customer_id)"""
        assert [] == await self.town.company.rows(query)


@pytest.fixture
def street(town: Town) -> Street:
    return Street(town)


async def test_forgotten_while_they_write(town: Town, street: Street) -> None:
    """A silent visitor who writes, sends a file or gets another token in the moment in which they are forgotten has
    done so, or is told that the token is no good; and the next visitor has nothing of theirs."""
    for round_ in town.rounds():
        tokens = [await street.come() for _ in range(3)]
        later = town.company.clock.at + SILENCE
        await town.company.store.write(files.hold, KEPT.hashes, later)

        async def who(tx: Tx, token: Token = tokens[1]) -> Owner:
            return Owner.of_customer((await visitors.authenticate(tx, token, town.company.clock())).customer)

        [written], sent, replaced, forgot, visited = await town.race(
            (customer_write.write, [street.words(tokens[0])]),
            (attach.upload, Upload(who, KEPT, None, b"", later)),
            (customer_visit.replace, tokens[2], secret_hash(f"another {round_}"), later),
            (forget_silent, 0, later),
            (customer_visit.begin, street.visit()),
        )
        refusals([written, sent, replaced], Unauthenticated)
        assert 0 == refusals([forgot, visited], BaseException)
        await street.is_nobodys()


async def test_one_first_message(town: Town, street: Street) -> None:
    """A first message that is sent to both nodes is one message, and one node's."""
    for _ in town.rounds():
        words = street.words(await street.come())
        results = await town.race(*[(customer_write.write, [words])] * 3)
        assert 1 == [one.is_new for [one] in results].count(True)


async def test_as_many_visitors_as_are_allowed(town: Town, street: Street) -> None:
    """However many come at once from one address, as many are new visitors as may come from there."""
    results = await town.race(*((customer_visit.begin, street.visit("school")) for _ in range(MOST_VISITORS + 20)))
    assert 20 == refusals(results, TooMany)


async def test_marks_never_go_back(town: Town, street: Street) -> None:
    """What a customer's client has read stays read, whatever another of theirs, or the sender, says at that moment."""
    ana, token = await town.company.hire("ana", FRONT), await street.come()
    await town.company.store.write(customer_write.write, [street.words(token)])
    ((thread,),) = await town.company.rows("SELECT id FROM thread")
    for _ in town.rounds():
        said = MessageId(int((await town.company.reply(ana.secret, thread, channels={"web": Capabilities()}))["id"]))
        now = town.company.clock.tick()
        (sent,) = await town.company.store.write(claim_due, "web", 1, now, 60 * SECOND)
        results = await town.race(
            (finish, [Ending(sent.id, sent.attempt, "accepted", now, provider_id=f"P{sent.id}")]),
            (customer_seen.mark, token, said, "read", now),
            (customer_seen.mark, token, said, "delivered", now),
            (customer_seen.fetched, token, [said], now),
        )
        assert 0 == refusals(results, BaseException)
        assert [("read",)] == await town.company.rows("SELECT state FROM delivery WHERE id = ?1", sent.id)
    assert [(said, said)] == await town.company.rows("SELECT fetched_id, read_id FROM customer_seen")
