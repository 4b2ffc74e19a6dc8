"""A provider says what became of a message. Every report is kept; late and contradicting ones change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.actions import opt_out
from gateway.channels.contract import DeliveryReport, Verdict
from gateway.domain.delivery import DeliveryId, Reported, reported
from gateway.store import deliveries, status
from gateway.store.deliveries import Change, Delivery
from gateway.store.store import Tx


@dataclass(frozen=True, slots=True)
class Saying:
    """A report, the channel it came through, and when (microseconds since 1970)."""

    channel: str
    report: DeliveryReport
    at: int


def reference(delivery: DeliveryId, attempt: int) -> str:
    """What an adapter puts into its callback URL. Not a secret: reports are believed for their signature."""
    return f"{delivery}.{attempt}"


async def report(tx: Tx, sayings: Sequence[Saying]) -> list[DeliveryId | None]:
    """The delivery that each report spoke of; None for one that is kept until we know."""
    return [await _one(tx, saying) for saying in sayings]


async def _one(tx: Tx, saying: Saying) -> DeliveryId | None:
    said = saying.report
    delivery, attempt = await _meant(tx, saying)
    known = delivery.id if delivery else None
    await deliveries.keep_report(
        tx, saying.channel, said.provider_id, known, said.state, said.code, said.detail, said.verdict, saying.at
    )
    if said.verdict == "configuration":
        await status.keep_misconfiguration(tx, saying.channel, said.code, said.detail, saying.at)
    if delivery is None:
        return None
    await heed(tx, delivery, said.verdict, saying.at)
    if said.state != "failed" or attempt == delivery.attempt:  # an earlier attempt's failure says nothing of this one
        await apply(tx, delivery, said.provider_id, said.state, said.code, said.detail, saying.at)
    return delivery.id


async def heed(tx: Tx, delivery: Delivery, verdict: Verdict | None, at: int) -> None:
    """What a failure means for more than its message: the pair of addresses is closed."""
    if verdict == "opted_out":
        await opt_out.refused(tx, delivery.line, at)


async def _meant(tx: Tx, saying: Saying) -> tuple[Delivery | None, int]:
    """The delivery a report speaks of, and which attempt.

    The provider's own id of a message is what it signs for in earnest. A reference, which is only a part of a URL,
    counts while we do not know that id yet; it never moves a report from one message to another.
    """
    named, attempt = await _referred(tx, saying)
    owner = await deliveries.by_provider_id(tx, saying.channel, saying.report.provider_id)
    if owner is not None:
        return owner, attempt if named is not None and named.id == owner.id else owner.attempt
    if named is not None and named.provider_id is None:
        return named, attempt
    return None, 0


async def _referred(tx: Tx, saying: Saying) -> tuple[Delivery | None, int]:
    """The delivery of this channel that the report's reference names, and the attempt in it."""
    number, _, attempt = (saying.report.reference or "").partition(".")
    if number.isascii() and number.isdigit() and attempt.isascii() and attempt.isdigit() and len(number + attempt) < 19:
        delivery = await deliveries.get(tx, DeliveryId(int(number)))
        if delivery is not None and delivery.channel == saying.channel:
            return delivery, int(attempt)
    return None, 0


async def apply(
    tx: Tx,
    delivery: Delivery,
    provider_id: str,
    said: Reported,
    code: str | None,
    detail: str | None,
    now: int,
) -> None:
    """Move the delivery as the table says, and tell the team if it moved."""
    state = reported(delivery.state, said)
    if state == delivery.state:
        return
    mine = await deliveries.by_provider_id(tx, delivery.channel, provider_id)
    new_id = provider_id if delivery.provider_id is None and mine is None else None
    failed = state == "failed"
    new = Change(state, code=code if failed else None, detail=detail if failed else None, provider_id=new_id)
    await deliveries.change(tx, delivery.id, new, now)
    tx.event(delivery.team, "delivery.changed", delivery.thread, now, {"message": delivery.message})
