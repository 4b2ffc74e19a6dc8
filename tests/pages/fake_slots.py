"""Bookings in the customer API in memory: times on offer, what was booked, what the team and the clock do with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from tests.pages.world import Json, World, rfc3339

CAN: Final = {"booked": ["move", "cancel"], "due": ["move", "cancel"], "missed": ["move", "cancel"]}
HALF_AN_HOUR: Final = timedelta(minutes=30)
DENVER: Final = ZoneInfo("America/Denver")


def _refused(status: int, slug: str, detail: str, **facts: Any) -> web.Response:
    body = {"type": f"/problems/{slug}", "title": "Problem", "status": status, "detail": detail} | facts
    return web.json_response(body, status=status, content_type="application/problem+json")


class FakeSlots(World):
    """The clock stands at `now`; nothing is on offer until a test says what."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 11, 23, 16, 2, tzinfo=UTC)
        """A Monday, two minutes past nine in Denver."""
        self.slots: list[Json] = []
        self.kinds = ["call", "chat"]
        self.can_call_now = True
        self.booked: dict[str, list[Json]] = {}
        """Of each customer, the newest first."""
        self.wishes: list[tuple[str | None, Json]] = []
        """Idempotency-Key and body of each request to book."""
        self.invited: dict[str, str] = {}
        """Whose bookings the token of a link leads to."""
        self.once: dict[str, Json] = {}
        self.lost_bookings = 0
        """How many bookings get no answer: the connection is cut after they were made."""

    def slot_routes(self, api: str) -> list[web.RouteDef]:
        one = f"{api}/bookings/{{id}}"
        return [
            web.get("/book/{token}", self._book_page),
            web.get(f"{api}/slots", self._slots),
            web.get(f"{api}/bookings", self._bookings),
            web.post(f"{api}/bookings", self._book),
            web.get(one, self._booking),
            web.patch(one, self._move),
            web.delete(one, self._cancel),
        ]

    def put_up(self, *starts: datetime, kinds: tuple[str, ...] = ("call", "chat"), left: int = 2) -> None:
        for start in starts:
            for kind in kinds:
                id_ = f"{kind}-{start.astimezone(UTC):%Y%m%dT%H%MZ}"
                times = {"start": rfc3339(start), "end": rfc3339(start + HALF_AN_HOUR)}
                self.slots.append({"id": id_, **times, "kind": kind, "left": left})

    def offer_week(self) -> None:
        """Nine to five in Denver, today's after eleven, until Friday."""
        for day in range(23, 28):
            opens = datetime(2026, 11, day, 11 if day == 23 else 9, tzinfo=DENVER)
            self.put_up(*(opens + HALF_AN_HOUR * step for step in range(2 * (17 - opens.hour))))

    def take_slot(self, start: datetime) -> None:
        """Others have booked it."""
        for slot in self.slots:
            slot["left"] = 0 if slot["start"] == rfc3339(start) else slot["left"]

    def invite(self, token: str = "bk_good") -> str:
        """A path that leads a customer, new here, to their bookings."""
        self.invited[token] = f"c{self.id()}"
        return f"/book/{token}"

    def book(self, customer: str, kind: str, start: datetime, **facts: Any) -> Json:
        """It is booked, and nobody is told."""
        id_, ends, made = self.id(), rfc3339(start + HALF_AN_HOUR), rfc3339(self.now)
        one: Json = {"id": id_, "kind": kind, "state": "booked", "start": rfc3339(start), "end": ends}
        one |= {"zone": "America/Denver", "about": "", "sequence": 0, "created_at": made, "changed_at": made}
        one |= {"ics": f"/calendar/{id_}/callback.ics", "manage": f"/book/bk_{id_}"} | facts
        self.booked.setdefault(customer, []).insert(0, one)
        return self._may(one)

    async def stand(self, one: Json, state: str, **facts: Any) -> None:
        """The team, or the clock, has done something with it, and its customer is told."""
        one |= {"state": state} | facts
        if state in {"done", "missed", "cancelled"}:
            one["ended_at"] = rfc3339(self.now)
        await self._tell(one)

    def _may(self, one: Json) -> Json:
        one["can"] = CAN["due"] if one["state"] == "begun" and "left" in one else CAN.get(one["state"], [])
        return one

    async def _tell(self, one: Json) -> None:
        whose = next(customer for customer, items in self.booked.items() if one in items)
        told = {name: fact for name, fact in self._may(one).items() if name not in {"ics", "left", "manage", "next"}}
        self.log.append((whose, told))
        async with self.news:
            self.news.notify_all()

    async def _book_page(self, _request: web.Request) -> web.Response:
        return self._file("book/index.html")  # type: ignore[attr-defined,no-any-return]

    def _booker(self, request: web.Request) -> str:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return self._who(request)  # type: ignore[attr-defined,no-any-return]
        if token not in self.invited:
            raise web.HTTPUnauthorized(text='{"detail": "this link has ended"}', content_type="application/json")
        return self.invited[token]

    def _own(self, request: web.Request) -> list[Json]:
        return self.booked.setdefault(self._booker(request), [])

    def free(self, kind: str, since: str = "") -> list[Json]:
        """The next times."""
        found = [slot for slot in self.slots if slot["kind"] == kind and slot["left"]]
        return [slot for slot in found if slot["start"] >= since][:5]

    async def _slots(self, request: web.Request) -> web.Response:
        self._booker(request)
        items = [slot for slot in self.slots if slot["kind"] == request.query["kind"] and slot["kind"] in self.kinds]
        facts = {"zone": "America/Denver", "now": {"call": self.can_call_now}, "kinds": self.kinds}
        return web.json_response({"items": items, **facts})

    async def _bookings(self, request: web.Request) -> web.Response:
        facts = self.facts if "Authorization" in request.headers else {}  # type: ignore[attr-defined]
        return web.json_response({"items": self._own(request)} | facts)

    def _named(self, request: web.Request) -> Json:
        return next(one for one in self._own(request) if one["id"] == request.match_info["id"])

    async def _booking(self, request: web.Request) -> web.Response:
        return web.json_response(self._named(request))

    def _refusal(self, asked: Json, kind: str) -> web.Response | None:
        if str(asked.get("phone", "")).endswith("911"):
            return _refused(422, "invalid", "phone: An emergency number is never called")
        slot = next((slot for slot in self.slots if slot["id"] == asked.get("slot")), None)
        if asked.get("now") and not self.can_call_now:
            return _refused(422, "nobody-there", "nobody can call right now", slots=self.free(kind))
        if slot is not None and not slot["left"]:
            return _refused(409, "slot-full", "that time has just been taken", slots=self.free(kind, slot["start"]))
        return None

    async def _book(self, request: web.Request) -> web.Response:
        own, asked, key = self._own(request), await request.json(), request.headers.get("Idempotency-Key")
        self.wishes.append((key, asked))
        if key in self.once:
            return web.json_response(self.once[str(key)], status=201)
        kind = asked["kind"]
        if any(one["kind"] == kind and one["state"] in {"booked", "due", "begun"} and "left" not in one for one in own):
            return _refused(409, "already-booked", "there is a booking of that kind already")
        if refusal := self._refusal(asked, kind):
            return refusal
        for one in own:
            if one["kind"] == kind and "left" in one:
                await self.stand(one, "cancelled")
        facts = {name: asked[name] for name in ("phone", "about", "zone") if name in asked}
        if asked.get("now"):
            facts |= {"now": True, "state": "due"}
        made = self.book(self._booker(request), kind, self._start(asked), **facts)
        self.once[str(key)] = dict(made)
        await self._tell(made)
        if self.lost_bookings:
            self.lost_bookings -= 1
            assert request.transport
            request.transport.abort()
        return web.json_response(made, status=201)

    def _start(self, asked: Json) -> datetime:
        slot = next((slot for slot in self.slots if slot["id"] == asked.get("slot")), None)
        return self.now if slot is None else datetime.fromisoformat(slot["start"])

    async def _move(self, request: web.Request) -> web.Response:
        one, asked = self._named(request), await request.json()
        if refusal := self._refusal(asked, one["kind"]):
            return refusal
        start = self._start(asked)
        one |= {"state": "booked", "start": rfc3339(start), "end": rfc3339(start + HALF_AN_HOUR)}
        one |= {"sequence": one["sequence"] + 1, "changed_at": rfc3339(self.now)}
        one |= {name: asked[name] for name in ("phone", "about", "zone") if name in asked}
        for name in ("claimed_by", "left", "next", "ended_at", "now"):
            one.pop(name, None)
        await self._tell(one)
        return web.json_response(one)

    async def _cancel(self, request: web.Request) -> web.Response:
        one = self._named(request)
        if one["state"] == "begun":
            return _refused(409, "illegal-move", "a booking that is begun cannot be cancelled")
        one["sequence"] += 1
        await self.stand(one, "cancelled")
        return web.json_response(one)
