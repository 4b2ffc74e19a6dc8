"""What the gateway is measured against: aiohttp that does the same to the bytes, and nothing else.

`python -m bench.bare` prints its address and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial

from aiohttp import web


class Bare:
    """A form read and 200; a JSON document read and 202; and bytes that are written to everyone who listens."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Transport] = set()

    async def form(self, request: web.Request) -> web.Response:
        await request.post()
        return web.Response()

    async def document(self, request: web.Request) -> web.Response:
        await request.json()
        return web.Response(status=202)

    async def listen(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.force_close()
        await response.prepare(request)
        assert request.transport is not None
        request.transport.write(b"retry: 1000\n\n")
        self._listeners.add(request.transport)
        try:
            await asyncio.Event().wait()
        finally:
            self._listeners.discard(request.transport)
        return response

    async def write(self, request: web.Request) -> web.Response:
        """Answers, and then writes the body to everyone."""
        asyncio.get_running_loop().call_soon(partial(self._write, await request.read()))
        return web.Response()

    def _write(self, data: bytes) -> None:
        for listener in self._listeners:
            listener.write(data)


async def _serve() -> None:
    handlers = Bare()
    app = web.Application(client_max_size=2**20)
    app.router.add_post("/hooks/sms/messages", handlers.form)
    app.router.add_post("/api/agent/v1/threads/{id}/messages", handlers.document)
    app.router.add_post("/api/customer/v1/messages", handlers.document)
    app.router.add_get("/api/agent/v1/events", handlers.listen)
    app.router.add_post("/write", handlers.write)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    host, port = runner.addresses[0][:2]
    print(f"listening on http://{host}:{port}", flush=True)
    await asyncio.Event().wait()


def _main() -> None:
    if "--uvloop" in sys.argv:
        import uvloop  # noqa: PLC0415  only where the gateway runs on it

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(_serve())


if __name__ == "__main__":
    _main()
