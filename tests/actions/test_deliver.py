"""The steps of a delivery in the database, without an outbox: claimed, finished, reported, looked up."""

from __future__ import annotations

import itertools

import pytest

from gateway.actions import deliver
from gateway.actions.overview import facts
from gateway.actions.report import reference
from gateway.domain.delivery import Move, Reported
from gateway.store.deliveries import Delivery
from tests.actions.desk import Desk
from tests.company import SECOND

MINUTE = 60 * SECOND


async def test_a_claim_takes_a_lease_and_counts_the_attempt(desk: Desk) -> None:
    """What is claimed is `sending` under a lease, and nobody claims it again."""
    await desk.answer()
    (claimed,) = await desk.claim()
    assert ("sending", 1, "+13035550000") == (claimed.state, claimed.attempt, claimed.address)
    ((left,),) = await desk.company.rows("SELECT lease_until - db_now() FROM delivery")
    assert 0 < left <= MINUTE
    assert [] == await desk.claim()


async def test_a_claim_takes_one_of_each_thread_in_order(desk: Desk) -> None:
    """Within a thread the earlier message holds the later one; between threads the older goes first."""
    first = [await desk.answer(0), await desk.answer(1), await desk.answer(0), await desk.answer(2)]
    assert [first[0], first[1]] == [one.message for one in await desk.claim(room=2)]
    assert [first[3]] == [one.message for one in await desk.claim()]


@pytest.mark.parametrize(
    ("step", "lets_go"), [("accepted", True), ("postponed", False), ("rejected", True), ("lost", True)]
)
async def test_only_a_retrying_message_holds_the_next(desk: Desk, step: Move, lets_go: bool) -> None:
    """A message that is tried again holds the next of its thread; sent, failed and unknown ones let it go."""
    await desk.answer()
    second = await desk.answer()
    (first,) = await desk.claim()
    due_at = desk.company.clock() + 10 * MINUTE if step == "postponed" else None
    assert await desk.finish(first, step, due_at=due_at)
    assert ([second] if lets_go else []) == [one.message for one in await desk.claim()]


async def test_a_postponed_message_is_due_when_it_says(desk: Desk) -> None:
    """A message that is to be tried again is claimed when its time has come, as the next attempt."""
    await desk.answer()
    (first,) = await desk.claim()
    await desk.finish(first, "postponed", due_at=desk.company.clock() + 3 * SECOND, code="429", detail="Busy")
    now = await desk.now()
    assert ("queued", "429", "Busy") == (now["state"], now["code"], now["detail"])
    assert [] == await desk.claim()
    desk.company.clock.tick(2)
    assert [2] == [one.attempt for one in await desk.claim()]


async def test_an_attempt_is_finished_once(desk: Desk) -> None:
    """An ending of an attempt that ended, or of one before, changes nothing."""
    await desk.answer()
    (first,) = await desk.claim()
    assert await desk.finish(first, "postponed", due_at=desk.company.clock())
    assert not await desk.finish(first, "rejected")
    (second,) = await desk.claim()
    assert not await desk.finish(first, "accepted", provider_id="P0")
    assert await desk.finish(second, "accepted", provider_id="P1")
    assert ("sent", "P1") == ((await desk.now())["state"], (await desk.now())["provider_id"])


REPORTS: list[tuple[Reported, ...]] = sorted(set(itertools.permutations(["sent", "sent", "delivered", "delivered"])))


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("said", REPORTS)
@pytest.mark.parametrize("by_reference", [True, False])
async def test_reports_early_late_doubled_and_out_of_order_end_in_delivered(
    desk: Desk, said: tuple[Reported, ...], place: int, by_reference: bool
) -> None:
    """Whenever the provider's own answer comes among its reports, and in whatever order, the end is `delivered`."""
    await desk.answer()
    (claimed,) = await desk.claim()
    facts = {"reference": reference(claimed.id, claimed.attempt)} if by_reference else {}
    for state in said[:place]:
        await desk.hear(state, **facts)
    await desk.finish(claimed, "accepted", provider_id="P1")
    for state in said[place:]:
        await desk.hear(state, **facts)
    assert ("delivered", "P1") == ((await desk.now())["state"], (await desk.now())["provider_id"])
    assert [(4, 4)] == await desk.company.rows("SELECT count(*), count(delivery_id) FROM report")


