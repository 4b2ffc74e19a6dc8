"""Opt-outs: closed by the customer's words, the provider's refusal or a person; opened by the carrier's word alone."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.actions import decide, view
from gateway.actions.begin import Door, Opening, begin
from gateway.actions.opt_out import opt_out
from gateway.domain.address import Address
from gateway.domain.instant import from_micros, rfc3339
from gateway.domain.message import ThreadId
from gateway.domain.wire import Json
from gateway.errors import Forbidden, NotFound, OptedOut, Unreachable
from gateway.store.consents import Consent
from tests.actions.desk import Desk
from tests.company import FRONT, LAKES, SECOND, START, Company, Person

STOP: dict[str, Any] = {"opt": "out", "answered": True}


async def ways(company: Company, secret: bytes, thread: ThreadId) -> list[tuple[str, bool, bool]]:
    """Endpoint, whether it is open, and whether the customer wrote again, of each way."""
    opened = await company.store.read(view.thread, secret, thread, company.clock())
    return [(line.endpoint, line.opted_out_at is None, line.wrote_again) for line in opened.lines]


async def quiet(company: Company, secret: bytes, thread: ThreadId) -> list[Json]:
    window = view.Window(None, None, 50, notes=False, events=True)
    page = await company.store.read(view.messages_page, secret, thread, window, company.clock())
    return [item for item in page.items if "event" in item]


async def history(company: Company) -> list[tuple[Any, ...]]:
    return await company.rows("SELECT opt, source, agent_id FROM opt_out ORDER BY id")


async def test_stop_closes_the_pair(company: Company) -> None:
    """STOP is a message, a row of history, a quiet line and a closed pair; what is written then is refused."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text("STOP", **STOP)).thread
    at = rfc3339(company.clock())
    with pytest.raises(OptedOut, match=r"^this customer has opted out of messages from this address of ours$"):
        await company.reply(ana.secret, thread)
    assert [("+13035550100", False, False)] == await ways(company, ana.secret, thread)
    assert [("out", "customer", None)] == await history(company)
    (line,) = await quiet(company, ana.secret, thread)
    pair = {"channel": "sms", "address_kind": "sms", "address": "+13035550142", "endpoint": "+13035550100"}
    facts = {"source": "customer", "answered": True, **pair}
    author = {"kind": "customer", "id": "1", "name": "+13035550142"}
    assert {"event": "line.opted_out", "at": at, "author": author} | facts == line


async def test_only_start_opens_it(company: Company) -> None:
    """A later text leaves the pair closed and shows that they wrote again; START opens it."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text("STOP", **STOP)).thread
    await company.text("Are you there?")
    assert [("+13035550100", False, True)] == await ways(company, ana.secret, thread)
    with pytest.raises(OptedOut):
        await company.reply(ana.secret, thread)
    await company.text("START", opt="in")
    assert [("+13035550100", True, False)] == await ways(company, ana.secret, thread)
    await company.reply(ana.secret, thread)
    assert [("out", "customer", None), ("in", "customer", None)] == await history(company)


async def test_help_is_told_and_changes_nothing(company: Company) -> None:
    """HELP is a quiet line, and the pair stays as it was."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text("HELP", opt="help", answered=True)).thread
    assert ["line.help"] == [line["event"] for line in await quiet(company, ana.secret, thread)]
    assert [] == await history(company)
    await company.reply(ana.secret, thread)


async def test_it_holds_for_the_pair_alone(company: Company) -> None:
    """Closed from one of our numbers, the customer is offered the other, which is open when it is asked for."""
    ana = await company.hire("ana", FRONT)
    await company.text(endpoint="+13035550101")
    thread = (await company.text("STOP", **STOP)).thread
    with pytest.raises(OptedOut, match=r"what can be reached instead: sms \+13035550101$"):
        await company.reply(ana.secret, thread)
    ((way,),) = await company.rows("SELECT id FROM line WHERE endpoint = '+13035550101'")
    await company.reply(ana.secret, thread, way=way)
    with pytest.raises(Unreachable, match="has never written on that channel"):
        await company.reply(ana.secret, thread, way=99)


async def test_the_same_stop_again_is_one(company: Company) -> None:
    """A webhook that comes twice says STOP once."""
    await asyncio.gather(*(company.take(company.arrival("STOP", id="SM7", **STOP)) for _ in range(5)))
    assert [("out", "customer", None)] == await history(company)


async def test_stop_and_start_in_one_list_keep_their_order(company: Company) -> None:
    """Of two words that share a transaction the later one holds, also when the pair was new."""
    ana = await company.hire("ana", FRONT)
    arrivals = [company.arrival("STOP", opt="out"), company.arrival("START", opt="in")]
    receipts = await asyncio.gather(*map(company.take, arrivals))
    assert [("+13035550100", True, False)] == await ways(company, ana.secret, receipts[0].thread)


