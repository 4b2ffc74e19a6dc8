"""What the gateway is measured against: aiohttp reading the same form and answering 200, and nothing else.

`python -m bench.bare` prints its address and serves until it is ended.
"""

from __future__ import annotations

import asyncio

from aiohttp import web


async def _hook(request: web.Request) -> web.Response:
    await request.post()
    return web.Response()


async def _serve() -> None:
    app = web.Application()
    app.router.add_post("/hooks/sms/messages", _hook)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    print(f"listening on http://{host}:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
