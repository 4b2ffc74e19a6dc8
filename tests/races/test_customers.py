"""Customers' texts race with each other and with the team: one customer, one thread, and nobody unheard."""

from __future__ import annotations

import asyncio
import dataclasses

from gateway.actions import claim
from gateway.actions.app_visit import enter
from gateway.actions.begin import Door, Opening, begin
from gateway.actions.receive import receive
from gateway.domain.address import Address
from gateway.domain.message import MessageId, ThreadId
from gateway.errors import Conflict, Unreachable
from gateway.store.consents import Consent
from tests.actions.test_app_visit import VERIFIED, entry
from tests.company import FRONT, LAKES
from tests.races.town import RACE, Town, refusals

pytestmark = list(RACE)


def number(round_: int) -> str:
    return f"+1303{round_:07}"


async def test_one_new_customer(town: Town) -> None:
    """A number that nobody knows writes by SMS and WhatsApp to both nodes at once, and is one customer."""
    for round_ in town.rounds():
        arrivals = [
            town.company.arrival(sender=number(round_)),
            town.company.arrival(sender=number(round_), kind="whatsapp", channel="chat", endpoint="w"),
            town.company.arrival(sender=number(round_)),
        ]
        results = await town.race(*((receive, [one]) for one in arrivals))
        assert 0 == refusals(results, BaseException)
        assert 1 == len({receipt.thread for [receipt] in results})
    counts = "SELECT (SELECT count(*) FROM customer), (SELECT count(*) FROM thread), (SELECT count(*) FROM message)"
    ((customers, threads, messages),) = await town.company.rows(counts)
    assert (customers, threads) == (messages // 3, messages // 3)


async def test_one_new_customer_in_the_app(town: Town) -> None:
    """Tokens of somebody new come to both nodes while the first text from their number does: one customer."""
    for round_ in town.rounds():
        said = dataclasses.replace(VERIFIED, phone=number(round_))
        entries = [entry(town.company, f"{round_}.{place % 2}".encode(), str(round_), said) for place in range(3)]
        texts = [town.company.arrival(sender=number(round_))]
        results = await town.race(*((enter, one) for one in entries), (receive, texts))
        assert 0 == refusals(results, BaseException)
    counts = "SELECT (SELECT count(*) FROM customer), (SELECT count(*) FROM visitor), (SELECT count(*) FROM message)"
    ((customers, tokens, messages),) = await town.company.rows(counts)
    assert (messages, 2 * messages) == (customers, tokens)
    assert 0 == town.retries()


async def test_one_provider_message(town: Town) -> None:
    """A message that its provider delivers to both nodes is stored, and told of, once; each node answers with it."""
    for round_ in town.rounds():
        arrival = town.company.arrival(sender=number(round_ // 2))  # each customer's first, and one more
        results = await town.race(*[(receive, [arrival])] * 3)
        assert 0 == refusals(results, BaseException)
        assert 1 == len({receipt.thread for [receipt] in results})
        assert 1 == len([receipt for [receipt] in results if receipt.message is not None])


async def test_lists_of_texts_in_opposite_order(town: Town) -> None:
    """Lists of customers old and new, in opposite orders: all are stored, and no deadlock had to be broken."""
    for round_ in town.rounds(4):
        senders = [number(10 * round_ + place) for place in range(10)]
        lists = [
            [town.company.arrival(sender=sender, endpoint=endpoint) for sender in senders[start::step]]
            for endpoint in ("+13035550100", "+13035550101")
            for start, step in ((0, 1), (9, -1))
        ]
        results = await town.race(*((receive, one) for one in lists))
        assert 0 == refusals(results, BaseException)
    assert 0 == town.retries()
    assert [(True,)] == await town.company.rows("SELECT count(*) = 4 * count(DISTINCT thread_id) FROM message")


async def test_done_against_a_text(town: Town) -> None:
    """Whoever is first, a person's `done` or the customer's next text: the customer who has written is waiting."""
    ana = await town.company.hire("ana", FRONT)
    for round_ in town.rounds():
        text = await town.company.text(sender=number(round_ % 5))
        seen = MessageId(text.message or 0)
        again = town.company.arrival(sender=number(round_ % 5))
        done = (claim.done, ana.secret, text.thread, seen, again.at)
        finished, received = await town.race(done, (receive, [again]))
        refusals([finished], Conflict)
        assert 0 == refusals([received], BaseException)
        query = """SELECT thread.done_at, reach.waiting_since IS NULL
                     FROM thread JOIN reach ON reach.thread_id = thread.id WHERE thread.id = ?1"""
        assert [(None, False)] == await town.company.rows(query, text.thread)


async def test_written_first_or_writing(town: Town) -> None:
    """A person of one team writes first to somebody who is just writing to another: whichever is first, they are one
    customer, and who has a team already is not taken from it."""
    ana = await town.company.hire("ana", FRONT)
    for round_ in town.rounds():
        address = Address("sms", number(round_))
        order = Opening(
            ana.secret,
            "sms",
            address,
            [Door("+13035550100", FRONT, own_team=False)],
            "We called about your order",
            Consent("Ann Lee", 1, "on the phone"),
            f"key {round_}",
            b"",
            b"s" * 16,
            town.company.clock.tick(),
        )
        arrival = town.company.arrival(sender=address.value, team=LAKES, endpoint="+13125550100")
        began, taken, again = await town.race((begin, order), (receive, [arrival]), (begin, order))
        assert refusals([began], Unreachable) == refusals([again], Unreachable)
        assert 0 == refusals([taken], Unreachable)
        customers = await town.company.rows("SELECT team_id FROM customer ORDER BY id DESC LIMIT 1")
        assert [(LAKES if isinstance(began, Unreachable) else FRONT,)] == customers
    assert [(True,)] == await town.company.rows("SELECT count(*) = (SELECT count(*) FROM customer) FROM identity")


async def test_the_later_word_holds(town: Town) -> None:
    """A STOP and the START after it, heard by two nodes in any order, leave the pair of addresses open."""
    await town.company.text(sender=number(0))
    for _ in town.rounds():
        stop = town.company.arrival("STOP", number(0), opt="out")
        start = town.company.arrival("START", number(0), opt="in")
        results = await town.race((receive, [stop]), (receive, [start]))
        assert 0 == refusals(results, BaseException)
        assert [(None,)] == await town.company.rows("SELECT opted_out_at FROM line")


async def test_teams_are_counted_without_a_gap(town: Town) -> None:
    """Texts to both teams by both nodes, and what people make of them, each number its event; see `Town.is_whole`."""
    ana, ben = await town.company.hire("ana", FRONT), await town.company.hire("ben", LAKES)
    threads: dict[bytes, ThreadId] = {}
    for person, team in ((ana, FRONT), (ben, LAKES)):
        threads[person.secret] = (await town.company.text(sender=number(0), team=team, endpoint=team)).thread
    for round_ in town.rounds(2):
        texts = [
            [town.company.arrival(sender=number(round_ % 7), team=team, endpoint=team) for team in teams]
            for teams in ((FRONT, LAKES), (LAKES, FRONT))
        ]
        results, *_ = await asyncio.gather(
            town.race(*((receive, one) for one in texts)),
            *(town.company.reply(secret, thread) for secret, thread in threads.items()),
        )
        assert 0 == refusals(results, BaseException)
    assert 0 == town.retries()