async def test_a_stop_that_comes_late_does_not_undo_a_later_start(company: Company) -> None:
    """What was said last counts, not what was heard last."""
    ana = await company.hire("ana", FRONT)
    await company.text()
    said_at = company.clock.tick()
    thread = (await company.text("START", opt="in")).thread
    await company.text("STOP", opt="out", late=True, at=from_micros(said_at))
    assert [("+13035550100", True, False)] == await ways(company, ana.secret, thread)


async def test_what_waited_does_not_go_out(desk: Desk) -> None:
    """A reply that was queued when STOP came fails with that reason, and cannot be sent again."""
    message = await desk.answer()
    await desk.company.text("STOP", sender="+13035550000", **STOP)
    assert [] == await desk.claim()
    now = await desk.now()
    expected = "This customer has opted out of messages from this address of ours."
    assert ("failed", expected, 0) == (now["state"], now["detail"], now["attempt"])
    with pytest.raises(OptedOut):
        await desk.store.write(decide.retry, desk.secret, message, None, b"", desk.company.clock())
    await desk.company.text("START", sender="+13035550000", opt="in")
    await desk.store.write(decide.retry, desk.secret, message, None, b"", desk.company.clock.tick())
    assert [message] == [one.message for one in await desk.claim()]


async def test_a_refusal_closes_it(desk: Desk) -> None:
    """A send that the provider refuses for an opt-out closes the pair; the same refusal again says nothing new."""
    await desk.answer()
    await desk.answer()
    (first,) = await desk.claim()
    await desk.finish(first, "rejected", code="21610", detail="Opted out.", verdict="opted_out")
    assert [("out", "provider", None)] == await history(desk.company)
    assert [] == await desk.claim()
    await desk.hear("failed", "P9", reference=f"{first.id}.1", code="21610", verdict="opted_out")
    assert [("out", "provider", None)] == await history(desk.company)
    assert ["line.opted_out"] == [line["event"] for line in await quiet(desk.company, desk.secret, ThreadId(1))]
    (line,) = await quiet(desk.company, desk.secret, ThreadId(1))
    assert ("provider", False) == (line["source"], "author" in line)


@pytest.mark.parametrize("early", [True, False])
async def test_a_report_closes_it(desk: Desk, early: bool) -> None:
    """A report of a refusal closes the pair, also one that came before we knew what it spoke of."""
    await desk.answer()
    (claimed,) = await desk.claim()
    if early:
        await desk.hear("failed", code="21610", verdict="opted_out")
    await desk.finish(claimed, "accepted", provider_id="P1")
    if not early:
        await desk.hear("failed", code="21610", verdict="opted_out")
    assert [("out", "provider", None)] == await history(desk.company)
    assert "failed" == (await desk.now())["state"]


async def test_a_person_records_it(company: Company) -> None:
    """A person closes a pair for a customer who asked in other words, with how; no verb of theirs opens it."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text("Please leave me alone")).thread
    await company.store.write(opt_out, ana.secret, thread, 1, "They asked in words.", company.clock.tick())
    assert [("+13035550100", False, False)] == await ways(company, ana.secret, thread)
    expected = [("out", "agent", ana.id, "They asked in words.")]
    assert expected == await company.rows("SELECT opt, source, agent_id, note FROM opt_out")
    (line,) = await quiet(company, ana.secret, thread)
    assert ({"kind": "agent", "id": str(ana.id), "name": "Ana Ortiz"}, "agent") == (line["author"], line["source"])


async def test_only_in_reach_and_with_leave(company: Company) -> None:
    """Another team's thread, a way of another thread and a token that only reads record nothing."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", LAKES)
    thread = (await company.text()).thread
    await company.text(sender="+13035550143")
    token = await company.token(ana, may_reply=False)
    for secret, way, error in ((ben.secret, 1, NotFound), (ana.secret, 2, NotFound), (token, 1, Forbidden)):
        with pytest.raises(error):
            await company.store.write(opt_out, secret, thread, way, "x", company.clock())
    assert [] == await history(company)


async def test_late_texts_wait_from_when_they_were_written(company: Company) -> None:
    """A late text stands where it arrived, says when it was written, and its customer waits since then."""
    ana = await company.hire("ana", FRONT)
    thread = (await company.text("on time")).thread
    written = from_micros(START - 3_600 * SECOND)
    await company.text("late", late=True, at=written)
    await company.text("on time again")
    window = view.Window(None, None, 50, notes=False, events=False)
    page = await company.store.read(view.messages_page, ana.secret, thread, window, company.clock())
    assert [("on time", None), ("late", True), ("on time again", None)] == [
        (item["body"], item.get("late")) for item in page.items
    ]
    assert rfc3339(START - 3_600 * SECOND) == page.items[1]["sent_at"]
    assert [(START - 3_600 * SECOND,)] == await company.rows("SELECT waiting_since FROM reach")


