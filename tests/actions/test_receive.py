"""Customers' messages come in: each once, into the thread that is theirs."""

from __future__ import annotations

import asyncio

import pytest

from gateway.actions.receive import Arrival, Receipt, receive, record_unrouted
from gateway.domain.event import SYSTEM
from gateway.domain.message import Media
from gateway.store.store import Tx
from tests.company import FRONT, LAKES, Company

HOSTILE = [
    "\u202eevil\u202c\u200b\u200d\ufeff",
    "'; DROP TABLE message; --",
    "<img src=x onerror=alert(1)>",
    "\x1b[2J\x07\r\n\t",
    "{{7*7}} ${x} %s %00",
    "e\u0301\u0300" * 500,
    "😀\U0010ffff\ufffe",
    "",
]


async def test_a_replayed_message_is_one_row(company: Company) -> None:
    """The same message again changes nothing, and leads to the thread that it was put into."""
    arrival = company.arrival(id="SM7")
    first, again = await company.take(arrival), await company.take(arrival)
    assert first.message is not None
    assert Receipt(first.thread, None) == again
    assert [(1, 1)] == await company.rows("SELECT (SELECT count(*) FROM message), in_count FROM thread")
    assert [(1,)] == await company.rows("SELECT count(*) FROM event")


async def test_the_same_message_twice_in_one_list_is_one_row(company: Company) -> None:
    """Deduplication holds within a list too."""
    arrivals = [company.arrival(id="SM7"), company.arrival(id="SM8"), company.arrival(id="SM7")]

    async def all_at_once(tx: Tx) -> list[Receipt]:
        return await receive(tx, arrivals)

    receipts = await company.store.write(all_at_once)
    assert [True, True, False] == [receipt.message is not None for receipt in receipts]
    assert 1 == len({receipt.thread for receipt in receipts})


async def test_fifty_at_the_same_moment_are_one_message(company: Company) -> None:
    """The same message fifty times at once is one row, and everybody hears of the same thread."""
    arrival = company.arrival(id="SM7")
    receipts = await asyncio.gather(*(company.take(arrival) for _ in range(50)))
    assert 1 == sum(receipt.message is not None for receipt in receipts)
    assert 1 == len({receipt.thread for receipt in receipts})
    assert [(1,)] == await company.rows("SELECT count(*) FROM message")


async def test_one_provider_s_ids_say_nothing_of_another_s(company: Company) -> None:
    """Two channels may use the same id for two messages."""
    one, other = await company.text(id="7"), await company.text(id="7", channel="chat", kind="whatsapp")
    assert one.message is not None
    assert other.message is not None


async def test_a_customer_has_one_thread_with_a_team(company: Company) -> None:
    """However often and through however many of our numbers, a customer and a team share one thread."""
    receipts = [await company.text(endpoint=endpoint) for endpoint in ("+13035550100", "+13035550101", "+13035550100")]
    assert 1 == len({receipt.thread for receipt in receipts})
    assert [(1, 2)] == await company.rows("SELECT (SELECT count(*) FROM customer), count(*) FROM line")


async def test_a_hundred_new_customers_at_once_have_a_thread_each(company: Company) -> None:
    """Two first messages of each of fifty customers, all at the same moment, make fifty threads."""
    arrivals = [company.arrival(sender=f"+1303555{n:04}") for n in range(50) for _ in range(2)]
    receipts = await asyncio.gather(*(company.take(arrival) for arrival in arrivals))
    assert 50 == len({receipt.thread for receipt in receipts})
    assert [(50, 50)] == await company.rows("SELECT (SELECT count(*) FROM customer), count(*) FROM thread")


async def test_sms_and_whatsapp_of_a_number_are_one_customer(company: Company) -> None:
    """Two phone kinds with one number are two identities of one customer, in one thread."""
    one = await company.text(kind="sms")
    other = await company.text(kind="whatsapp", channel="chat", endpoint="whatsapp:+13035550100")
    assert one.thread == other.thread
    assert [("sms",), ("whatsapp",)] == await company.rows("SELECT kind FROM identity ORDER BY kind")
    assert [(1,)] == await company.rows("SELECT count(DISTINCT customer_id) FROM identity")


@pytest.mark.parametrize("kinds", [("sms", "phone"), ("phone", "sms"), ("web", "whatsapp")])
async def test_a_number_nobody_vouches_for_is_someone_else(company: Company, kinds: tuple[str, str]) -> None:
    """The phone on the demo's screen, or a web visitor's id, is not the customer with the same number."""
    one, other = [await company.text(kind=kind, channel=kind) for kind in kinds]
    assert one.thread != other.thread
    assert [(2,)] == await company.rows("SELECT count(DISTINCT customer_id) FROM identity")


