"""The app's part of the gateway in memory: devices, the key that browsers subscribe with, what an app said."""

from __future__ import annotations

from aiohttp import web

from tests.pages.fake_desk import problem
from tests.pages.world import Json, World

KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"


class FakeDevices(World):
    """Nobody can be pushed to until a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.push_key: str | None = None
        self.devices: dict[str, Json] = {}
        """What each device was told with, by its id."""
        self.registered = 0
        """How often a device was told of."""
        self.app_facts: dict[str, Json] = {}
        """`profile` and `maybe_same` of the threads that have them."""

    @property
    def push(self) -> Json:
        """As `me` and a customer's facts have it."""
        return {} if self.push_key is None else {"push": {"key": self.push_key}}

    def device_routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.get(f"{api}/push-key", self._push_key),
            web.post(f"{api}/devices", self._add_device),
            web.delete(f"{api}/devices/{{id}}", self._remove_device),
        ]

    async def _push_key(self, _request: web.Request) -> web.Response:
        if self.push_key is None:
            return problem(404, "No browser can be pushed to.")
        return web.json_response({"key": self.push_key})

    async def _add_device(self, request: web.Request) -> web.Response:
        asked = await request.json()
        known = [id_ for id_, device in self.devices.items() if device["endpoint"] == asked["endpoint"]]
        id_ = known[0] if known else f"d{self.id()}"
        self.devices[id_] = asked
        self.registered += 1
        await self._ring()
        return web.json_response({"id": id_, "platform": asked["platform"]}, status=201)

    async def _remove_device(self, request: web.Request) -> web.Response:
        if self.devices.pop(request.match_info["id"], None) is None:
            return problem(404, "There is no such thing here.")
        await self._ring()
        return web.Response(status=204)

    async def _ring(self) -> None:
        async with self.news:
            self.news.notify_all()
