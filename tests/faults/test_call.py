"""A gateway that dies while two people talk: nothing is dialed twice, and what was said meanwhile is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests import raw
from tests.gateway_process import Company, GatewayProcess, gateway_process
from tests.journeys.calling import ANAS, CUSTOMERS, OURS, VOICE
from tests.processes import until
from tests.standins.twilio_api import Fault
from tests.standins.twilio_voice import ACCOUNT, TwilioVoiceStandIn
from tests.standins.twilio_voice_calls import Phone

WEB = 'adapter = "web_chat"\n'


class House:
    """A gateway process with Ana's phone, and Twilio."""

    def __init__(self, gateway: GatewayProcess, twilio: TwilioVoiceStandIn, http: aiohttp.ClientSession) -> None:
        self.gateway, self.twilio, self.http = gateway, twilio, http

    async def ask(self, method: str, path: str, json: Any = None, token: str | None = None) -> Any:
        told = {"Authorization": f"Bearer {self.gateway.token if token is None else token}"}
        async with self.http.request(method, self.gateway.url + path, json=json, headers=told) as answer:
            assert answer.status < 400, await answer.text()
            return await answer.json()

    async def call(self) -> str:
        """A visitor wants to be called now, and Ana presses Call; the booking's id."""
        await self.ask("PUT", "/api/agent/v1/me", {"phone": ANAS})
        visitor = await self.ask("POST", "/api/customer/v1/visitors", {})
        wish = {"kind": "call", "now": True, "phone": CUSTOMERS}
        booking = await self.ask("POST", "/api/customer/v1/bookings", wish, visitor["token"])
        await self.ask("POST", f"/api/agent/v1/bookings/{booking['id']}/call")
        identity: str = booking["id"]
        return identity

    async def until(self, booking: str, **facts: Any) -> dict[str, Any]:
        """The call, once it is so."""

        async def so() -> dict[str, Any] | None:
            board = await self.ask("GET", "/api/agent/v1/bookings")
            call: dict[str, Any] = next(item["call"] for item in board["items"] if item["id"] == booking)
            return call if call.items() >= facts.items() else None

        return await until(so)


@pytest.fixture
async def house(company: Company, tmp_path: Path) -> AsyncIterator[House]:
    async with TwilioVoiceStandIn(OURS) as twilio, aiohttp.ClientSession() as http:
        voice = VOICE.format(account=ACCOUNT, number=OURS, url=twilio.url).replace("{", "{{").replace("}", "}}")
        config = {"adapters/voice.toml": voice, "adapters/web.toml": WEB}
        async with gateway_process(tmp_path / "gateway", company, twilio.url, config=config) as gateway:
            yield House(gateway, twilio, http)
            await twilio.cut()


async def test_killed_while_they_talk(house: House) -> None:
    """They hang up while nobody listens; the gateway that comes back knows how long they talked."""
    house.twilio.phones[CUSTOMERS] = Phone(seconds=None)
    booking = await house.call()
    await house.until(booking, customer="answered")
    await house.gateway.kill()
    house.twilio.hang_up(house.twilio.calls[1])
    await house.twilio.settled()
    await house.gateway.start()
    call = await house.until(booking, state="ended")
    assert ("completed", "completed", 1) == (call["agent"], call["customer"], call["seconds"])
    assert [ANAS, CUSTOMERS] == [leg.to for leg in house.twilio.calls]


@pytest.mark.parametrize("fault", ["hang", "hang after"])
async def test_killed_while_twilio_is_asked(house: House, fault: Fault) -> None:
    """Killed between the request and its answer, the gateway that comes back rings no phone a second time."""
    house.twilio.phones[ANAS] = Phone("rings")
    house.twilio.fail_next(fault)
    booking = await house.call()
    await until(lambda: _true(house.twilio.requests > 0))
    await house.gateway.kill()
    await asyncio.to_thread(raw.end_leases, house.gateway.place)
    await house.gateway.start()
    if fault == "hang after":
        await house.until(booking, state="under_way", agent="ringing")
    else:
        await house.until(booking, state="unknown")
    assert [ANAS] * (fault == "hang after") == [leg.to for leg in house.twilio.calls]


async def _true(so: bool) -> bool:
    return so