async def test_an_early_failure_keeps_its_reason(desk: Desk) -> None:
    """A failure that is reported before the provider's own answer keeps the words for the agent."""
    await desk.answer()
    (claimed,) = await desk.claim()
    facts = {"reference": reference(claimed.id, 1), "code": "30007", "detail": "The carrier blocked it."}
    await desk.hear("failed", **facts)
    await desk.finish(claimed, "accepted", provider_id="P1")
    now = await desk.now()
    assert ("failed", "30007", "The carrier blocked it.", "P1") == tuple(
        now[name] for name in ("state", "code", "detail", "provider_id")
    )


async def test_a_report_of_an_earlier_attempt_s_failure_is_not_of_this_one(desk: Desk) -> None:
    """That an earlier attempt failed says nothing of the present one; that it arrived says all."""
    await desk.answer()
    (first,) = await desk.claim()
    await desk.finish(first, "postponed", due_at=desk.company.clock())
    await desk.claim()
    await desk.hear("failed", "P0", reference=reference(first.id, 1))
    assert "sending" == (await desk.now())["state"]
    await desk.hear("delivered", "P0", reference=reference(first.id, 1))
    assert "delivered" == (await desk.now())["state"]


@pytest.mark.parametrize(
    "text", ["", "x", "1", "1.", ".1", "-1.1", "1.x", "99.1", "1" * 30 + ".1", "1." + "1" * 5000, "²." + "1", "1.1.1"]
)
async def test_a_reference_that_is_not_ours_is_kept_for_later(desk: Desk, text: str) -> None:
    """A report that speaks of nothing we know is kept, and changes nothing."""
    await desk.answer()
    await desk.claim()
    assert await desk.hear("delivered", reference=text) is None
    assert "sending" == (await desk.now())["state"]


async def test_another_channel_s_report_is_not_ours(desk: Desk) -> None:
    """A report finds only messages of the channel that it came through."""
    await desk.answer()
    (claimed,) = await desk.claim()
    assert await desk.hear("delivered", channel="chat", reference=reference(claimed.id, 1)) is None
    assert "sending" == (await desk.now())["state"]


async def test_a_late_report_says_nothing_to_the_team(desk: Desk) -> None:
    """Each change of state is one event, and a report that changes nothing is none."""
    await desk.answer()
    (claimed,) = await desk.claim()
    await desk.finish(claimed, "accepted", provider_id="P1")
    for state in ("delivered", "sent", "delivered", "failed"):
        await desk.hear(state)  # type: ignore[arg-type]
    assert 2 == await desk.changes()


async def test_leases_that_ran_out_are_of_unknown_fate(desk: Desk) -> None:
    """A send whose lease is over is `unknown`, to be looked up at once, and its own late good news still counts."""
    await desk.answer()
    (claimed,) = await desk.claim()
    now = desk.company.clock.tick(61)
    assert [] == await desk.store.write(deliver.give_up_leases, now)
    await desk.company.sql("UPDATE delivery SET lease_until = db_now()")
    assert [claimed.id] == await desk.store.write(deliver.give_up_leases, now)
    assert ("unknown", now) == ((await desk.now())["state"], (await desk.now())["due_at"])
    assert "may have gone out" in (await desk.now())["detail"]
    assert not await desk.finish(claimed, "postponed", due_at=now)
    assert await desk.finish(claimed, "accepted", provider_id="P1")
    assert ("sent", None) == ((await desk.now())["state"], (await desk.now())["detail"])


async def unknown(desk: Desk, number: int = 0) -> Delivery:
    await desk.answer(number)
    (claimed,) = await desk.claim()
    await desk.finish(claimed, "lost", detail="Nobody knows.", due_at=desk.company.clock())
    return claimed


