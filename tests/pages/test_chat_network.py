"""The chat page without a network, with a server that is busy, with a token that has ended: nothing is lost, nothing
is sent twice, and each state is said in words."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.chatting import begin, bodies, cut, open_chat, pending, said, write
from tests.pages.conftest import Visitor
from tests.pages.fake_chat import FakeChat

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]

EXPIRE = """age => new Promise((resolve) => {
  const opening = indexedDB.open("teamline.chat", 1)
  opening.onsuccess = () => {
    const store = opening.result.transaction("kept", "readwrite").objectStore("kept")
    store.getAll().onsuccess = ({ target }) => {
      for (const each of target.result) store.put({ ...each, order: each.order - age })
      store.transaction.oncomplete = () => { opening.result.close(); resolve() }
    }
  }
})"""
DAY = 24 * 60 * 60_000


@pytest.fixture
def gateway() -> FakeChat:
    return FakeChat()


async def test_written_without_a_network(visitor: Visitor, gateway: FakeChat) -> None:
    """What is written while the network is away waits, over a reload too, and arrives once and in order."""
    page = await begin(visitor)
    await cut(page, gateway)
    for words in ("one", "two", "three"):
        await write(page, words)
    await expect(pending(page).get_by_text("Waits for the network")).to_have_count(3)
    await page.reload()
    await expect(pending(page).locator(".body")).to_have_text(["one", "two", "three"])
    gateway.rise()
    await expect(pending(page)).to_have_count(0)
    await expect(page.get_by_text("No connection.")).to_be_hidden()
    await expect(bodies(page)).to_have_text(["Hello", "one", "two", "three"])
    assert (["Hello", "one", "two", "three"], 4) == (said(gateway), len(gateway.posts))


async def test_a_first_message_without_a_network(visitor: Visitor, gateway: FakeChat) -> None:
    """Even a first visitor's words wait for the network, and make the visitor when it is back."""
    page = await open_chat(visitor)
    await visitor.context.set_offline(True)
    await write(page, "Hello")
    await expect(pending(page)).to_contain_text("Waits for the network")
    await visitor.context.set_offline(False)
    await expect(pending(page)).to_have_count(0)
    assert (["Hello"], 1) == (said(gateway), len(gateway.begun))


async def test_a_lost_answer(visitor: Visitor, gateway: FakeChat) -> None:
    """A message whose answer is lost is asked for again under its key, stored once and shown once."""
    page = await begin(visitor)
    gateway.lose_answers = 1
    await write(page, "Once only")
    await gateway.until(lambda: len(gateway.posts) == 3)
    await expect(pending(page)).to_have_count(0)
    await expect(bodies(page)).to_have_text(["Hello", "Once only"])
    assert (["Hello", "Once only"], gateway.posts[1]) == (said(gateway), gateway.posts[2])


async def test_removed_before_it_left(visitor: Visitor, gateway: FakeChat) -> None:
    """What waits can be taken out, by keyboard, and does not leave when the network is back."""
    page = await begin(visitor)
    await cut(page, gateway)
    await write(page, "Not this")
    await write(page, "But this")
    remove = pending(page).filter(has_text="Not this").get_by_role("button", name="Remove")
    await remove.press("Enter")
    await expect(pending(page)).to_have_count(1)
    await expect(page.get_by_role("textbox")).to_be_focused()
    gateway.rise()
    await expect(pending(page)).to_have_count(0)
    assert ["Hello", "But this"] == said(gateway)


async def test_two_tabs(visitor: Visitor, gateway: FakeChat) -> None:
    """Two tabs show the same waiting words, and when the network is back each is sent by one of them."""
    page = await begin(visitor)
    other = await visitor.context.new_page()
    visitor.watch(other)
    await other.goto(f"{visitor.origin}/chat")
    await expect(bodies(other)).to_have_text(["Hello"])
    await cut(page, gateway)
    await write(page, "from one")
    await write(other, "from the other")
    for each in (page, other):
        await expect(pending(each).locator(".body")).to_have_text(["from one", "from the other"])
    gateway.rise()
    for each in (page, other):
        await expect(pending(each)).to_have_count(0)
        await expect(bodies(each)).to_have_text(["Hello", "from one", "from the other"])
    assert ["Hello", "from one", "from the other"] == [body for _key, body in gateway.posts]


