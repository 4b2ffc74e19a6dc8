"""Those of the hour who sit at no console: customers, the server and Twilio. Each verb returns once it has happened."""

from __future__ import annotations

import asyncio

import aiohttp

from tests.gateway_process import NUMBER, GatewayProcess, until
from tests.journeys.ledger import Ledger, Line
from tests.raw import end_leases
from tests.standins.twilio import TwilioStandIn
from tests.standins.twilio_api import Fault, Message, new_sid


class Customer:
    """Known to the console as `name`, a number in groups."""

    def __init__(self, name: str, twilio: TwilioStandIn, ledger: Ledger) -> None:
        self.name = name
        self.number = name.replace(" ", "")
        self._twilio = twilio
        self._ledger = ledger
        self._tries: list[asyncio.Task[None]] = []

    async def writes(self, words: str) -> None:
        answer = await self._twilio.text(self.number, NUMBER, words)
        assert 200 == answer.status
        self._ledger.put(self.name, Line("in", words))

    async def keeps_writing(self, words: str) -> None:
        """Twilio tries the same text again until it is taken; the story goes on meanwhile."""
        self._tries.append(asyncio.create_task(self._try(words, new_sid())))

    async def is_heard(self) -> None:
        await asyncio.gather(*self._tries)

    async def _try(self, words: str, sid: str) -> None:
        async def taken() -> bool:
            try:
                return (await self._twilio.text(self.number, NUMBER, words, sid=sid)).status == 200
            except aiohttp.ClientError:
                return False

        await until(taken)
        self._ledger.put(self.name, Line("in", words))


class Server:
    """The gateway's process."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self._gateway = gateway

    async def stops(self) -> None:
        """SIGTERM: it finishes what it has begun."""
        self._gateway.terminate()
        assert 0 == await self._gateway.ended()

    async def dies(self) -> None:
        """SIGKILL."""
        await self._gateway.kill()
        end_leases(self._gateway.place)

    async def comes_back(self) -> None:
        await self._gateway.start()


class Provider:
    """Twilio, and the carriers behind it."""

    def __init__(self, twilio: TwilioStandIn) -> None:
        self._twilio = twilio

    async def fails_next(self, fault: Fault) -> None:
        self._twilio.fail_next(fault)

    async def took(self, words: str) -> None:
        await self._newest(words)

    async def reports(self, words: str, status: str, code: int | None = None) -> None:
        """About the newest message with these words."""
        message = await self._newest(words)
        assert 200 == (await self._twilio.report(message, status, code)).status

    async def _newest(self, words: str) -> Message:
        async def ask() -> Message | None:
            found = [each for each in self._twilio.accepted if words in each.body]
            return found[-1] if found and found[-1].status != "undelivered" else None

        return await until(ask)