async def test_a_lost_message_is_found_at_its_provider(desk: Desk) -> None:
    """The first message of the provider's list that no other delivery owns is the lost one; kept reports then count."""
    await desk.answer(1)
    (other,) = await desk.claim()
    await desk.finish(other, "accepted", provider_id="P1")
    lost = await unknown(desk)
    await desk.hear("delivered", "P2")
    assert await desk.store.write(deliver.resolve, lost, ("P1", "P2", "P3"), desk.company.clock())
    query = "SELECT provider_id, state FROM delivery WHERE id = ?1"
    assert [("P2", "delivered")] == await desk.company.rows(query, lost.id)


async def test_what_is_not_found_is_left_to_a_person(desk: Desk) -> None:
    """Look-ups grow apart and end after the fifth; the message stays unknown, and is never queued by itself."""
    lost = await unknown(desk)
    since = (await desk.now())["updated_at"]
    waits = []
    for _ in range(5):
        now = desk.company.clock.tick()
        assert not await desk.store.write(deliver.resolve, lost, (), now)
        due_at = (await desk.now())["due_at"]
        waits.append(None if due_at is None else (due_at - now) // SECOND)
    assert [5, 30, 300, 1800, None] == waits
    assert ("unknown", since) == ((await desk.now())["state"], (await desk.now())["updated_at"])


async def test_a_twin_under_way_is_not_taken_for_the_lost_one(desk: Desk) -> None:
    """While the thread sends another message, what the provider's list shows is not attributed."""
    lost = await unknown(desk)
    await desk.answer()
    (twin,) = await desk.claim()
    assert not await desk.store.write(deliver.resolve, lost, ("P9",), desk.company.clock())
    await desk.finish(twin, "accepted", provider_id="P9")
    query = "SELECT state FROM delivery ORDER BY id"
    assert [("unknown",), ("sent",)] == await desk.company.rows(query)


async def test_a_channel_that_is_gone_gives_its_messages_back(desk: Desk) -> None:
    """What waits for a channel that is not configured fails with words; what is with a provider is left alone."""
    await desk.answer(0)
    (claimed,) = await desk.claim()
    await desk.answer(1)
    assert 0 == await desk.store.write(deliver.strand, ("sms",), desk.company.clock())
    assert 1 == await desk.store.write(deliver.strand, ("chat",), desk.company.clock())
    expected = [("sending", None), ("failed", "The channel sms is not configured any more.")]
    assert expected == await desk.company.rows("SELECT state, detail FROM delivery ORDER BY id")
    assert await desk.finish(claimed, "accepted", provider_id="P1")


async def test_a_reference_cannot_take_a_report_to_another_message(desk: Desk) -> None:
    """The provider's own id says which message is meant, whatever a reference names; a message whose id is known is not
    moved by a report under another."""
    await desk.answer(0)
    await desk.answer(1)
    one, other = await desk.claim()
    await desk.finish(one, "accepted", provider_id="P1")
    await desk.finish(other, "accepted", provider_id="P2")
    assert one.id == await desk.hear("delivered", "P1", reference=reference(other.id, 1))
    assert await desk.hear("delivered", "P3", reference=reference(other.id, 1)) is None
    states = await desk.company.rows("SELECT provider_id, state FROM delivery ORDER BY id")
    assert [("P1", "delivered"), ("P2", "sent")] == states


async def test_our_own_set_up_is_told_to_admins(desk: Desk) -> None:
    """Errors of our own set-up are kept by code, with how often and when last, newest first; others are not."""
    for number, (code, verdict) in enumerate([("20003", "configuration"), ("30007", "permanent")] * 2):
        await desk.answer(number)
        (claimed,) = await desk.claim()
        await desk.finish(claimed, "rejected", code=code, detail=f"Code {code}.", verdict=verdict)
    await desk.hear("failed", "P9", code="30034", detail="Not registered.", verdict="configuration")
    found = (await desk.store.read(facts)).misconfigured["sms"]
    assert [("30034", 1), ("20003", 2)] == [(one["code"], one["count"]) for one in found]
