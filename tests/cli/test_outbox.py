"""The outbox after a restore: held, shown, and released by a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.actions.deliver import claim_due
from gateway.store import deliveries
from tests.cli.house import LEASE, House
from tests.company import FRONT, Company


@pytest.fixture
def restored(engine: str, tmp_path: Path) -> House:
    """A house that was restored with one message queued, one in doubt, and one written since."""
    house = House(tmp_path / "house", engine)

    async def past(company: Company) -> None:
        ana = await company.hire("ana", FRONT)
        first, second = [(await company.text(sender=sender)).thread for sender in ("+13035550001", "+13035550002")]
        await company.reply(ana.secret, first)
        await company.store.write(claim_due, "sms", 1, company.clock.tick(), LEASE)
        await company.reply(ana.secret, second)

    house.work(past)
    assert 0 == house.run("backup", str(tmp_path / "a.tar")).exit_code
    other = House(tmp_path / "other", engine)
    assert 0 == other.run("restore", str(tmp_path / "a.tar")).exit_code

    async def since(company: Company) -> None:
        company.clock.tick(2 * 86_400)
        eve = await company.hire("eve", FRONT)
        await company.reply(eve.secret, (await company.text(sender="+13035550003")).thread)

    other.work(since)
    return other


def _under_way(house: House) -> tuple[int, int]:
    """How many the outbox would send, and look up, three days later."""
    found = []

    async def ask(company: Company) -> None:
        later = company.clock.tick(3 * 86_400)
        agenda = await company.store.read(deliveries.agenda, "sms", later, 10)
        found.append((len(await company.store.write(claim_due, "sms", 10, later, LEASE)), len(agenda.lost)))

    house.work(ask)
    return found[0]


def test_nothing_goes_out_before(restored: House) -> None:
    """After a restore nothing is sent or looked up, neither what waited nor what was written since."""
    assert (0, 0) == _under_way(restored)


def test_it_is_shown(restored: House) -> None:
    """`outbox show` counts what waits, and says what may have been sent already; `status` says that it is held."""
    held, waiting = restored.run("outbox", "show").stdout.splitlines()
    assert held.startswith("The outbox is held since ")
    assert "sms: 2 to be sent (1 of them may have been sent since the backup), 1 to be looked up" == waiting
    assert "notice: nothing is sent: the outbox is held since a restore at " in restored.run("status").stdout


def test_a_person_releases_it(restored: House) -> None:
    """`outbox release` asks, and does nothing without a yes; then what is new goes out, and what waited at the
    time of the backup is looked up instead of being sent, perhaps, a second time."""
    refused = restored.run("outbox", "release", typed="n\n")
    assert 1 == refused.exit_code
    assert (0, 0) == _under_way(restored)
    released = restored.run("outbox", "release", typed="y\n")
    assert (0, "The outbox is released.") == (released.exit_code, released.stdout.splitlines()[-1])
    assert (1, 2) == _under_way(restored)
    assert "notice" not in restored.run("status").stdout


def test_yes_asks_nobody(restored: House) -> None:
    """With --yes a script may release it; again there is nothing to do."""
    assert 0 == restored.run("outbox", "release", "--yes").exit_code
    again = restored.run("outbox", "release")
    assert (0, "The outbox is not held: what waits goes out when it is due.") == (
        again.exit_code,
        again.stdout.splitlines()[0],
    )
