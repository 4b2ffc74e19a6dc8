"""An app's customer is entered: once by each token, and as whom."""

from __future__ import annotations

import asyncio
import dataclasses

from gateway.actions import app_visit, customer_visit, devices
from gateway.actions.app_visit import Entry, enter
from gateway.domain.device import Device
from gateway.store import visitors
from gateway.store.profiles import Profile
from gateway.store.visitors import Token, Visitor
from tests.company import FRONT, LAKES, SECOND, Company

PHONE = "+13035550142"
NOBODY = Profile(None, False, None, None, None, None, None)
VERIFIED = dataclasses.replace(NOBODY, phone=PHONE, phone_verified=True)


def entry(company: Company, secret: bytes, sub: str = "4711", said: Profile = NOBODY, name: str | None = None) -> Entry:
    now = company.clock.tick()
    return Entry(secret, "app", f"app:{sub}", name, said, FRONT, now + 3_600 * SECOND, now)


async def visitor(company: Company, secret: bytes) -> Visitor:
    token = Token(secret, frozenset({"app"}))
    return await company.store.read(visitors.authenticate, token, company.clock())


async def test_entering_again(company: Company) -> None:
    """The same token changes nothing, not even what a newer one has said; it expires when it was signed to."""
    first = entry(company, b"1", name="Dana")
    await company.store.write(enter, first)
    await company.store.write(enter, entry(company, b"2", name="Dana Reyes"))
    await company.store.write(enter, first)
    found = await visitor(company, b"1")
    assert ("app", "app:4711", "Dana Reyes", FRONT) == (found.kind, found.address, found.name, found.home)
    assert first.expires_at == found.expires_at
    assert False is visitors.is_to_be_renewed(found, company.clock())


async def test_an_ended_token_stays_ended(company: Company) -> None:
    """Entering it again, as another node may, does not bring it back."""
    first = entry(company, b"1")
    await company.store.write(enter, first)
    await company.store.write(customer_visit.end, Token(b"1", frozenset({"app"})), company.clock.tick())
    await company.store.write(enter, first)
    assert [] == list(await company.store.read(visitors.of_secrets, [b"1"], company.clock()))


async def test_a_known_texter(company: Company) -> None:
    """A verified number that has texted is the same customer, of the team they have."""
    text = await company.text(sender=PHONE, team=LAKES)
    await company.store.write(enter, entry(company, b"1", said=VERIFIED))
    found = await visitor(company, b"1")
    assert (LAKES, [(found.customer,)]) == (
        found.home,
        await company.rows("SELECT customer_id FROM thread WHERE id = ?1", text.thread),
    )


async def test_joining_brings_the_devices(company: Company) -> None:
    """Who has not written joins the one who texts, with the devices they have registered."""
    text = await company.text(sender=PHONE)
    await company.store.write(enter, entry(company, b"1"))
    order = (Token(b"1", frozenset({"app"})), "app", Device("fcm", "x", {}))
    await company.store.write(devices.register_customers, *order, company.clock.tick())
    await company.store.write(enter, entry(company, b"2", said=VERIFIED))
    theirs = "SELECT count(*) FROM device JOIN thread USING (customer_id) WHERE thread.id = ?1"
    assert [(1,)] == await company.rows(theirs, text.thread)


async def test_entering_at_once(company: Company) -> None:
    """Tokens of one new customer, and their first text, that come at once are one customer."""
    entries = [entry(company, bytes([number]), said=VERIFIED) for number in range(8)]
    await asyncio.gather(*(company.store.write(app_visit.enter, one) for one in entries), company.text(sender=PHONE))
    counts = "SELECT (SELECT count(*) FROM customer), (SELECT count(*) FROM identity), (SELECT count(*) FROM visitor)"
    assert [(1, 2, 8)] == await company.rows(counts)
