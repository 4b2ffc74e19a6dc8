"""Times on the customers' pages, in the zone of whoever reads them, on the nights on which clocks are set too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.pages.chatting import open_chat
from tests.pages.conftest import Visitor
from tests.pages.fake_chat import FakeChat

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


@pytest.fixture
def gateway() -> FakeChat:
    return FakeChat()


async def times(visitor: Visitor, gateway: FakeChat, day: str) -> list[str]:
    """What the choosing offers for a call on that day."""
    await visitor.page.clock.set_fixed_time(gateway.now)
    page = await open_chat(visitor)
    await page.get_by_role("button", name="Book a time").click()
    await page.get_by_role("radio", name=day).check()
    return [await chip.inner_text() for chip in await page.locator(".times .chip").all()]


@pytest.mark.parametrize(
    ("zone", "day", "expected", "said"),
    [
        ("America/Denver", "Tomorrow", ["10:30"], "Mountain Time (Denver)."),
        (
            "Europe/Berlin",
            "Tomorrow",
            ["18:30\n10:30 in Denver"],
            "Central European Time (Berlin). Beside them is the team's",
        ),
        ("Asia/Tokyo", "Tomorrow", ["02:30\nTue 10:30 in Denver"], "Japan Standard Time (Tokyo)"),
        ("Asia/Kathmandu", "Tomorrow", ["23:15\n10:30 in Denver"], "Nepal Time (Ka"),
    ],
)
async def test_in_ones_own_zone(
    visitor: Visitor, gateway: FakeChat, zone: str, day: str, expected: list[str], said: str
) -> None:
    """A time is the reader's, with the team's beside it where it differs; both zones are named."""
    gateway.put_up(datetime(2026, 11, 24, 17, 30, tzinfo=UTC))
    assert expected == await times(visitor, gateway, day)
    await expect(visitor.page.locator(".picker form > .field-hint")).to_contain_text(
        f"Times are in your own zone, {said}"
    )


@pytest.mark.parametrize("zone", ["America/Denver"])
async def test_an_hour_that_comes_twice(visitor: Visitor, gateway: FakeChat, zone: str) -> None:
    """On the night on which the clock is set back, the two times that look alike are told apart by their offset, and
    each books its own."""
    gateway.now = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
    first = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    gateway.put_up(*(first + timedelta(minutes=30) * step for step in range(6)))
    expected = ["00:30", "01:00 (GMT-6)", "01:30 (GMT-6)", "01:00 (GMT-7)", "01:30 (GMT-7)", "02:00"]
    assert expected == await times(visitor, gateway, "Tomorrow")
    page = visitor.page
    await page.get_by_role("radio", name="01:30 (GMT-7)").check()
    await page.get_by_role("button", name="Book the call").click()
    await expect(page.get_by_role("heading", name="Call tomorrow at 01:30 (GMT-7)")).to_be_visible()
    assert ["call-20261101T0830Z"] == [asked["slot"] for _, asked in gateway.wishes]


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe"])
async def test_half_an_hour_that_comes_twice(visitor: Visitor, gateway: FakeChat, zone: str) -> None:
    """So they are where the clock is set by half an hour."""
    gateway.now = datetime(2027, 4, 2, 12, 0, tzinfo=UTC)
    gateway.put_up(*(datetime(2027, 4, 3, 14, 15, tzinfo=UTC) + timedelta(minutes=15) * step for step in range(5)))
    found = [words.partition("\n")[0] for words in await times(visitor, gateway, "Sun")]
    assert ["01:15", "01:30 (GMT+11)", "01:45 (GMT+11)", "01:30 (GMT+10:30)", "01:45 (GMT+10:30)"] == found


@pytest.mark.parametrize("zone", ["Pacific/Auckland"])
async def test_days_are_the_readers(visitor: Visitor, gateway: FakeChat, zone: str) -> None:
    """Days are those of the reader's calendar that have a place left, and no others."""
    gateway.put_up(
        datetime(2026, 11, 23, 18, 0, tzinfo=UTC), datetime(2026, 11, 24, 12, 0, tzinfo=UTC), kinds=("call",)
    )
    gateway.put_up(datetime(2026, 11, 26, 18, 0, tzinfo=UTC), kinds=("call",), left=0)
    await times(visitor, gateway, "Today")
    found = [await chip.inner_text() for chip in await visitor.page.locator(".days .chip").all()]
    assert ["Now\nsoonest", "Today\nNov 24", "Tomorrow\nNov 25"] == found