async def test_a_busy_server(visitor: Visitor, gateway: FakeChat) -> None:
    """A server that is busy is asked again with the same key, and the page says why it waits."""
    page = await begin(visitor)
    gateway.busy = 2
    await write(page, "Now")
    await expect(pending(page)).to_contain_text("Waits. Not now.")
    await expect(pending(page)).to_have_count(0)
    assert ["Hello", "Now"] == said(gateway)


async def test_an_ended_token(visitor: Visitor, gateway: FakeChat) -> None:
    """When the server knows this browser no more, the page says so, and what is written begins a new conversation."""
    page = await begin(visitor)
    before = gateway.newest
    await gateway.forget()
    await expect(page.get_by_text("An earlier conversation can no longer be shown in this browser")).to_be_visible()
    await write(page, "Hello again")
    await expect(page.get_by_text("Sent. You can close this page")).to_be_visible()
    await expect(bodies(page)).to_have_text(["Hello again"])
    await gateway.say("Good to see you.")
    await page.reload()
    await expect(bodies(page)).to_have_text(["Hello again", "Good to see you."])
    await expect(page.get_by_text("An earlier conversation can no longer be shown")).to_be_attached()
    assert gateway.newest != before


async def test_a_token_that_ended_in_absence(visitor: Visitor, gateway: FakeChat) -> None:
    """Words that waited when the token ended are still there, and go into the new conversation, once."""
    page = await begin(visitor)
    await cut(page, gateway)
    await write(page, "Still here")
    await expect(pending(page)).to_contain_text("Waits for the network")
    await page.close()
    await gateway.forget()
    gateway.rise()
    visitor.page = await visitor.context.new_page()
    visitor.watch(visitor.page)
    page = await open_chat(visitor)
    await expect(page.get_by_text("An earlier conversation can no longer be shown")).to_be_visible()
    await expect(bodies(page)).to_have_text(["Still here"])
    await expect(pending(page)).to_have_count(0)
    assert ["Still here"] == said(gateway)


async def test_what_may_have_arrived_is_not_sent_into_another_conversation(visitor: Visitor, gateway: FakeChat) -> None:
    """A message that may stand in the earlier conversation is held, and its writer decides."""
    page = await begin(visitor)
    gateway.lose_answers, gateway.is_silent = 1_000, True
    await write(page, "Maybe there")
    await expect(pending(page)).to_contain_text("No answer came yet")
    await gateway.forget()
    await expect(pending(page)).to_contain_text("This may have arrived in your earlier conversation")
    gateway.lose_answers = 0
    await pending(page).get_by_role("button", name="Send now").press("Enter")
    await expect(pending(page)).to_have_count(0)
    assert ["Maybe there"] == said(gateway)


async def test_old_words_are_not_sent_unasked(visitor: Visitor, gateway: FakeChat) -> None:
    """What waited for more than a day leaves only when its writer says so."""
    page = await begin(visitor)
    await cut(page, gateway)
    await write(page, "Long ago")
    await expect(pending(page)).to_contain_text("Waits for the network")
    await page.goto("about:blank")
    gateway.rise()
    await page.goto(f"{visitor.origin}/static/teamline.css")
    await page.evaluate(EXPIRE, 2 * DAY)
    page = await open_chat(visitor)
    await expect(pending(page)).to_contain_text("Written earlier and never sent")
    assert ["Hello"] == said(gateway)
    await pending(page).get_by_role("button", name="Send now").click()
    await expect(pending(page)).to_have_count(0)
    assert ["Hello", "Long ago"] == said(gateway)


async def test_a_message_that_came_while_away(visitor: Visitor, gateway: FakeChat) -> None:
    """What the team wrote while the stream was broken is shown once it stands again, once."""
    page = await begin(visitor)
    await cut(page, gateway)
    await gateway.say("While you were away")
    gateway.rise()
    await expect(bodies(page)).to_have_text(["Hello", "While you were away"])
    await gateway.say("And now")
    await expect(bodies(page)).to_have_text(["Hello", "While you were away", "And now"])