async def test_by_region_takes_a_known_customer_home(company: Company) -> None:
    """On a number that serves all regions, a customer who has a team already goes there."""
    home = await company.text(team=FRONT, own_team=True)
    again = await company.text(team=LAKES, own_team=True, endpoint="+18005550100")
    assert home.thread == again.thread


async def test_a_team_s_own_number_leads_to_that_team(company: Company) -> None:
    """On a team's own number the same customer has a thread with that team too, and is still one customer."""
    home = await company.text(team=FRONT)
    there = await company.text(team=LAKES, endpoint="+13125550100")
    assert home.thread != there.thread
    assert [(FRONT,), (LAKES,)] == await company.rows("SELECT team_id FROM thread ORDER BY id")
    assert [(FRONT,)] == await company.rows("SELECT team_id FROM customer")


async def test_a_name_that_comes_later_is_kept(company: Company) -> None:
    """A customer without a name gets the first one that a new pair of addresses brings, and keeps it."""
    await company.text()
    assert [(None,)] == await company.rows("SELECT name FROM customer")
    for endpoint, name in (("+13035550101", None), ("+13035550102", "Ann Lee"), ("+13035550103", "A.")):
        await company.text(kind="whatsapp", endpoint=endpoint, name=name)
    assert [("Ann Lee",)] == await company.rows("SELECT name FROM customer")


async def test_a_moved_thread_keeps_its_line(company: Company) -> None:
    """After a move, a text on the old line comes into the moved thread and into the new team's log."""
    before = await company.text(team=FRONT)
    await company.move(before.thread, LAKES)
    after = await company.text(team=FRONT)
    assert before.thread == after.thread
    assert [(FRONT,), (LAKES,)] == await company.rows("SELECT team_id FROM message ORDER BY id")
    assert [(FRONT, 1), (LAKES, 1)] == await company.rows("SELECT team_id, seq FROM event ORDER BY at")


async def test_a_picture_without_words_keeps_its_reference(company: Company) -> None:
    """A message with an empty body keeps where its media are."""
    await company.text("", media=(Media("https://api.example.com/1", "image/jpeg"), Media("https://x/2", "audio/amr")))
    expected = '[{"url": "https://api.example.com/1", "content_type": "image/jpeg"}, '
    expected += '{"url": "https://x/2", "content_type": "audio/amr"}]'
    assert [("", expected)] == await company.rows("SELECT body, media FROM message")


@pytest.mark.parametrize("body", HOSTILE)
async def test_text_is_stored_as_it_came(company: Company, body: str) -> None:
    """Whatever a customer writes is kept to the character, and so is the name a provider gives them."""
    await company.text(body, name="Ann\u202e'; --")
    assert [(body, "Ann\u202e'; --")] == await company.rows("SELECT body, (SELECT name FROM customer) FROM message")


async def test_texts_keep_their_order(company: Company) -> None:
    """Texts that share a transaction stand in the order in which they came, and so do those of one after the other."""
    arrivals = [company.arrival(str(number), id=str(number)) for number in range(200)]
    for first in range(0, 200, 50):
        await company.store.write(receive, arrivals[first : first + 50])
    assert [str(n) for n in range(200)] == [
        body for (body,) in await company.rows("SELECT body FROM message ORDER BY id")
    ]


async def test_events_are_numbered_without_a_gap(company: Company) -> None:
    """Each team's log counts from one without a gap, also when lists were deduplicated or refused."""

    def arrival(number: int) -> Arrival:
        team = LAKES if number % 3 else FRONT
        return company.arrival(id=f"{number // 2}", sender=f"+1303555{number // 2:04}", team=team)

    async def unlucky(tx: Tx) -> None:
        await receive(tx, [company.arrival(id="never")])
        raise LookupError

    async def fails() -> None:
        with pytest.raises(LookupError):
            await company.store.write(unlucky)

    await asyncio.gather(*(company.take(arrival(number)) for number in range(120)), *(fails() for _ in range(10)))
    logs = await company.rows("SELECT team_id, count(*), min(seq), max(seq) FROM event GROUP BY team_id")
    assert 60 == sum(count for _, count, _, _ in logs)
    assert [(count, 1, count) for _, count, _, _ in logs] == [log[1:] for log in logs]
    heads = await company.rows("SELECT id, event_seq FROM team WHERE event_seq > 0 ORDER BY id")
    assert sorted((team, count) for team, count, _, _ in logs) == heads


async def test_a_message_for_nobody_is_an_event_for_admins(company: Company) -> None:
    """A message for an address that is not ours leaves one event without its words, in the log of no team."""
    await company.store.write(record_unrouted, "sms", "+19995550100", company.clock())
    expected = [(SYSTEM, "channel.unrouted", None, '{"channel":"sms","endpoint":"+19995550100"}')]
    assert expected == await company.rows("SELECT team_id, kind, thread_id, data FROM event")
