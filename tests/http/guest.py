"""A visitor of the web page, or a program that speaks as one."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from tests.http.running import Answer, Desk

CUSTOMER_API: Final = "/api/customer/v1"


@dataclass
class Guest:
    """Who holds a token, and writes under it."""

    desk: Desk
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, json: Any = None, **headers: str) -> Answer:
        """Status and JSON; `headers` with underscores for dashes."""
        return await self.desk.call(None, method, CUSTOMER_API + path, json, self._headers(headers))

    async def upload(self, content: bytes, name: str = "storm.png", **headers: str) -> Answer:
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(content), filename=name)
        path = f"{CUSTOMER_API}/attachments"
        return await self.desk.call(None, "POST", path, headers=self._headers(headers), data=form)

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {**own, **self.headers, **{name.replace("_", "-"): value for name, value in more.items()}}

    async def say(self, body: str, **headers: str) -> str:
        """The id of a message that was taken."""
        status, message = await self.call("POST", "/messages", {"body": body}, **headers)
        assert 201 == status
        told: str = message["id"]
        return told

    async def heard(self) -> list[str]:
        """The texts in their thread."""
        _, page = await self.call("GET", "/messages")
        return [item["body"] for item in page["items"]]


async def guest(desk: Desk) -> Guest:
    made = Guest(desk)
    status, answer = await made.call("POST", "/visitors", {})
    assert 201 == status
    made.token = answer["token"]
    return made
