"""A desk whose team calls by phone: the real HTTP floor, store and adapter, the stand-in for Twilio's telephone, and a
clock that a test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.domain.wire import Json
from gateway.outbox import dialer as dialing
from gateway.outbox.dialer import Dialer
from gateway.store.doorbell import Doorbell
from tests.http import running
from tests.http.running import Desk
from tests.processes import until
from tests.standins.twilio_voice import ACCOUNT, TwilioVoiceStandIn
from tests.standins.twilio_voice_calls import Call

OURS: Final = "+13035550190"
ANAS: Final = "+13035550142"
CUSTOMERS: Final = "+17205550111"
VOICE: Final = """
adapter = "twilio_voice"
account_sid = "{account}"
auth_token = {{ file = "token" }}
number = "{number}"
api_base_url = "{url}"
"""
SECOND: Final = 1_000_000


class Phones:
    """Ana at her desk, her phone, a customer's phone, and Twilio between them."""

    def __init__(self, desk: Desk, twilio: TwilioVoiceStandIn) -> None:
        self.desk, self.twilio = desk, twilio
        self.token = ""

    @property
    def legs(self) -> list[Call]:
        """Every phone that was rung, in order."""
        return self.twilio.calls

    async def customer(self, method: str, path: str, json: Any = None) -> tuple[int, Any]:
        told = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return await self.desk.call(None, method, f"/api/customer/v1{path}", json, told)

    async def book(self, phone: str = CUSTOMERS) -> str:
        """A new visitor wants to be called now; the booking's id."""
        self.token = ""
        status, made = await self.customer("POST", "/visitors", {})
        assert 201 == status, made
        self.token = made["token"]
        status, booked = await self.customer("POST", "/bookings", {"kind": "call", "now": True, "phone": phone})
        assert 201 == status, booked
        identity: str = booked["id"]
        return identity

    async def call(self, booking: str, who: str = "ana") -> tuple[int, Any]:
        """Somebody presses Call."""
        return await self.desk.call(who, "POST", f"/bookings/{booking}/call")

    async def see(self, booking: str) -> Json:
        """The booking on the board."""
        _, board = await self.desk.call("ana", "GET", "/bookings?from=2020-01-01T00:00:00Z")
        found: Json = next(item for item in board["items"] if item["id"] == booking)
        return found

    async def until(self, booking: str, holds: Callable[[Json], bool]) -> Json:
        """The booking, once it and its call are as asked."""

        async def so() -> Json | None:
            seen = await self.see(booking)
            return seen if holds(seen) else None

        return await until(so)

    async def over(self, booking: str) -> Json:
        return await self.until(booking, lambda seen: seen["call"]["state"] in {"ended", "failed"})

    def wait(self, seconds: float) -> None:
        """Let the gateway's clock go on."""
        self.desk.clock.now += int(seconds * SECOND)


@asynccontextmanager
async def phones(engine: str, folder: Path, patch: pytest.MonkeyPatch, config: str = "") -> AsyncIterator[Phones]:
    """`config`: more lines of the channel's file."""
    patch.setattr(dialing, "POLL", 0.05)
    async with TwilioVoiceStandIn(OURS) as twilio:
        text = VOICE.format(account=ACCOUNT, number=OURS, url=twilio.url) + config
        patch.setitem(running.CONFIG, "adapters/voice.toml", text)
        bell = Doorbell()
        async with running.running(folder, engine=engine, bell=bell) as desk:
            await desk.person("ana", "denver")
            assert 200 == (await desk.call("ana", "PUT", "/me", {"phone": ANAS}))[0]
            twilio.hooks.public = (desk.deps.settings().public_url, desk.url)
            dialer = Dialer(desk.store, desk.deps.channels, bell, desk.clock, lambda: desk.deps.settings().teams)
            await dialer.start(only_node=True)
            try:
                yield Phones(desk, twilio)
                assert [] == twilio.errors
            finally:
                await twilio.cut()
                await dialer.close()
