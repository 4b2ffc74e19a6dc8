"""The board of bookings and the strip that rings, as an agent uses them: by keyboard, live, and when it goes wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.pages.conftest import Visitor
from tests.pages.fake_desk import problem
from tests.pages.fake_gateway import FakeGateway
from tests.pages.test_modules import ask
from tests.pages.world import Json, ago

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


@pytest.fixture
def dana(gateway: FakeGateway) -> str:
    """Dana's thread; the team's clock is the browser's."""
    gateway.zone = "UTC"
    thread = gateway.thread("Dana Whitfield", "+13035550127")
    gateway.write(thread, "in", gateway.customer(thread), "Which day is it?", ago(minutes=12))
    for agent in gateway.agents.values():
        agent["teams"][0]["zone"] = "UTC"
    return thread


def today(hour: float) -> datetime:
    """An hour of today, by the team's clock."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=hour)


def soon(minutes: float) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


def booked(page: Page, name: str) -> Any:
    return page.locator("tl-board .booking", has_text=name)


async def test_a_day_by_keyboard(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """b shows the day's bookings, j goes through them, c claims and hands back, Enter opens the thread and Escape comes
    back to the booking one was at."""
    other = gateway.thread("Marcus Oyelaran", "+13035550142")
    first, second = gateway.booking(dana, today(23.5), about="The boiler"), gateway.booking(other, today(23.9), "chat")
    page = await visitor.enter()
    await page.keyboard.press("b")
    await expect(booked(page, "Dana Whitfield")).to_contain_text("The boiler")
    await expect(booked(page, "Dana Whitfield")).to_contain_text("Call · +1 303 555 0127")
    await expect(booked(page, "Marcus Oyelaran")).to_contain_text("Chat")
    for key in ("j", "j", "j", "k", "c"):
        await page.keyboard.press(key)
    await expect(booked(page, "Dana Whitfield")).to_contain_text("You have it")
    assert "claimed" == gateway.bookings[first["id"]]["state"]
    await page.keyboard.press("c")
    await expect(booked(page, "Dana Whitfield").get_by_role("button", name="Claim")).to_be_visible()
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("region", name="Marcus Oyelaran")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("tl-board").get_by_role("link", name="Marcus Oyelaran")).to_be_focused()
    assert "booked" == gateway.bookings[second["id"]]["state"]


async def test_days_and_weeks_by_keyboard(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """[ and ] and the arrows turn the days, v shows the week and then turns weeks, t comes back to today."""
    gateway.booking(dana, today(12 + 24), about="tomorrow's")
    gateway.booking(dana, today(12 + 14 * 24), "chat", about="in two weeks")
    page = await visitor.enter("#/bookings")
    await expect(page.get_by_role("heading", name="Nothing is booked on this day")).to_be_visible()
    await page.keyboard.press("]")
    await expect(page.get_by_text("tomorrow's")).to_be_visible()
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("heading", name="Nothing is booked on this day")).to_be_visible()
    await page.keyboard.press("v")
    await expect(page.get_by_role("link", name="Week", exact=True)).to_have_attribute("aria-current", "true")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("]")
    await expect(page.get_by_text("in two weeks")).to_be_visible()
    await page.keyboard.press("j")
    await page.keyboard.press("c")
    await expect(booked(page, "in two weeks")).to_contain_text("You have it")
    await page.keyboard.press("t")
    await page.keyboard.press("v")
    await expect(page.get_by_role("heading", name="Nothing is booked on this day")).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.get_by_text("The day or week before, after")).to_be_visible()


async def test_the_board_is_live(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """What colleagues and the clock do stands on the board at once; a broken promise is said plainly, and counted in
    the frame until somebody keeps it."""
    ben = gateway.agents["ben"]
    page = await visitor.enter("#/bookings")
    booking = gateway.booking(dana, soon(10))
    await gateway.change(booking, "made")
    await page.evaluate("location.hash = '#/bookings/week'")
    card = booked(page, "Dana Whitfield")
    await expect(card).to_contain_text("Nobody has claimed it")
    count = page.locator(".bookings-link .pressing")
    await expect(count).to_have_text("1 needs somebody now")
    await gateway.change(booking, "claimed", by=ben, state="claimed", claimed_by={"id": ben["id"], "name": ben["name"]})
    await expect(card).to_contain_text("Ben has it")
    await expect(count).to_have_text("")
    await gateway.change(booking, "missed", state="missed", broken=True)
    await expect(card).to_contain_text("Missed: nobody called")
    await expect(count).to_have_text("1 needs somebody now")
    begun = {"state": "begun", "begun_by": {"id": ben["id"], "name": ben["name"]}}
    await gateway.change(booking, "begun", by=ben, **begun)
    await expect(card).to_contain_text("Ben is calling")
    await expect(count).to_have_text("")
    call = {"id": "1", "state": "ended", "by": {"id": ben["id"], "name": ben["name"]}, "agent": "completed"}
    await gateway.change(booking, "left", step="left", call=call | {"customer": "completed", "seconds": 30})
    await expect(card).to_contain_text("Ben began it, and nobody has noted how it ended")
    await page.get_by_role("link", name="1 needs somebody now").last.click()
    await expect(page.get_by_role("link", name="Day", exact=True)).to_have_attribute("aria-current", "true")
    await expect(card).to_contain_text("Ben began it")
    await expect(count).to_have_text("1 needs somebody now")
    facts: Json = {"state": "done", "outcome": "reached"}
    await gateway.change(booking, "finished", by=ben, said={"outcome": "reached"}, **facts)
    await expect(card).to_contain_text("Reached, but late")
    await expect(count).to_have_text("")


async def test_what_cannot_be_read_is_said(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A board that cannot be read says so, and reads it when one tries again."""
    gateway.booking(dana, today(23.9))
    refusals = [lambda request: problem(503, "Not now.") if "from" in request.query else None]
    gateway.refusals += refusals
    page = await visitor.enter("#/bookings/week/2031-01-01")
    await expect(page.get_by_text("The bookings could not be read. Not now.")).to_be_visible()
    gateway.refusals.clear()
    await page.get_by_role("button", name="Try again").press("Enter")
    await expect(page.get_by_role("heading", name="Nothing is booked in this week")).to_be_visible()


