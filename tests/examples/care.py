"""A company with an app: its file, its backend's tokens, and Ana, who answers at the agents' API."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.adapters.app_push.backend import P256, public_pem
from tests.processes import until

APP: Final = """adapter = "app_push"
audience = "teamline"
[[jwt_key]]
kid = "2026-11"
alg = "ES256"
public_key = {{ file = "app-public.pem" }}
"""
KEY_FILES: Final = {"adapters/app.toml": APP, "app-public.pem": public_pem(P256)}
"""As `gateway_process` takes them."""

API: Final = "/api/agent/v1"


def signed(customer: str, lasts: int = 3_600, **claims: Any) -> str:
    """What the company's backend gives the app of a customer who is signed in."""
    told = {"sub": customer, "aud": "teamline", "exp": int(time.time()) + lasts, **claims}
    return jwt.encode({"alg": "ES256", "kid": "2026-11"}, told, ECKey.import_key(P256))


def backend(customer: str, **claims: Any) -> Callable[[], Awaitable[str]]:
    """Its token provider."""

    async def token() -> str:
        return signed(customer, **claims)

    return token


@dataclass
class Ana:
    """At the API, with her token."""

    http: aiohttp.ClientSession
    url: str
    token: str

    async def thread_of(self, body: str) -> str:
        """The thread whose last message says this."""

        async def ask() -> str | None:
            items = (await self._ask("GET", "/threads?view=all"))["items"]
            return next((str(each["id"]) for each in items if each["last_message"]["body"] == body), None)

        return await until(ask)

    async def messages(self, thread: str) -> list[dict[str, Any]]:
        items = (await self._ask("GET", f"/threads/{thread}/messages"))["items"]
        return [each for each in items if "body" in each]

    async def said(self, thread: str) -> list[str]:
        return [each["body"] for each in await self.messages(thread)]

    async def reply(self, thread: str, body: str) -> str:
        return str((await self._ask("POST", f"/threads/{thread}/messages", {"body": body}))["id"])

    async def sees(self, thread: str, message: str, *states: str) -> dict[str, Any]:
        """The delivery of a reply, once it is in one of these states."""

        async def ask() -> dict[str, Any] | None:
            found = next(each for each in await self.messages(thread) if each["id"] == message)["delivery"]
            return found if found["state"] in states else None

        return await until(ask)

    async def _ask(self, method: str, path: str, json: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.http.request(method, self.url + API + path, json=json, headers=headers) as answer:
            assert answer.ok, await answer.text()
            return await answer.json()
