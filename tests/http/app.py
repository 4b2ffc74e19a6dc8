"""Customers in the company's app, with tokens that its backend signs; the channel goes by its keys and its clock."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapters.app_push import AppPushType
from adapters.app_push.adapter import AppPush
from adapters.app_push.config import AppPushConfig
from adapters.app_push.sender import Sender
from adapters.app_push.tokens import Tokens
from gateway.channels.config import ChannelConfig
from gateway.channels.contract import Context
from gateway.channels.registry import Channel
from tests.adapters.app_push import backend
from tests.adapters.app_push.backend import NOW, config, token
from tests.adapters.app_push.pushing import webpush
from tests.http.guest import Guest
from tests.http.running import Desk

HOUR: Final = 3_600


@dataclass
class App(AppPushType):
    """The app's channel on a desk, and the time that both go by."""

    desk: Desk
    clock: backend.Clock

    def __post_init__(self) -> None:
        self._ids = itertools.count()
        self.settings = config("ES256", "RS256", "EdDSA", webpush=webpush())

    def create(self, config: ChannelConfig, context: Context) -> AppPush:
        assert isinstance(config, AppPushConfig)
        return AppPush(config, Tokens(config, context.http, self._now), Sender(config, context.http))

    def _now(self) -> datetime:
        return self.clock.now()

    async def turn_on(self, *names: str, **changes: Any) -> None:
        """These are the app channels, beside the others; none: the app is off."""
        settings = self.settings.model_copy(update=changes)
        found = [Channel(name, f"adapters/{name}.toml", self, settings) for name in names]
        others = self.desk.deps.settings().channels.values()
        await self.desk.deps.channels.apply([*others, *found], self.desk.deps.settings().public_url, self.desk.http)

    def pass_(self, seconds: float) -> None:
        self.clock.seconds += seconds
        self.desk.clock.now = int(self.clock.now().timestamp() * 1_000_000)

    def token(self, sub: str = "customer-4711", **said: Any) -> str:
        """A new token each time, good for an hour."""
        exp = self.clock.now().timestamp() + HOUR
        return token(sub=sub, **{"exp": exp, "jti": str(next(self._ids)), **said})

    def customer(self, sub: str = "customer-4711", **said: Any) -> Guest:
        return Guest(self.desk, self.token(sub, **said))


async def app_on(desk: Desk) -> App:
    desk.clock.now = int(NOW.timestamp() * 1_000_000)
    app = App(desk, backend.Clock())
    await app.turn_on("app")
    return app