async def test_how_long_people_wait(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """The head of the board says how many wanted to be called now, and how long they waited for a person."""
    gateway.waits = {"count": 12, "median_seconds": 42.0, "longest_seconds": 190.0}
    page = await visitor.enter("#/bookings")
    figures = page.locator(".waits dd")
    await expect(figures).to_have_text(["12", "42 s", "3:10"])


async def test_the_strip_rings(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A booking that rings for this agent is seen over whatever they look at, announced once and marked in the title,
    without taking the focus; it is gone when somebody else begins."""
    ana, ben = gateway.agents["ana"], gateway.agents["ben"]
    booking = gateway.booking(dana, soon(0), about="The boiler")
    page = await visitor.enter(f"#/all/t/{dana}")
    await page.locator("#words").fill("I am just")
    await page.evaluate("""() => {
      window.said = []
      new MutationObserver(() => { if (announcer.textContent) window.said.push(announcer.textContent) })
        .observe(announcer, { childList: true })
    }""")
    strip = page.get_by_role("region", name="A booking that needs you")
    await gateway.ring(booking, "claimer", [ben])
    await expect(page.locator(".quiet-line", has_text="Rings whoever had claimed it")).to_be_visible()
    await expect(strip).to_be_hidden()
    await gateway.ring(booking, "shift", [ben, ana])
    await expect(strip).to_contain_text("Call with Dana Whitfield")
    await expect(strip).to_contain_text("Rings you since")
    await expect(strip).to_contain_text("The boiler")
    await expect(page).to_have_title("(Rings: Dana Whitfield) Dana Whitfield · Teamline")
    await gateway.ring(booking, "lead", [ben, ana])
    await expect(page.locator(".quiet-line", has_text="Rings the leads")).to_be_visible()
    said = [words for words in await page.evaluate("said") if "rings for you" in words]
    assert ["Call with Dana Whitfield rings for you. About: The boiler"] == said
    await expect(page.locator("#words")).to_be_focused()
    begun = {"state": "begun", "begun_by": {"id": ben["id"], "name": ben["name"]}}
    await gateway.change(booking, "begun", by=ben, **begun)
    await expect(strip).to_be_hidden()
    await expect(page).to_have_title("Dana Whitfield · Teamline")


async def test_those_on_shift_are_asked(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Whoever is asked to claim a booking that nobody has yet sees how long is left, claims it from the strip, and the
    focus is not lost with the strip."""
    booking = gateway.booking(dana, soon(9.5))
    page = await visitor.enter(f"#/all/t/{dana}")
    await gateway.ring(booking, "ask", [gateway.agents["ana"]])
    strip = page.get_by_role("region", name="A booking that needs you")
    await expect(strip).to_contain_text("Nobody has claimed it: 10 min left")
    await strip.get_by_role("button", name="Claim").press("Enter")
    await expect(strip).to_be_hidden()
    await expect(page.get_by_role("region", name="Dana Whitfield")).to_be_focused()
    assert "claimed" == gateway.bookings[booking["id"]]["state"]


async def test_a_list_never_undoes_an_event(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """What the stream told of a booking while a list was on its way stands, and what the list lacks is gone."""
    expression = """(async () => {
      let answer
      const api = { bookings: () => new Promise(done => { answer = done }) }
      const store = { me: { id: "1" }, touch() {}, stir() {} }
      const model = new m.Bookings(api, store)
      const start = "2031-01-01T10:00:00.000000Z"
      const own = (id, state) => ({ id, state, start, thread: "7", rings: [], kind: "call" })
      const [from, to] = [new Date("2031-01-01"), new Date("2031-01-02")]
      const early = model.between(from, to)
      answer({ items: [own("a", "booked"), own("b", "booked")], now: { count: 0 } })
      await early
      const late = model.between(from, to)
      model.take({ kind: "booking.changed", at: "2026-11-22T10:00:00Z", booking: own("a", "claimed") })
      answer({ items: [own("a", "booked")], now: { count: 0 } })
      await late
      return model.all.map(each => [each.id, each.state])
    })()"""
    assert [["a", "claimed"]] == await ask(visitor, "bookings", expression)


async def test_days_of_another_zone(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A day begins and a time is named by the team's wall clock, over the nights on which clocks are set too."""
    dates = ["2026-03-08", "2026-03-09", "2026-11-01", "2026-11-02"]
    began = await ask(
        visitor, "zoned", "a.map(d => m.beginning(d, 'America/Denver').toISOString().slice(0, 13))", dates
    )
    assert ["2026-03-08T07", "2026-03-09T06", "2026-11-01T06", "2026-11-02T07"] == began
    hours = ["2026-11-01T07:30:00Z", "2026-11-01T08:30:00Z"]
    names = "a.map(h => ['dateOf', 'clockOf', 'zoneAbbreviation'].map(name => m[name](h, 'America/Denver')))"
    assert [["2026-11-01", "01:30", "MDT"], ["2026-11-01", "01:30", "MST"]] == await ask(visitor, "zoned", names, hours)
    weeks = await ask(visitor, "zoned", "a.map(m.weekWords)", ["2026-11-22", "2026-11-30"])
    assert ["Nov 22 to 28, 2026", "Nov 30 to Dec 6, 2026"] == weeks


async def test_what_is_being_noted_stays(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """While an outcome is being written in the strip, another booking that rings is told of and does not take its
    place."""
    ana = gateway.agents["ana"]
    facts = {"state": "begun", "begun_by": {"id": ana["id"], "name": ana["name"]}}
    gateway.booking(dana, soon(-5), **facts)
    other = gateway.booking(gateway.thread("Marcus Oyelaran", "+13035550142"), soon(0))
    page = await visitor.enter()
    strip = page.locator(".strip")
    await strip.get_by_role("button", name="Note how it ended").press("Enter")
    await strip.get_by_label("Note for your team").fill("They will")
    await gateway.ring(other, "shift", [ana])
    await expect(strip).to_contain_text("and 1 more")
    await expect(strip.get_by_label("Note for your team")).to_have_value("They will")
    await page.keyboard.press("Escape")
    await expect(strip).to_contain_text("Marcus Oyelaran")
