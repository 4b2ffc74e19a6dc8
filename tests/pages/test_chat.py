"""The customers' page: a conversation with people that outlasts reloads, closed tabs and weeks of absence."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.chatting import begin, bodies, hide, open_chat, said, write
from tests.pages.conftest import Visitor
from tests.pages.fake_chat import COOKIE, FakeChat
from tests.pages.fake_desk import problem
from tests.pages.world import ago, rfc3339

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]


@pytest.fixture
def gateway() -> FakeChat:
    return FakeChat()


async def test_a_first_visit(visitor: Visitor, gateway: FakeChat) -> None:
    """Somebody who only looks sees who answers, until when, and what will happen, and is given no cookie."""
    page = await open_chat(visitor)
    await expect(page.get_by_text("Open now, until")).to_be_visible()
    await expect(page.get_by_text("A person last answered 12 min ago")).to_be_visible()
    await expect(page.get_by_text("Write, and close this page. The answer will be here.")).to_be_visible()
    await page.get_by_role("button", name="Hours").press("Enter")
    await expect(page.locator(".hours dl")).to_have_text("Monday to Friday07:00 to 21:00Saturday and SundayClosed")
    await page.keyboard.press("Escape")
    await expect(page.locator(".hours")).to_be_hidden()
    assert [] == await visitor.context.cookies()
    assert {("GET", "/thread")} == set(gateway.requests)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"open": False, "opens_at": rfc3339(ago(days=-30))}, "Closed now, opens"),
        ({"open": False}, "Closed now"),
        ({"open": True}, "Open at all hours"),
    ],
)
async def test_whether_it_is_open(visitor: Visitor, gateway: FakeChat, facts: dict[str, object], words: str) -> None:
    """Open and closed are said in words, with when that changes if it does."""
    del gateway.facts["open_until"]
    gateway.facts |= facts
    page = await open_chat(visitor)
    await expect(page.locator(".standing")).to_contain_text(words)


async def test_the_first_message_makes_a_visitor(visitor: Visitor, gateway: FakeChat) -> None:
    """The first message makes this browser a visitor, by a cookie that no script can read, and is shown once."""
    page = await begin(visitor, "Is anyone <b>there</b>?")
    await expect(bodies(page)).to_have_text(["Is anyone <b>there</b>?"])
    assert [{"in": "cookie"}] == gateway.begun
    [cookie] = await visitor.context.cookies()
    assert (COOKIE, True) == (cookie.get("name"), cookie.get("httpOnly"))
    kept = await page.evaluate("document.cookie + JSON.stringify(localStorage)")
    assert not [token for token in gateway.tokens if token in kept]


TWICE = """() => {
  window.most = 0
  const count = () => { window.most = Math.max(window.most, document.querySelectorAll(".message .body").length) }
  new MutationObserver(count).observe(document.body, { childList: true, subtree: true })
}"""


async def test_never_twice_on_the_page(visitor: Visitor, gateway: FakeChat) -> None:
    """What has just been sent is not shown twice for the moment in which it is taken off the list that waits."""
    page = await open_chat(visitor)
    await page.evaluate(TWICE)
    await write(page, "Hello")
    await expect(page.get_by_text("Sent. You can close this page")).to_be_visible()
    assert 1 == await page.evaluate("window.most")


async def test_a_channel_of_several(visitor: Visitor, gateway: FakeChat) -> None:
    """`?channel=` names the channel to the server, for the facts and for the visitor."""
    page = await open_chat(visitor, "?channel=web-north")
    await write(page, "Hello")
    await expect(page.get_by_text("Sent. You can close this page")).to_be_visible()
    assert ({"web-north"}, [{"in": "cookie", "channel": "web-north"}]) == (gateway.channels, gateway.begun)


async def test_no_chat_here(visitor: Visitor, gateway: FakeChat) -> None:
    """Where the server knows no such channel the page says so, and offers nothing to write in."""
    gateway.refusals.append(lambda _request: problem(404, "there is no such web channel"))
    await visitor.page.goto(f"{visitor.origin}/chat?channel=nowhere")
    await expect(visitor.page.get_by_text("There is no chat at this address.")).to_be_visible()
    await expect(visitor.page.get_by_role("textbox")).to_be_hidden()


async def test_an_answer_comes_live_and_is_read(visitor: Visitor, gateway: FakeChat) -> None:
    """An answer appears by itself, is announced politely, and is told as read because it was seen."""
    page = await begin(visitor)
    answer = await gateway.say("Good morning, what can I do?")
    await expect(bodies(page)).to_have_text(["Hello", "Good morning, what can I do?"])
    await expect(page.locator("#announcer")).to_have_text("Ana: Good morning, what can I do?")
    await expect(page.get_by_text("A person last answered just now")).to_be_visible()
    await gateway.until(lambda: gateway.read_marks.get(gateway.newest) == answer["id"])
    assert ("PUT", "/received") not in gateway.requests


async def test_what_nobody_sees_is_received_and_not_read(visitor: Visitor, gateway: FakeChat) -> None:
    """On a hidden page an answer counts as received, the title says that it came, and it is read once one looks."""
    page = await begin(visitor)
    await hide(page, True)
    answer = await gateway.say("Are you there?")
    await expect(page).to_have_title("(1) Front Range")
    await gateway.until(lambda: ("PUT", "/received") in gateway.requests)
    assert ({}, []) == (gateway.read_marks, [call for call in gateway.requests if call == ("PUT", "/read")])
    await hide(page, False)
    await expect(page).to_have_title("Front Range")
    await gateway.until(lambda: gateway.read_marks.get(gateway.newest) == answer["id"])


async def test_back_after_weeks(visitor: Visitor, gateway: FakeChat) -> None:
    """Whoever closes the page and comes back finds the answer, marked as new, and the days by name."""
    page = await begin(visitor)
    await page.close()
    customer = gateway.newest
    gateway.talk[customer][0]["at"] = rfc3339(ago(days=30))
    await gateway.say("It has been sent.", days=20)
    visitor.page = await visitor.context.new_page()
    visitor.watch(visitor.page)
    page = await open_chat(visitor)
    await expect(bodies(page)).to_have_text(["Hello", "It has been sent."])
    await expect(page.get_by_text("New since you were here")).to_be_visible()
    assert 3 == await page.locator(".day").count()
    await gateway.until(lambda: customer in gateway.read_marks)
    await page.reload()
    await expect(bodies(page)).to_have_count(2)
    await expect(page.get_by_text("New since you were here")).to_be_hidden()


async def test_a_token_is_renewed_once_a_week(visitor: Visitor, gateway: FakeChat) -> None:
    """A visitor who comes back after a week has their cookie renewed, and not again with the next reload."""
    page = await begin(visitor)
    name = "teamline.chat..visitor"
    old = (
        "name => localStorage.setItem(name, JSON.stringify({ ...JSON.parse(localStorage.getItem(name)), renewed: 0 }))"
    )
    await page.evaluate(old, name)
    for _ in range(2):
        await page.reload()
        await expect(bodies(page)).to_have_text(["Hello"])
    assert 1 == gateway.requests.count(("POST", "/visitors/renew"))


async def test_older_messages_load_above(visitor: Visitor, gateway: FakeChat) -> None:
    """Older messages are read as one scrolls up, and what is being read does not move."""
    page = await begin(visitor)
    for n in range(100):
        await gateway.say(f"line {n}", minutes=200 - n)
    gateway.read_marks[gateway.newest] = gateway.talk[gateway.newest][-2]["id"]
    await page.reload()
    await expect(page.locator(".message").nth(39)).to_be_attached()
    steps = """async () => {
      const scroller = document.querySelector(".scroller")
      scroller.scrollTop = 300
      const mark = [...document.querySelectorAll(".message")].find(each => each.getBoundingClientRect().top > 100)
      const before = mark.getBoundingClientRect().top
      while (document.querySelectorAll(".message").length < 80) await new Promise(requestAnimationFrame)
      return [before, mark.getBoundingClientRect().top]
    }"""
    before, after = await page.evaluate(steps)
    assert abs(before - after) < 2
    await page.evaluate("document.querySelector('.scroller').scrollTop = 0")
    await expect(page.get_by_text("The conversation begins here")).to_be_attached()
    await expect(page.locator(".message")).to_have_count(101)


async def test_news_below_wait(visitor: Visitor, gateway: FakeChat) -> None:
    """Who reads above is not moved: news are counted, unread, and shown when one asks for them."""
    page = await begin(visitor)
    for n in range(40):
        await gateway.say(f"line {n}", minutes=60 - n)
    await expect(page.locator(".message")).to_have_count(41)
    await page.evaluate("document.querySelector('.scroller').scrollTop = 0")
    before = dict(gateway.read_marks)
    news = await gateway.say("Here it is.")
    await expect(page.get_by_role("button", name="1 new")).to_be_visible()
    await gateway.until(lambda: ("PUT", "/received") in gateway.requests)
    assert news["id"] not in before.values()
    await page.get_by_role("button", name="1 new").press("Enter")
    await gateway.until(lambda: gateway.read_marks[gateway.newest] == news["id"])
    await expect(page.get_by_role("button", name="1 new")).to_be_hidden()


async def test_a_draft_survives(visitor: Visitor, gateway: FakeChat) -> None:
    """What was typed is there after a reload, and gone once it was sent."""
    page = await open_chat(visitor)
    await page.get_by_role("textbox").fill("Half a")
    await page.reload()
    await expect(page.get_by_role("textbox")).to_have_value("Half a")
    await write(page, " sentence")
    await expect(page.get_by_text("Sent. You can close this page")).to_be_visible()
    await page.reload()
    await expect(bodies(page)).to_have_count(1)
    assert "" == await page.get_by_role("textbox").input_value()
    assert 1 == len(said(gateway))


HOSTILE = [
    "<img src=x onerror=\"document.title='owned'\"><style>* { display: none }</style>",
    "\u202egnp.exe\u202d \u2066\u2067 and on",
    "x" * 16_000,
    "see javascript:alert(1) and https://example.com/<b> now",
]


@pytest.mark.parametrize("body", HOSTILE)
async def test_text_is_shown_as_it_came(visitor: Visitor, gateway: FakeChat, body: str) -> None:
    """Words and names are shown letter by letter, run nothing, lead to web addresses only, and widen nothing."""
    page = await begin(visitor)
    await gateway.say(body)
    gateway.talk[gateway.newest][-1]["author"]["name"] = body[:200]
    await page.reload()
    await expect(bodies(page)).to_have_count(2)
    assert body == await bodies(page).last.text_content()
    assert 0 == await page.locator(".body :not(a), .message-head bdi *").count()
    links = await page.locator(".body a").evaluate_all("all => all.map(a => a.protocol)")
    assert not set(links) - {"https:"}
    assert "Front Range" == await page.title()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    bubble, column = await page.locator(".bubble").last.bounding_box(), await page.locator("main").bounding_box()
    assert bubble
    assert column
    assert column["x"] <= bubble["x"] < bubble["x"] + bubble["width"] <= column["x"] + column["width"]


async def test_direction_stays_in_its_bubble(visitor: Visitor, gateway: FakeChat) -> None:
    """Words from right to left stand so in their bubble, and leave the page as it was."""
    page = await begin(visitor)
    await gateway.say("שלום, אפשר לשנות? (14)")
    await expect(bodies(page)).to_have_count(2)
    directions = await page.evaluate(
        "[...document.querySelectorAll('.theirs .body, .theirs')].map(e => getComputedStyle(e).direction)"
    )
    assert {"rtl": 1, "ltr": 1} == {each: directions.count(each) for each in directions}
