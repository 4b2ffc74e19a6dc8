"""A person decides on a message that failed or whose fate is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.actions import decide
from gateway.domain.message import MessageId, ThreadId
from gateway.errors import IllegalMove, Invalid
from tests.actions.desk import Desk
from tests.company import SECOND

MINUTE = 60 * SECOND


async def decided(desk: Desk, verb: str, message: MessageId, key: str | None = None, mark: bytes = b"") -> Any:
    now = desk.company.clock.tick()
    if verb == "retry":
        return await desk.store.write(decide.retry, desk.secret, message, key, mark, now)
    return await desk.store.write(decide.settle, desk.secret, message, verb, key, mark, now)  # type: ignore[arg-type]


@pytest.mark.parametrize("verb", ["retry", "sent", "delivered", "failed"])
@pytest.mark.parametrize("state", ["queued", "sending", "sent", "delivered", "read", "failed", "unknown"])
async def test_a_person_decides_on_what_failed_or_is_unknown(desk: Desk, state: str, verb: str) -> None:
    """A person's decision ends where the state table says, names them, and is refused from any other state."""
    message = await desk.answer()
    await desk.company.sql("UPDATE delivery SET state = ?1, provider_id = 'P1', due_at = NULL", state)
    if state not in {"failed", "unknown"} or (state, verb) == ("failed", "failed"):
        with pytest.raises(IllegalMove):
            await decided(desk, verb, message)
        assert (state, 0) == ((await desk.now())["state"], await desk.changes())
        return
    answer = await decided(desk, verb, message)
    assert ("queued" if verb == "retry" else verb) == answer["delivery"]["state"]
    assert (None if verb == "retry" else "settled by Ana Ortiz") == answer["delivery"].get("detail")
    assert (None if verb == "retry" else "P1") == (await desk.now())["provider_id"]
    assert 1 == await desk.changes()


@pytest.mark.parametrize("verb", ["retry", "sent"])
async def test_a_decision_is_made_once_under_its_key(desk: Desk, verb: str) -> None:
    """The same decision again under its key is answered as before; another under that key is invalid."""
    message = await desk.answer()
    await desk.company.sql("UPDATE delivery SET state = 'unknown', due_at = NULL")
    first = await decided(desk, verb, message, "k1", b"one")
    assert first == await decided(desk, verb, message, "k1", b"one")
    with pytest.raises(Invalid):
        await decided(desk, verb, message, "k1", b"other")
    assert 1 == await desk.changes()


async def test_a_person_s_decision_starts_back_off_anew(desk: Desk) -> None:
    """A message that was tried to the end has all its tries again once a person sends it again."""
    message = await desk.answer()
    await desk.company.sql("UPDATE delivery SET state = 'failed', tries = 20, attempt = 20, due_at = NULL")
    await decided(desk, "retry", message)
    (again,) = await desk.claim()
    assert (1, 21) == (again.tries, again.attempt)


async def test_a_retried_message_is_sent_again_as_it_was(desk: Desk) -> None:
    """Sent again, a message is due at once with the same words, under a new attempt."""
    message = await desk.answer(body="As it was")
    (first,) = await desk.claim()
    await desk.finish(first, "rejected", code="21610", detail="They opted out.")
    await decided(desk, "retry", message)
    (again,) = await desk.claim()
    assert ("As it was", 2, first.id) == (again.body, again.attempt, again.id)
    assert ThreadId(1) == again.thread
