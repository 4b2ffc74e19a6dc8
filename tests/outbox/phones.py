"""Customers with an app on their phones: an office with an app channel, beside a stand-in of Google's push service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
from pydantic import SecretStr

from adapters.app_push.adapter import AppPush
from adapters.app_push.config import AppPushConfig, Fcm, JwtKey, WebPush
from adapters.app_push.sender import PATIENCE, Sender
from adapters.app_push.tokens import Tokens
from gateway.channels.contract import Adapter
from gateway.domain.author import CustomerId
from gateway.domain.device import Device
from gateway.store import devices, visitors
from gateway.store.deliveries import GRACE
from gateway.store.devices import Holder
from gateway.store.store import Tx
from gateway.store.visitors import Token
from tests.company import SECOND, Company
from tests.outbox.office import ROOMY, Office
from tests.outbox.provider import until
from tests.standins.fcm import FcmStandIn

SECRET = b"t" * 32


def android(number: int = 0) -> Device:
    return Device("fcm", f"registration-token-of-{number:08}", {})


class Phones:
    """Customers of `office`, one a number, who write by `channel`; their phones are at `google`."""

    def __init__(self, office: Office, google: FcmStandIn, http: aiohttp.ClientSession) -> None:
        self.office, self.google, self._http = office, google, http

    @property
    def company(self) -> Company:
        return self.office.company

    def app(self, patience: float = PATIENCE, webpush: WebPush | None = None, **more: Any) -> Adapter:
        """The app's channel, as its file would set it up."""
        config = AppPushConfig(
            adapter="app_push",
            audience="teamline",
            jwt_key=(JwtKey(kid="1", alg="HS256", secret=SecretStr("0123456789abcdef0123456789ABCDEF")),),
            fcm=Fcm(service_account=SecretStr(self.google.account), api_base_url=self.google.url),
            webpush=webpush,
            **more,
        )
        return AppPush(config, Tokens(config, self._http), Sender(config, self._http, patience))

    async def say(self, body: str, number: int = 0, *, channel: str = "app") -> int:
        """The customer writes, and an agent answers with `body`; the id of the answer."""
        text = await self.company.text(sender=f"user-{number}", channel=channel, kind=channel, endpoint="")
        return await self.add(body, text.thread, channel=channel)

    async def add(self, body: str, thread: Any, *, channel: str = "app") -> int:
        said = await self.company.reply(self.office.secret, thread, body, channel=channel, channels=ROOMY)
        return int(said["id"])

    async def register(self, device: Device, number: int = 0, *, channel: str = "app") -> None:
        """The customer's phone, at the channel `app`. They must have written."""
        _, customer = await self.customer(number, channel)
        holder = Holder(customer=CustomerId(customer))
        await self.office.store.write(devices.register, holder, "app", device, self.company.clock())

    async def customer(self, number: int = 0, channel: str = "app") -> tuple[int, int]:
        """Their identity and themselves."""
        query = "SELECT id, customer_id FROM identity WHERE kind = ?1 AND address = ?2"
        ((identity, customer),) = await self.company.rows(query, channel, f"user-{number}")
        return identity, customer

    async def token(self, number: int = 0, channel: str = "app") -> Token:
        """What their client comes with."""
        identity, _ = await self.customer(number, channel)
        now = self.company.clock()

        async def add(tx: Tx) -> None:
            await visitors.add_token(tx, identity, channel, SECRET, now, now + 3_600 * SECOND)

        await self.office.store.write(add)
        return Token(SECRET, frozenset({channel}))

    def wait(self, seconds: float = GRACE / SECOND) -> None:
        """So much later, and whoever waits for the bell looks again."""
        self.company.clock.tick(seconds)
        self.company.doorbell.ring()

    async def pushes(self, count: int) -> list[Mapping[str, Any]]:
        """What Google has taken, once it is so many."""
        await until(lambda: len(self.google.taken) >= count)
        return list(self.google.taken)
