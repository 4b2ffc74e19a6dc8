"""What tests do to have a booking: a customer sees the times, and takes one."""

from __future__ import annotations

from typing import Any

from tests.http.guest import Guest

PHONE = "+17205550123"


async def times(who: Guest, kind: str = "call", more: str = "") -> list[dict[str, Any]]:
    _, found = await who.call("GET", f"/slots?kind={kind}{more}")
    items: list[dict[str, Any]] = found["items"]
    return items


async def book(who: Guest, slot: str, kind: str = "call", **more: Any) -> dict[str, Any]:
    """A booking that was made."""
    phone = {"phone": PHONE} if kind == "call" else {}
    status, made = await who.call("POST", "/bookings", {"slot": slot, "kind": kind} | phone | more)
    assert 201 == status, made
    booking: dict[str, Any] = made
    return booking


async def listed(who: Guest) -> list[str]:
    _, found = await who.call("GET", "/bookings")
    return [one["id"] for one in found["items"]]
