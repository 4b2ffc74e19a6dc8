"""A provider says what became of a message. Every report is kept; late and contradicting ones change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.actions import opt_out
from gateway.channels.contract import DeliveryReport, Verdict
from gateway.domain.delivery import DeliveryId, Reported, reported
from gateway.store import deliveries, held, reports, status
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
    await _hold(tx, sayings)
    failures: list[Failure] = []
    spoken_of = [await _one(tx, saying, failures) for saying in sayings]
    await heed(tx, failures)
    return spoken_of


async def _hold(tx: Tx, sayings: Sequence[Saying]) -> None:
    """All that they speak of, before any of it is touched."""
    await deliveries.hold_provider_ids(tx, (saying.report.provider_id for saying in sayings))
    meant = [named[0] for saying in sayings if (named := _reference(saying)) is not None]
    for channel in {saying.channel for saying in sayings}:
        ids = {saying.report.provider_id for saying in sayings if saying.channel == channel}
        meant += await deliveries.known_by(tx, channel, ids)
    await held.hold(tx, meant)


async def _one(tx: Tx, saying: Saying, failures: list[Failure]) -> DeliveryId | None:
    said = saying.report
    delivery, attempt = await _meant(tx, saying)
    known = delivery.id if delivery else None
    await reports.keep(
        tx, saying.channel, said.provider_id, known, said.state, said.code, said.detail, said.verdict, saying.at
    )
    if said.verdict is not None:
        line = delivery.line if delivery else None
        failures.append(Failure(saying.channel, said.verdict, said.code, said.detail, saying.at, line))
    if delivery is None:
        return None
    if said.state != "failed" or attempt == delivery.attempt:  # an earlier attempt's failure says nothing of this one
        await apply(tx, delivery, said.provider_id, said.state, said.code, said.detail, saying.at)
    return delivery.id


@dataclass(frozen=True, slots=True)
class Failure:
    """What a provider's refusal means for more than its message. `at` in microseconds since 1970."""

    channel: str
    verdict: Verdict
    code: str | None
    detail: str | None
    at: int
    line: int | None
    """The pair of addresses that it was about; None where we do not know (yet)."""


async def heed(tx: Tx, failures: Sequence[Failure]) -> None:
    """Admins see what is wrong with our own set-up, and who has opted out is written to no more: in the order of the
    rows, since lists wait for one another here."""
    ours = [failure for failure in failures if failure.verdict == "configuration"]
    for failure in sorted(ours, key=lambda failure: (failure.channel, failure.code or "")):
        await status.keep_misconfiguration(tx, failure.channel, failure.code, failure.detail, failure.at)
    closed = [(failure.line, failure.at) for failure in failures if failure.verdict == "opted_out"]
    for line, at in sorted((line, at) for line, at in closed if line is not None):
        await opt_out.refused(tx, line, at)


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
    named = _reference(saying)
    if named is not None:
        delivery, attempt = await deliveries.get(tx, named[0]), named[1]
        # An attempt that was not made yet is another message's, from a past that a restored database does not know.
        if delivery is not None and delivery.channel == saying.channel and attempt <= delivery.attempt:
            return delivery, attempt
    return None, 0


def _reference(saying: Saying) -> tuple[DeliveryId, int] | None:
    """As `reference` has made it; None for anything else."""
    number, _, attempt = (saying.report.reference or "").partition(".")
    if number.isascii() and number.isdigit() and attempt.isascii() and attempt.isdigit() and len(number + attempt) < 19:
        return DeliveryId(int(number)), int(attempt)
    return None


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