async def test_a_late_text_is_never_from_the_future(company: Company) -> None:
    """A provider whose clock is ahead says when it was written as if it were now."""
    await company.text(late=True, at=from_micros(START) + timedelta(days=1))
    assert [(0,)] == await company.rows("SELECT sent_at - at FROM message")


PAPER = Consent("Ann Lee", START - SECOND, "on the order form")
DOORS = (Door("+13125550100", LAKES, False), Door("+13035550100", FRONT, False))


async def write_first(company: Company, person: Person | bytes, number: str = "+13035550199", **more: Any) -> Json:
    secret = person if isinstance(person, bytes) else person.secret
    facts: dict[str, Any] = {"doors": DOORS, "key": None, "fingerprint": b"f"} | more
    order = Opening(
        secret,
        "sms",
        Address("sms", number),
        body="Your technician comes at nine",
        consent=PAPER,
        salt=b"s" * 16,
        now=company.clock.tick(),
        **facts,
    )
    return await company.store.write(begin, order)


async def test_a_person_writes_first(company: Company) -> None:
    """The first message makes the thread of the person's own team, with consent, delivery and author; its answer goes
    there, and what the customer writes then stands in it."""
    ana = await company.hire("ana", FRONT)
    made = await write_first(company, ana, key="k")
    assert made == await write_first(company, ana, key="k")
    thread = ThreadId(int(made["thread"]["id"]))
    assert (FRONT, "+13035550199", "out") == (
        made["thread"]["team"],
        made["thread"]["customer"]["name"],
        made["message"]["direction"],
    )
    expected = [("Ann Lee", START - SECOND, "on the order form", ana.id)]
    assert expected == await company.rows("SELECT who, given_at, how, agent_id FROM consent")
    assert [("+13035550100", "queued")] == await company.rows("SELECT endpoint, state FROM delivery")
    assert ["thread.opened"] == [line["event"] for line in await quiet(company, ana.secret, thread)]
    opened = await company.store.read(view.thread, ana.secret, thread, company.clock())
    assert ([False], ["on the order form"]) == (
        [line.last for line in opened.lines],
        [consent["how"] for consent in opened.consents],
    )
    assert thread == (await company.text(sender="+13035550199")).thread
    await company.reply(ana.secret, thread)


async def test_who_opted_out_is_not_written_to(company: Company) -> None:
    """A closed pair stays closed to a first message too, whatever consent it brings."""
    ana = await company.hire("ana", FRONT)
    await company.text("STOP", sender="+13035550199", **STOP)
    with pytest.raises(OptedOut):
        await write_first(company, ana)
    assert [(0, 0)] == await company.rows("SELECT (SELECT count(*) FROM consent), count(*) FROM delivery")


async def test_another_team_s_customer_is_not_to_be_found(company: Company) -> None:
    """A customer out of reach is refused without a word about whose they are, and nothing is made."""
    ana = await company.hire("ana", FRONT)
    await company.text(sender="+13035550199", team=LAKES, own_team=True)
    by_region = (Door("+18005550100", FRONT, True),)
    with pytest.raises(Unreachable, match=r"^this address cannot be written to from here$"):
        await write_first(company, ana, doors=by_region)
    with pytest.raises(Unreachable, match=r"^this address cannot be written to from here$"):
        await write_first(company, ana)  # from a number of her own team either
    with pytest.raises(Unreachable, match="belongs to a team of yours"):
        await write_first(company, ana, number="+13035550198", doors=DOORS[:1])
    assert [(1,)] == await company.rows("SELECT count(*) FROM line")


async def test_another_team_s_customer_who_wrote_to_both(company: Company) -> None:
    """With whom a team has a thread, its people may begin anew, from a number of theirs only."""
    ana = await company.hire("ana", FRONT)
    await company.text(sender="+13035550199", team=LAKES, own_team=True, endpoint="+18005550100")
    known = await company.text(sender="+13035550199")
    by_region = Door("+18005550100", FRONT, True)
    made = await write_first(company, ana, doors=(by_region, *DOORS))
    assert str(known.thread) == made["thread"]["id"]
    with pytest.raises(Unreachable):
        await write_first(company, ana, doors=(by_region,))


async def test_a_token_that_only_reads_does_not_begin(company: Company) -> None:
    """Writing first is replying: a token needs --may-reply."""
    ana = await company.hire("ana", FRONT)
    with pytest.raises(Forbidden):
        await write_first(company, await company.token(ana, may_reply=False))
