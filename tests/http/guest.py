"""A visitor of the web page, or a program that speaks as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

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
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.desk.call(None, method, CUSTOMER_API + path, json, {**own, **self.headers, **named})

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
