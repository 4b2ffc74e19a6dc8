"""Devices in the database: at most twenty of an owner, and each of one owner."""

from __future__ import annotations

import asyncio

import pytest

from gateway.actions import devices, people, sign_in
from gateway.actions.app_visit import enter
from gateway.domain.device import Device
from gateway.errors import NotFound, Unauthenticated
from gateway.store.devices import MOST
from gateway.store.visitors import Token
from tests.actions.desk import Desk
from tests.actions.test_app_visit import entry
from tests.company import FRONT, Company


async def customer(company: Company, sub: str) -> Token:
    await company.store.write(enter, entry(company, sub.encode(), sub))
    return Token(sub.encode(), frozenset({"app"}))


async def register(company: Company, token: Token, address: str) -> str:
    device = Device("fcm", address, {})
    made = await company.store.write(devices.register_customers, token, "app", device, company.clock.tick())
    return str(made["id"])


async def addresses(company: Company) -> list[str]:
    return [row[0] for row in await company.rows("SELECT address FROM device ORDER BY seen_at, id")]


async def test_who_is_unseen_longest_goes(company: Company) -> None:
    """Of twenty and one more the one goes that was not registered for longest; refreshed ones stay."""
    dana, rosa = await customer(company, "dana"), await customer(company, "rosa")
    await register(company, rosa, "rosa's")
    for number in [*range(MOST), 0, MOST]:
        await register(company, dana, str(number))
    assert ["rosa's", *map(str, range(2, MOST)), "0", str(MOST)] == await addresses(company)


async def test_many_at_once(company: Company) -> None:
    """Registrations of one customer that come at once leave twenty."""
    dana = await customer(company, "dana")
    await asyncio.gather(*(register(company, dana, str(number)) for number in range(3 * MOST)))
    assert MOST == len(await addresses(company))


async def test_moving_at_once(company: Company) -> None:
    """One device that two customers register at once is one row, of one of them."""
    owners = [await customer(company, sub) for sub in ("dana", "rosa")]
    ids = await asyncio.gather(*(register(company, owner, "shared") for owner in owners * 4))
    assert (1, ["shared"]) == (len(set(ids)), await addresses(company))


async def test_signing_out_against_registering(desk: Desk) -> None:
    """A device is either registered and then gone with its session, or was refused."""
    company = desk.company
    for round_ in range(10):
        person = await company.hire(f"cleo{round_}", FRONT)
        device = Device("webpush", f"https://push.example/{round_}", {"p256dh": "", "auth": ""})
        register_ = company.store.write(devices.register_agents, person.secret, "app", device, company.clock())
        out = company.store.write(sign_in.sign_out, person.secret, company.clock())
        results = await asyncio.gather(register_, out, return_exceptions=True)
        assert all(one is None or isinstance(one, dict | Unauthenticated) for one in results)
    assert [] == await addresses(company)


async def test_an_agent_removes_their_own(desk: Desk) -> None:
    """Another's is not there; disabling takes all."""
    company = desk.company
    ben = await company.hire("ben", FRONT)
    device = Device("webpush", "https://push.example/1", {})
    made = await company.store.write(devices.register_agents, ben.secret, "app", device, company.clock.tick())
    with pytest.raises(NotFound):
        await company.store.write(devices.remove_agents, desk.secret, int(made["id"]), company.clock.tick())
    assert 1 == len(await addresses(company))
    await company.store.write(people.disable_agent, "ben", company.clock.tick())
    assert [] == await addresses(company)
