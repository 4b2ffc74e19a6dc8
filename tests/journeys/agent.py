"""One person at one console, who has a keyboard and nothing else.

Each verb is what a person sets out to do, in keystrokes, and returns once the page shows that it was done. Nothing here
clicks, fills or moves the focus; the page is only read. After every verb the focus must be somewhere.
"""

from __future__ import annotations

import re
from typing import Any, Final

from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.gateway_process import PASSWORD, until
from tests.journeys.cable import Cable
from tests.journeys.ledger import Ledger, Line
from tests.journeys.look import objections

MOST_TABS: Final = 40

READ: Final = """messages => messages.map(message => [
  ["in", "out", "note"].find(way => message.classList.contains(way)), message.querySelector(".body").textContent,
])"""
FOCUSED: Final = "document.activeElement.closest('a.row')?.querySelector('.row-name').textContent ?? ''"


class Agent:
    """`context` reaches the gateway through `cable`. `found` collects what axe-core objected to, by state."""

    def __init__(self, login: str, context: BrowserContext, page: Page, cable: Cable, ledger: Ledger, url: str) -> None:
        self.login = login
        self.page = page
        self.found: dict[str, list[str]] = {}
        self._context = context
        self._cable = cable
        self._ledger = ledger
        self._url = url
        self._with = ""
        self._is_in = False
        self._kept: list[tuple[str, Line]] = []
        """Replies sent without a connection: they become part of the thread when it is back."""

    @property
    def composer(self) -> Locator:
        return self.page.locator("#words")

    def message(self, words: str) -> Locator:
        return self.page.locator(".message:not(.pending)").filter(has_text=words)

    def row(self, customer: str) -> Locator:
        return self.page.locator(".rows a.row").filter(has=self.page.get_by_text(customer, exact=True))

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, words: str) -> None:
        await self.page.keyboard.type(words)

    async def comes(self) -> None:
        """Goes to the console, which asks who it is."""
        await self.page.goto(f"{self._url}/console")
        await expect(self.page.get_by_label("Login")).to_be_focused()

    async def signs_in(self) -> None:
        await self.type(self.login)
        await self.press("Tab")
        await self.type(PASSWORD)
        await self.press("Enter")
        await self.is_live()
        self._is_in = True

    async def leaves_the_thread(self) -> None:
        """Back to the list of all conversations, with what is new in it."""
        await self._command("1")
        await self.press("3")
        await expect(self.page.locator("tl-inbox h2")).to_be_visible()

    async def opens(self, customer: str) -> None:
        """Steps through the list to a customer, and presses Enter."""
        await self.leaves_the_thread()
        await expect(self.row(customer)).to_be_visible()
        await self._step_to(customer)
        await self.press("Enter")
        self._with = customer
        await expect(self.page.locator("#thread-name")).to_have_text(customer)
        await expect(self.page.locator("#thread-name")).to_be_visible()
        await expect(self.page.locator(".message").first).to_be_visible()

    async def _step_to(self, customer: str) -> None:
        names = await self.page.locator(".rows .row-name").all_text_contents()
        for _ in range(3 * len(names)):
            focused = await self.page.evaluate(FOCUSED)
            if focused == customer:
                return
            below = focused not in names or names.index(focused) < names.index(customer)
            await self.press("j" if below else "k")
        raise AssertionError(f"j and k do not lead to {customer}: {names}")

    async def begins(self, words: str) -> None:
        """Writes a reply, and does not send it."""
        if not await self.composer.evaluate("words => words === document.activeElement"):
            await self.press("r")
        await expect(self.composer).to_be_focused()
        await self.type(words)

    async def replies(self, words: str) -> None:
        await self.begins(words)
        await self.sends()

    async def goes_on(self, words: str) -> None:
        """Writes on, and sends all of it."""
        await self.begins(words)
        await self.sends()

    async def sends(self) -> None:
        line = Line("out", await self.composer.input_value())
        await self.press("Control+Enter")
        await expect(self.message(line.words)).to_have_count(1)
        self._ledger.put(self._with, line)

    async def sends_blindly(self) -> None:
        """The server does not answer: the words stand there, marked, and wait."""
        line = Line("out", await self.composer.input_value())
        await self.press("Control+Enter")
        await expect(self.page.locator(".message.pending").filter(has_text=line.words)).to_have_count(1)
        self._kept.append((self._with, line))

    async def sends_unheard(self) -> None:
        """The server goes away as it is sent: nobody can say whether it was taken."""
        self._kept.append((self._with, Line("out", await self.composer.input_value())))
        await self.press("Control+Enter")

    async def notes(self, words: str) -> None:
        await self.begins_a_note()
        await self.type(words)
        await self.press("Control+Enter")
        await expect(self.message(words)).to_have_class(re.compile(r"\bnote\b"))
        self._ledger.put(self._with, Line("note", words))

    async def claims(self) -> None:
        await self._command("c")
        await self.sees("You are on it")

    async def releases(self) -> None:
        await self._command("c")
        await self.sees("Nobody is on it")

    async def is_done(self) -> None:
        """Marks the open thread done."""
        await self._command("e")
        await expect(self.page.locator("#announcer")).to_have_text("Marked done")

    async def _command(self, key: str) -> None:
        """A key that would be text in the composer: Escape leads out of it first."""
        if await self.page.evaluate("document.activeElement.matches('textarea, input')"):
            await self.press("Escape")
        await self.press(key)

    async def sees(self, words: str) -> None:
        """At the head of the open thread."""
        await expect(self.page.locator("tl-thread .open > header")).to_contain_text(words)

    async def sees_message(self, words: str) -> None:
        await expect(self.message(words)).to_have_count(1)

    async def sees_state(self, words: str, state: str) -> None:
        """What became of a reply."""
        await expect(self.message(words)).to_contain_text(state)

    async def chooses(self, label: str) -> None:
        """Presses a button of the open thread: Tab leads to it."""
        await self._command("g")
        await self._tab_to(label)
        await self.press("Enter")
        await expect(self.page.get_by_role("button", name=label, exact=True)).to_have_count(0)

    async def _tab_to(self, label: str) -> None:
        for _ in range(MOST_TABS):
            if label == await self.page.evaluate("document.activeElement.textContent.trim()"):
                return
            await self.press("Tab")
        raise AssertionError(f"Tab does not lead to {label}")

    async def finds(self, query: str, words: str) -> None:
        """Searches, goes to the first that was found, and opens it."""
        await self.searches(query)
        await self.press("Enter")
        await expect(self.page.locator(".hit").first).to_be_focused()
        await self.press("Enter")
        await expect(self.page.locator(".message.found")).to_contain_text(words)
        await expect(self.page.locator(".message.found")).to_be_in_viewport()

    async def searches(self, query: str) -> None:
        await self._command("/")
        await expect(self.page.get_by_label("Search messages and customers")).to_be_focused()
        await self.type(query)
        nothing = self.page.get_by_role("heading", name="Nothing was found")
        await expect(self.page.locator(".hit mark").filter(has_text=query).first.or_(nothing)).to_be_visible()

    async def leaves_the_search(self) -> None:
        await self.press("Escape")
        await expect(self.page.locator(".rows")).to_be_visible()

    async def reads_the_keys(self) -> None:
        await self._command("?")
        await expect(self.page.get_by_role("dialog", name="Keys")).to_be_visible()

    async def closes_the_keys(self) -> None:
        await self.press("Escape")
        await expect(self.page.get_by_role("dialog", name="Keys")).to_be_hidden()

    async def begins_a_note(self) -> None:
        await self._command("n")
        await expect(self.page.get_by_label("Note for your team")).to_be_focused()

    async def reads_the_status(self) -> None:
        await self._command("s")
        await expect(self.page.get_by_role("list").filter(has_text="Queued")).to_be_visible()

    async def reloads(self) -> None:
        """In the middle of a word: the page is gone before it could have saved by its clock."""
        draft = await self.composer.input_value()
        await self.page.reload()
        await expect(self.composer).to_have_value(draft)
        await self.is_live()

    async def loses_the_network(self) -> None:
        """The stream breaks and nothing gets through, though the browser believes that it is online."""
        assert self._cable.cut() >= 1  # the stream, at least

    async def goes_offline(self) -> None:
        """As in a lift: the browser knows it too."""
        assert self._cable.cut() >= 1  # the stream, at least
        await self._context.set_offline(True)

    async def has_the_network(self) -> None:
        self._cable.mend()
        await self._context.set_offline(False)

    async def is_lost(self) -> None:
        """The page says so, in words, wherever one is in it."""
        await expect(self.page.locator("#connection")).to_contain_text("No connection")
        await expect(self.page.locator("#connection")).to_be_visible()
        await expect(self.page.locator(".link-state")).to_have_text("Reconnecting")

    async def is_live(self) -> None:
        """Connected, nothing says otherwise, and nothing written waits."""
        await expect(self.page.locator(".link-state")).to_have_text("Live")
        await expect(self.page.locator("#connection")).to_be_hidden()
        await expect(self.page.locator(".message.pending")).to_have_count(0)
        for customer, line in self._kept:
            self._ledger.put(customer, line)
        self._kept.clear()

    async def looks(self, state: str) -> None:
        """What axe-core objects to here, in light and dark."""
        self.found[state] = await objections(self.page)

    async def lists(self) -> list[str]:
        """Everybody in the list of all conversations."""
        await self.leaves_the_thread()
        return await self.page.locator(".rows .row-name").all_text_contents()

    async def reads(self, customer: str) -> list[Line]:
        """The whole thread, as the page shows it, once it is as long as it should be."""
        await self.opens(customer)
        wanted = len(self._ledger.of(customer))
        await expect(self.page.locator(".message")).to_have_count(wanted)
        return [Line(*each) for each in await self.page.locator(".message").evaluate_all(READ)]

    async def has_focus(self) -> bool:
        """Whether the next key acts on something, once the page has drawn what happened; before the sign-in, always."""

        async def somewhere() -> Any:
            return not self._is_in or await self.page.evaluate("document.activeElement !== document.body")

        try:
            return bool(await until(somewhere, within=1))
        except TimeoutError:
            return False
