"""A day and a week of a small company's bookings, to look at: every state that one can be in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.pages.fake_gateway import FakeGateway
from tests.pages.world import Json, rfc3339

ABOUT = [
    "The furnace makes a knocking noise since the service on Thursday",
    "Moving the delivery, and whether the old one can be picked up with it",
    "",
    "Question about line 4 of the invoice",
    "Which filter fits, there is no label left on the old one",
]


def book_up(gateway: FakeGateway) -> Json:
    """Fills the days around now; answers the booking that nobody has claimed though its hour is near."""
    ana, ben = gateway.agents["ana"], gateway.agents["ben"]
    threads = list(gateway.threads)
    now = datetime.now(UTC).replace(second=0, microsecond=0)

    def person(agent: Json) -> Json:
        return {"id": agent["id"], "name": agent["name"]}

    def at(minutes: float, place: int, kind: str = "call", **facts: object) -> Json:
        return gateway.booking(threads[place], now + timedelta(minutes=minutes), kind, about=ABOUT[place % 5], **facts)

    at(-95, 0, state="done", outcome="reached", begun_by=person(ana), claimed_by=person(ana))
    at(-65, 1, state="missed", broken=True, zone="America/New_York")
    at(-50, 2, "chat", state="cancelled")
    begun = {"begun_at": rfc3339(now - timedelta(minutes=4))}
    at(-5, 3, state="begun", begun_by=person(ben), claimed_by=person(ben), **begun)
    near = at(9, len(threads) - 1, zone="America/New_York", step="ask", due_at=rfc3339(now + timedelta(minutes=4)))
    at(40, 5, state="claimed", claimed_by=person(ana))
    at(70, 6, "chat", state="claimed", claimed_by=person(ben))
    at(100, 7)
    for day in range(-3, 6):
        for place in range(0 if day % 6 == 4 else 2 + day % 2):
            facts = {} if place % 2 else {"state": "claimed", "claimed_by": person(ben if day % 2 else ana)}
            if day < 0:
                facts = {"state": "done", "outcome": "voicemail" if place == 2 else "reached"}
            if day:
                at(1440 * day + 75 * place - 60, (day + 3 + place) % 12, "chat" if place == 1 else "call", **facts)
    for day in range(1, 6):
        for place in range(8):
            start = now.replace(hour=16, minute=0) + timedelta(days=day, minutes=30 * place)
            gateway.offer(start, left=0 if (day + place) % 5 == 0 else 2)
            gateway.offer(start, left=4, kind="chat")
    gateway.waits = {"count": 12, "median_seconds": 42.0, "longest_seconds": 190.0}
    for login in ("ana", "ben"):
        gateway.agents[login]["teams"][0]["zone"] = "America/Denver"
        gateway.agents[login] |= {"away": False, "phone": None}
    return near
