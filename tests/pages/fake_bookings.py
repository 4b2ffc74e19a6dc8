"""Bookings of the gateway in memory: the board, keeping what was promised, times to choose from, and who one is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.pages.fake_desk import AGENT, problem
from tests.pages.world import Json, World, rfc3339

MOVES = {"claim": "claimed", "release": "booked", "call": "begun", "outcome": "done"}
WHAT = {"claim": "claimed", "release": "released", "call": "begun", "outcome": "finished"}
NOBODY = {"count": 0}


class FakeBookings(World):
    """What the clock and customers do is told by `change`; nothing rings by itself here."""

    def __init__(self) -> None:
        super().__init__()
        self.bookings: dict[str, Json] = {}
        self.waits: Json = NOBODY
        self.zone = "America/Denver"
        self.slots: list[Json] = []
        self.kinds = ["call", "chat"]
        self.voice = False
        """Whether a call rings by a voice channel."""
        self.asked: list[tuple[str, str, Json]] = []
        """(method, path below bookings, body) of each change that was asked for."""
        self.refuse_booking: Callable[[str], web.Response | None] = lambda verb: None

    def booking_routes(self, api: str) -> list[web.RouteDef]:
        return [
            web.put(f"{api}/me", self._change_me),
            web.get(f"{api}/bookings", self._board),
            web.post(f"{api}/bookings", self._book),
            web.post(f"{api}/bookings/{{id}}/{{verb:claim|release|call|outcome}}", self._keep),
            web.patch(f"{api}/bookings/{{id}}", self._move),
            web.delete(f"{api}/bookings/{{id}}", self._cancel),
            web.get(f"{api}/threads/{{id}}/slots", self._slots),
            web.post(f"{api}/threads/{{id}}/booking-link", self._link),
        ]

    def booking(self, thread: str, start: datetime, kind: str = "call", **more: Any) -> Json:
        """One that a customer has made."""
        facts = self.threads[thread]
        booking: Json = {"id": self.id(), "thread": thread, "team": "front-range", "customer": facts["customer"]}
        booking |= {"kind": kind, "state": "booked", "start": rfc3339(start), "zone": self.zone, "about": ""}
        booking |= {"end": rfc3339(start + timedelta(minutes=30)), "sequence": 0, "rings": []}
        created = min(datetime.now(UTC), start - timedelta(days=2))
        booking |= {"created_at": rfc3339(created), "booked_by": {"kind": "customer"}}
        if kind == "call":
            booking |= {"phone": facts["number"], "dial": f"tel:{facts['number']}"}
        self.bookings[booking["id"]] = booking | more
        return self.bookings[booking["id"]]

    async def change(self, booking: Json, what: str, by: Json | None = None, **facts: Any) -> None:
        """Something happened to it: `facts` are of the booking, those of the event stand in `said`."""
        said = {"what": what, "form": booking["kind"], "hour": booking["start"]} | facts.pop("said", {})
        booking |= facts
        shape = {name: value for name, value in booking.items() if value is not None and name != "rings"}
        at = rfc3339(datetime.now(UTC))
        line = {"event": "booking.changed", "at": at} | said | ({"author": self.person(by)} if by else {})
        self.messages[booking["thread"]].append(line)
        await self.tell("booking.changed", booking["thread"], by=by, booking=shape, at=at, **said)

    async def ring(self, booking: Json, step: str, whom: list[Json], **facts: Any) -> None:
        """The clock asks people to claim it ("ask", "warn"), or it rings for them."""
        asks = step in {"ask", "warn"}
        people = [int(each["id"]) for each in whom]
        said = {"whom": people} | ({} if asks else {"step": step})
        facts |= {"step": step, "rings": [str(each) for each in people], "state": "booked" if asks else "ringing"}
        if not asks:
            facts |= {"fired_at": rfc3339(datetime.now(UTC))}
        await self.change(booking, {"ask": "asked", "warn": "warned"}.get(step, "rang"), said=said, **facts)

    async def hear(self, booking: Json, **call: Any) -> None:
        """A provider tells of a call."""
        booking["call"] |= call
        if call.get("customer") == "answered":
            booking["call"]["connected_at"] = rfc3339(datetime.now(UTC))
        shape = {name: value for name, value in booking.items() if value is not None and name != "rings"}
        await self.tell("call.changed", booking["thread"], booking=shape)

    async def _change_me(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if len(asked.get("phone") or "+13035550100") < 8:
            return problem(422, "phone: that is no number that can be called")
        request[AGENT].update(asked)
        return web.json_response({"away": False, "phone": None} | request[AGENT])

    async def _board(self, request: web.Request) -> web.Response:
        since, until = request.query.get("from", ""), request.query.get("to", "9999")
        ahead = rfc3339(datetime.now(UTC))
        is_open = {"booked", "claimed", "ringing", "begun"}
        found = [
            one
            for one in sorted(self.bookings.values(), key=lambda one: one["start"])
            if (since <= _at(one) if since else _at(one) >= ahead or one["state"] in is_open) and _at(one) < until
        ]
        items = [{name: value for name, value in one.items() if value is not None} for one in found]
        return web.json_response({"items": items, "now": self.waits, "feed": str(len(self.log))})

    async def _keep(self, request: web.Request) -> web.Response:
        booking, verb, me = self.bookings[request.match_info["id"]], request.match_info["verb"], request[AGENT]
        asked = await request.json() if request.can_read_body else {}
        self.asked.append(("POST", f"{booking['id']}/{verb}", asked))
        if refusal := self.refuse_booking(verb):
            return refusal
        person = {"id": me["id"], "name": me["name"]}
        facts: Json = {"state": MOVES[verb], "rings": []}
        if verb == "claim":
            facts |= {"claimed_by": person}
        if verb == "release":
            facts |= {"claimed_by": None} | ({"state": "ringing"} if booking["state"] == "ringing" else {})
        if verb == "call":
            facts |= {"begun_by": person, "begun_at": rfc3339(datetime.now(UTC))}
            if self.voice and booking["kind"] == "call":
                facts["call"] = {"id": self.id(), "state": "queued", "by": person, "agent": None, "customer": None}
                facts["call"]["at"] = facts["begun_at"]
        if verb == "outcome":
            facts |= {"outcome": asked["outcome"], "said": {"outcome": asked["outcome"]}}
        await self.change(booking, WHAT[verb], by=me, **facts)
        return web.json_response({name: value for name, value in booking.items() if value is not None})

    async def _book(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.asked.append(("POST", "", asked))
        if refusal := self.refuse_booking("book"):
            return refusal
        slot = next(one for one in self.slots if one["id"] == asked["slot"])
        facts = {name: asked[name] for name in ("about", "phone") if name in asked}
        booking = self.booking(asked["thread"], datetime.fromisoformat(slot["start"]), asked["kind"], **facts)
        await self.change(booking, "made", by=request[AGENT])
        return web.json_response(booking, status=201)

    async def _move(self, request: web.Request) -> web.Response:
        booking, asked = self.bookings[request.match_info["id"]], await request.json()
        self.asked.append(("PATCH", booking["id"], asked))
        if refusal := self.refuse_booking("move"):
            return refusal
        slot = next(one for one in self.slots if one["id"] == asked["slot"])
        facts = {"start": slot["start"], "state": "booked", "claimed_by": None, "step": None, "rings": []}
        await self.change(booking, "moved", by=request[AGENT], said={"hour": slot["start"]}, **facts)
        return web.json_response({name: value for name, value in booking.items() if value is not None})

    async def _cancel(self, request: web.Request) -> web.Response:
        booking = self.bookings[request.match_info["id"]]
        self.asked.append(("DELETE", booking["id"], {}))
        await self.change(booking, "cancelled", by=request[AGENT], state="cancelled", rings=[])
        return web.json_response({name: value for name, value in booking.items() if value is not None})

    def offer(self, start: datetime, left: int = 2, kind: str = "call") -> Json:
        """A time that can be booked."""
        slot: Json = {"id": f"{kind}-{start.astimezone(UTC):%Y%m%dT%H%MZ}", "start": rfc3339(start), "kind": kind}
        slot |= {"end": rfc3339(start + timedelta(minutes=30)), "left": left}
        self.slots.append(slot)
        return slot

    async def _slots(self, request: web.Request) -> web.Response:
        items = [slot for slot in self.slots if slot["kind"] == request.query.get("kind", slot["kind"])]
        now = {"call": True}
        return web.json_response({"items": items, "zone": self.zone, "now": now, "kinds": self.kinds})

    async def _link(self, request: web.Request) -> web.Response:
        return web.json_response({"url": f"http://127.0.0.1/book/bk_{request.match_info['id']}.signed"})


def _at(booking: Json) -> str:
    return str(booking["start"])
