"""The console as an agent uses it: by keyboard, live, and with a network that fails."""

from __future__ import annotations

from datetime import timedelta

import pytest
from aiohttp import web
from playwright.async_api import expect

from tests.pages.conftest import Visitor
from tests.pages.fake_desk import problem
from tests.pages.fake_gateway import FakeGateway
from tests.pages.world import ago

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


@pytest.fixture
def dana(gateway: FakeGateway) -> str:
    """A thread in which Dana waits."""
    thread = gateway.thread("Dana Whitfield", "+13035550127")
    gateway.write(thread, "in", gateway.customer(thread), "Which day is it?", ago(minutes=12))
    return thread


async def test_sign_in_read_and_reply(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """An agent signs in, opens the first thread, answers and passes it on without touching a mouse."""
    page = await visitor.enter()
    await expect(page.get_by_role("link", name="Dana Whitfield")).to_be_visible()
    for key in ("j", "Enter"):
        await page.keyboard.press(key)
    await expect(visitor.bubble("Which day is it?")).to_be_visible()
    await page.keyboard.press("r")
    await expect(page.get_by_label("Reply to Dana Whitfield")).to_be_focused()
    await page.keyboard.type("Thursday, between 8 and 10.")
    await expect(page.locator(".measure")).to_have_text("SMS, 1 segment")
    await page.keyboard.press("Control+Enter")
    await expect(visitor.bubble("Thursday, between 8 and 10.")).to_contain_text("Waiting to be sent")
    await expect(page.locator("#words")).to_be_focused()
    await gateway.report(gateway.messages[dana][-1], "delivered")
    await expect(visitor.bubble("Thursday, between 8 and 10.")).to_contain_text("Delivered")
    assert ["Thursday, between 8 and 10."] == [body for _, body in gateway.posts]


async def test_claim_note_release_and_done(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """c takes a thread on and lets it go, n writes a note, e is done, and each leaves its quiet line."""
    page = await visitor.enter(f"#/waiting/t/{dana}")
    await expect(visitor.bubble("Which day is it?")).to_be_visible()
    await page.keyboard.press("c")
    await expect(page.locator(".quiet-line", has_text="You took this on")).to_be_visible()
    await page.keyboard.press("c")
    await expect(page.locator(".quiet-line", has_text="You let this go")).to_be_visible()
    await page.keyboard.press("n")
    await page.keyboard.type("Crew 4 is nearby.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message.note")).to_contain_text("Only your team sees this")
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")
    await expect(page.locator(".quiet-line", has_text="You marked this done")).to_be_visible()
    await expect(page.get_by_text("Nobody is waiting")).to_be_visible()
    assert [gateway.messages[dana][0]["id"]] == gateway.done_marks
    assert "BODY" != await page.evaluate("document.activeElement.tagName")


async def test_keys_are_listed_and_escape_goes_back(visitor: Visitor, dana: str) -> None:
    """? shows every key, and Escape leaves the list, the composer and the thread one by one."""
    page = await visitor.enter(f"#/waiting/t/{dana}")
    await expect(visitor.bubble("Which day is it?")).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("r")
    await expect(page.locator("#words")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("region", name="Dana Whitfield")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("link", name="Dana Whitfield")).to_be_focused()


@pytest.mark.parametrize("opener", ["keys", "me"])
async def test_a_list_that_closes_takes_no_focus(visitor: Visitor, dana: str, opener: str) -> None:
    """Whoever goes on by keyboard the moment that a dialog is closed stays where they went."""
    page = await visitor.enter(f"#/waiting/t/{dana}")
    await expect(visitor.bubble("Which day is it?")).to_be_visible()
    element = f"tl-{opener}"
    await page.evaluate(f"document.querySelector('{element}').open()")
    went = """async (name) => {
        const dialog = document.querySelector(`${name} dialog`);
        const closed = new Promise((done) => dialog.addEventListener("close", done));
        dialog.close();
        document.querySelector("#words").focus();
        await closed;
        return document.activeElement.id;
    }"""
    assert "words" == await page.evaluate(went, element)


async def test_arrivals_do_not_move_what_is_read(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A message that arrives while one reads further up is counted, and nothing moves until one asks."""
    for number in range(60):
        gateway.write(
            dana, "in", gateway.customer(dana), f"Line {number} of many", ago(minutes=11) + timedelta(seconds=number)
        )
    page = await visitor.enter(f"#/waiting/t/{dana}")
    await expect(visitor.bubble("Line 59 of many")).to_be_in_viewport()
    scroller = page.get_by_role("region", name="Dana Whitfield")
    await scroller.evaluate("e => { e.scrollTop = e.scrollHeight - 2 * e.clientHeight }")
    await expect(visitor.bubble("Line 35 of many")).to_be_in_viewport()
    before = await visitor.bubble("Line 35 of many").bounding_box()
    await gateway.arrive(dana, "Are you there?")
    await expect(page.get_by_role("button", name="1 new")).to_be_visible()
    assert before == await visitor.bubble("Line 35 of many").bounding_box()
    await page.get_by_role("button", name="1 new").click()
    await expect(visitor.bubble("Are you there?")).to_be_in_viewport()


async def test_older_history_loads_above_without_a_jump(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Scrolling up reads the whole of a long thread, and each page leaves the messages in sight where they are."""
    for number in range(240):
        gateway.write(
            dana, "in", gateway.customer(dana), f"Line {number} of many", ago(minutes=11) + timedelta(seconds=number)
        )
    page = await visitor.enter(f"#/waiting/t/{dana}")
    await expect(visitor.bubble("Line 239 of many")).to_be_in_viewport()
    scroller = page.get_by_role("region", name="Dana Whitfield")
    jumps = await scroller.evaluate(
        """async scroller => {
          const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
          let jumps = 0
          const start = Date.now()
          while (!scroller.textContent.includes("The conversation begins here") && Date.now() - start < 8000) {
            scroller.scrollTop = Math.max(1, scroller.scrollTop - 150)
            await frame()
            const seen = [...scroller.querySelectorAll(".message")].find(e => e.getBoundingClientRect().top > 100)
            const top = seen.getBoundingClientRect().top
            await frame()
            if (Math.abs(seen.getBoundingClientRect().top - top) > 1) jumps += 1
          }
          return jumps
        }"""
    )
    assert 0 == jumps
    assert 241 == await page.locator(".message").count()


async def test_rows_hold_still_under_the_pointer(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """While the pointer is on the list, a row that would rise is counted and rises when the pointer leaves."""
    other = gateway.thread("Marcus Oyelaran", "+13035550142")
    gateway.write(other, "in", gateway.customer(other), "Thanks", ago(minutes=5))
    page = await visitor.enter("#/all")
    names = page.locator(".row-name")
    await expect(names).to_have_text(["Marcus Oyelaran", "Dana Whitfield"])
    await page.locator(".row").first.hover()
    await gateway.arrive(dana, "Hello?")
    await expect(page.get_by_role("button", name="1 new")).to_be_visible()
    await expect(names).to_have_text(["Marcus Oyelaran", "Dana Whitfield"])
    await page.mouse.move(900, 400)
    await expect(names).to_have_text(["Dana Whitfield", "Marcus Oyelaran"])


async def test_a_lost_answer_sends_once(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A reply whose answer is lost on the way is asked for again under the same key, and is there once."""
    page = await visitor.enter(f"#/waiting/t/{dana}")
    gateway.lose_answers = 2
    await page.get_by_label("Reply to Dana Whitfield").fill("Thursday.")
    await page.keyboard.press("Control+Enter")
    await expect(visitor.bubble("Thursday.")).to_contain_text("Waiting to be sent")
    await expect(visitor.bubble("Thursday.")).to_have_count(1)
    await gateway.until(lambda: len(gateway.posts) == 3)
    assert 1 == len({key for key, _ in gateway.posts})
    assert 1 == len([m for m in gateway.messages[dana] if m.get("direction") == "out"])


async def test_words_survive_a_reload_without_network(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A reply sent while the server refuses is kept over a reload, and goes out once when the server is back."""
    away = lambda request: problem(503, "Not now.") if request.method == "POST" and "threads" in request.path else None  # noqa: E731
    page = await visitor.enter(f"#/waiting/t/{dana}")
    gateway.refusals.append(away)
    await page.get_by_label("Reply to Dana Whitfield").fill("Thursday.")
    await page.keyboard.press("Control+Enter")
    await expect(visitor.bubble("Thursday.")).to_contain_text("it will be sent once")
    await expect(visitor.bubble("Thursday.").locator(".avatar")).to_have_count(0)
    await page.reload()
    await expect(visitor.bubble("Thursday.")).to_have_count(1)
    gateway.refusals.clear()
    await expect(visitor.bubble("Thursday.")).to_contain_text("Waiting to be sent", timeout=15_000)
    assert ["Thursday."] == [m["body"] for m in gateway.messages[dana] if m.get("direction") == "out"]


async def test_a_refused_reply_comes_back(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A reply that the server refuses says why in its place, and its words can be taken back into the composer."""
    page = await visitor.enter(f"#/waiting/t/{dana}")
    gateway.refusals.append(
        lambda request: (
            problem(409, "No channel leads to this customer now.")
            if request.path.endswith("/messages") and request.method == "POST"
            else None
        )
    )
    await page.get_by_label("Reply to Dana Whitfield").fill("Thursday.")
    await page.keyboard.press("Control+Enter")
    await expect(visitor.bubble("Thursday.")).to_contain_text("Not sent. No channel leads to this customer now.")
    await page.get_by_role("button", name="Edit").click()
    await expect(page.locator("#words")).to_be_focused()
    assert "Thursday." == await page.locator("#words").input_value()
    await expect(visitor.bubble("Thursday.")).to_have_count(0)


async def test_a_cut_connection_misses_nothing(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """What arrives while the network is away is there once when it is back, in order."""
    page = await visitor.enter(f"#/waiting/t/{dana}")
    await gateway.arrive(dana, "One")
    await expect(visitor.bubble("One")).to_be_visible()
    await visitor.context.set_offline(True)
    await expect(page.locator(".link-state")).to_have_text("Reconnecting")
    await gateway.arrive(dana, "Two")
    await gateway.arrive(dana, "Three")
    await visitor.context.set_offline(False)
    await expect(page.locator(".link-state")).to_have_text("Live")
    await expect(page.locator(".message .body")).to_have_text(["Which day is it?", "One", "Two", "Three"])


async def test_an_ended_session_keeps_the_draft(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """When a session ends the sign-in is shown, and after it the half-written reply is where it was."""
    page = await visitor.enter(f"#/waiting/t/{dana}")
    await page.get_by_label("Reply to Dana Whitfield").fill("Half a sent")
    await gateway.end_sessions()
    await expect(page.get_by_text("Your session has ended. What you were writing is kept.")).to_be_visible()
    await page.get_by_label("Password").fill("correct horse")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Reply to Dana Whitfield")).to_have_value("Half a sent")


async def test_unknown_is_settled_by_a_person(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A message of unknown fate says so in words and a person settles it; the focus stays on the page."""
    ana = gateway.agents["ana"]
    detail = {"state": "unknown", "detail": "The provider gave no answer."}
    gateway.write(dana, "out", gateway.person(ana), "Thursday.", ago(minutes=3), delivery=detail)
    gateway.write(
        dana, "out", gateway.person(ana), "Between 8 and 10.", ago(minutes=2), delivery={"state": "delivered"}
    )
    page = await visitor.enter(f"#/all/t/{dana}")
    await expect(visitor.bubble("Thursday.")).to_contain_text(
        "It is not known whether this arrived: The provider gave no answer."
    )
    await page.get_by_role("button", name="It arrived").press("Enter")
    await expect(page.get_by_role("button", name="It arrived")).to_have_count(0)
    await expect(page.get_by_role("region", name="Dana Whitfield")).to_be_focused()
    assert "delivered" == gateway.messages[dana][1]["delivery"]["state"]


async def test_a_refused_claim_is_undone(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A claim that the server refuses is shown as undone, with what happened in words."""
    page = await visitor.enter(f"#/waiting/t/{dana}")
    gateway.refusals.append(lambda request: problem(503, "Not now.") if request.path.endswith("/claim") else None)
    await page.get_by_role("button", name="Take on").click()
    await expect(page.get_by_role("alert").filter(has_text="Nothing was changed.")).to_be_visible()
    await expect(page.get_by_role("button", name="Take on")).to_be_visible()


async def test_two_agents_see_each_other(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A colleague's claim and reply appear in the open thread and in the inbox as they happen."""
    page = await visitor.enter(f"#/all/t/{dana}")
    ben = gateway.agents["ben"]
    await gateway.act(ben, dana, "claim")
    await expect(page.locator(".route")).to_have_text("Ben Whitlock is on this")
    message = gateway.write(dana, "out", gateway.person(ben), "Thursday.", delivery={"state": "queued"})
    await gateway.tell("message.sent", dana, by=ben, message=message)
    await expect(visitor.bubble("Thursday.")).to_contain_text("Ben Whitlock")
    await expect(page.locator(".row-line")).to_have_text("Ben: Thursday.")


async def test_an_infinite_inbox(visitor: Visitor, gateway: FakeGateway) -> None:
    """Scrolling to the end of a list of 120 threads reads all of them."""
    for number in range(120):
        thread = gateway.thread(f"Customer {number:03}", f"+1303555{number:04}")
        gateway.write(thread, "in", gateway.customer(thread), "Hello", ago(minutes=200 - number))
    page = await visitor.enter()
    await expect(page.locator(".row")).to_have_count(50)
    await page.locator(".row").last.scroll_into_view_if_needed()
    await expect(page.locator(".row")).to_have_count(100)
    await page.locator(".row").last.scroll_into_view_if_needed()
    await expect(page.locator(".row")).to_have_count(120)
    await expect(page.locator(".row-name").last).to_have_text("Customer 119")


async def test_an_unread_thread_is_marked_once(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Opening a thread marks it as read, and a server that refuses that is not asked again and again."""
    asked: list[str] = []

    def refuse(request: web.Request) -> web.Response | None:
        asked.extend([request.path] if request.path.endswith("/read") else [])
        return problem(503, "Not now.") if request.path.endswith("/read") else None

    gateway.refusals.append(refuse)
    page = await visitor.enter(f"#/waiting/t/{dana}")
    await expect(visitor.bubble("Which day is it?")).to_be_visible()
    await expect(page.locator(".row-unread")).to_have_text("1 unread")
    async with page.expect_response(lambda response: response.url.endswith("/read")):
        await gateway.arrive(dana, "Hello?")
    await expect(page.locator(".row-unread")).to_have_text("2 unread")
    gateway.refusals.clear()
    await gateway.arrive(dana, "Anyone?")
    await expect(page.locator(".row-unread")).to_be_hidden()
    assert 2 == len(asked)


async def test_signing_out_leaves_nothing_on_the_page(visitor: Visitor, dana: str) -> None:
    """After signing out, the sign-in is all that the page holds."""
    page = await visitor.enter(f"#/waiting/t/{dana}")
    await expect(visitor.bubble("Which day is it?")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Login")).to_be_focused()
    assert "Dana" not in (await page.content())
