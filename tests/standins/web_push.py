"""Push services of browsers: the npm package web-push-testing, which decrypts, and one that answers what it is told."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.standins.node_process import NodeProcess

PACKAGE = Path(__file__).parent.parent.parent / ".cache/npm/node_modules/web-push-testing"


class WebPushTesting(NodeProcess):
    """Others' work: it checks the key and the signature, decrypts, and keeps what it found for each subscription."""

    def __init__(self) -> None:
        super().__init__("web_push.mjs", str(PACKAGE))

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._http = aiohttp.ClientSession(self.url)
        return self

    async def __aexit__(self, *told: object) -> None:
        await self._http.close()
        await super().__aexit__(*told)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def subscribe(self, server_key: str) -> dict[str, Any]:
        """`{endpoint, keys, clientHash}`, as a browser that was given our public key."""
        return await self._ask("/subscribe", {"userVisibleOnly": "true", "applicationServerKey": server_key})

    async def notices(self, subscription: dict[str, Any]) -> list[Any]:
        """What was decrypted for it, as JSON."""
        found = await self._ask("/get-notifications", {"clientHash": subscription["clientHash"]})
        return [json.loads(message) for message in found["messages"]]

    async def sizes(self, subscription: dict[str, Any]) -> list[int]:
        """Characters of each decrypted payload."""
        found = await self._ask("/get-notifications", {"clientHash": subscription["clientHash"]})
        return [len(message.encode()) for message in found["messages"]]

    async def expire(self, subscription: dict[str, Any]) -> None:
        async with self._http.post(f"/expire-subscription/{subscription['clientHash']}") as answer:
            assert 200 == answer.status

    async def _ask(self, path: str, told: dict[str, Any]) -> dict[str, Any]:
        async with self._http.post(path, json=told) as answer:
            found: dict[str, Any] = (await answer.json()).get("data", {})
            assert 200 == answer.status
            return found


@dataclass
class PushService:
    """Answers each push with `status` and `headers`, after it was let go if it hangs. It keeps what came."""

    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    reason: str | None = None
    hangs: bool = False
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def __aenter__(self) -> Self:
        self._let_go = asyncio.Event()
        app = web.Application()
        app.router.add_post("/{rest:.*}", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._let_go.set()
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.came.append((dict(request.headers), await request.content.read()))
        if self.hangs:
            await self._let_go.wait()
        body = json.dumps({"reason": self.reason}) if self.reason else None
        return web.Response(status=self.status, headers=self.headers, text=body)
