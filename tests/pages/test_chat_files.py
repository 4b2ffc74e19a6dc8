"""Pictures and files on the chat page: picked, pasted or dropped; kept until they are sent; seen small and whole."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.pages.chatting import begin, bodies, open_chat, pending, said, write
from tests.pages.conftest import Visitor
from tests.pages.fake_chat import FakeChat, png

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium")]

PICTURE: FilePayload = {"name": "door.png", "mimeType": "image/png", "buffer": png(800, 600)}
RECEIPT: FilePayload = {"name": "receipt.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7" + bytes(24_000)}
TOOL: FilePayload = {"name": "tool.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ" + bytes(10)}
HAND_OVER = """([kind, name]) => {
  const data = new DataTransfer()
  data.items.add(new File(["some words"], name, { type: "text/plain" }))
  const target = document.getElementById("words")
  const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true })
  target.dispatchEvent(event)
}"""

FULL = "(() => { IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError') } })()"


@pytest.fixture
def gateway() -> FakeChat:
    return FakeChat()


async def pick(page: Page, *files: FilePayload) -> None:
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Attach").press("Enter")
    await (await chooser.value).set_files(list(files))


def draft(page: Page) -> Any:
    return page.get_by_role("list", name="Files of this message").get_by_role("listitem")


async def test_a_picture_and_a_file(visitor: Visitor, gateway: FakeChat) -> None:
    """Picked files stand in the draft over a reload, leave with the words, and are shown as the server has them."""
    page = await open_chat(visitor)
    await pick(page, PICTURE, RECEIPT)
    await expect(draft(page)).to_have_count(2)
    await page.reload()
    await expect(draft(page)).to_contain_text(["door.png", "receipt.pdf"])
    await expect(draft(page).last).to_contain_text("PDF, 24 KB")
    await write(page, "Here")
    await expect(page.get_by_role("link", name="receipt.pdf")).to_be_visible()
    await expect(draft(page)).to_have_count(0)
    await expect(page.locator(".picture img")).to_have_js_property("complete", True)
    await page.reload()
    await expect(draft(page)).to_have_count(0)
    [message] = gateway.talk[gateway.newest]
    assert ["door.png", "receipt.pdf"] == [each["name"] for each in message["attachments"]]
    assert PICTURE["buffer"] == gateway.kept[message["attachments"][0]["id"]][1]


async def test_files_without_words(visitor: Visitor, gateway: FakeChat) -> None:
    """A message may be a picture and nothing else; one that was removed does not leave."""
    page = await open_chat(visitor)
    await pick(page, PICTURE, RECEIPT)
    await page.get_by_role("button", name="Remove receipt.pdf").press("Enter")
    await expect(draft(page)).to_have_count(1)
    await expect(page.get_by_role("textbox")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".picture")).to_be_visible()
    assert ([""], 1) == (said(gateway), len(gateway.kept))


async def test_a_picture_opens_whole(visitor: Visitor, gateway: FakeChat) -> None:
    """A picture opens by keyboard in its full size, and Escape leads back to it."""
    page = await begin(visitor)
    await gateway.say("Look", gateway.keep("door.png", "image/png", png(800, 600), (800, 600)))
    small = page.get_by_role("link", name="door.png")
    await small.press("Enter")
    await expect(page.get_by_role("dialog", name="door.png")).to_be_visible()
    await expect(page.get_by_role("dialog").get_by_role("img")).to_have_js_property("naturalWidth", 800)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(small).to_be_focused()


async def test_a_file_is_downloaded(visitor: Visitor, gateway: FakeChat) -> None:
    """A file that is no picture is saved under its name, by a link that is young enough to be followed."""
    page = await begin(visitor)
    await gateway.say("The receipt", gateway.keep("receipt.pdf", "application/pdf", b"%PDF"))
    link = page.get_by_role("link", name="receipt.pdf")
    await expect(link).to_be_visible()
    await page.evaluate("(() => { const now = Date.now; Date.now = () => now() + 600_000 })()")
    before = gateway.requests.count(("GET", "/messages"))
    async with page.expect_download() as download:
        await link.press("Enter")
    assert "receipt.pdf" == (await download.value).suggested_filename
    assert before + 1 == gateway.requests.count(("GET", "/messages"))


@pytest.mark.parametrize("way", ["paste", "drop"])
async def test_pasted_and_dropped(visitor: Visitor, gateway: FakeChat, way: str) -> None:
    """A file comes along by paste, and by being dropped on the page."""
    page = await open_chat(visitor)
    if way == "drop":
        await page.evaluate(HAND_OVER, ["dragenter", "notes.txt"])
        await expect(page.locator("[data-dropping]")).to_be_visible()
    await page.evaluate(HAND_OVER, [way, "notes.txt"])
    await expect(draft(page)).to_contain_text(["notes.txt"])
    await expect(page.locator("[data-dropping]")).to_have_count(0)


async def test_refused_before_it_leaves(visitor: Visitor, gateway: FakeChat) -> None:
    """What the channel does not take is refused by name and in words, and the rest stays."""
    gateway.accepts |= {"types": ["image/*", "application/pdf"], "max_file_bytes": 20_000, "max_files": 1}
    page = await open_chat(visitor)
    empty: FilePayload = {"name": "empty.png", "mimeType": "image/png", "buffer": b""}
    await pick(page, PICTURE, TOOL, RECEIPT, empty, PICTURE)
    await expect(draft(page)).to_contain_text(["door.png"])
    lines = page.locator(".trouble").get_by_role("listitem")
    await expect(lines).to_have_text([
        "tool.exe was not added: this kind of file is not taken here. What is: pictures, PDF.",
        "receipt.pdf was not added: it has 24 KB, and 20 KB is the most.",
        "empty.png was not added: it is empty, or a folder.",
        "door.png was not added: a message takes 1 file; send it with the next one.",
    ])  # fmt: skip


async def test_refused_by_the_server(visitor: Visitor, gateway: FakeChat) -> None:
    """What the server refuses is said at the message, later ones go on, and it can be changed and sent."""
    page = await begin(visitor)
    await pick(page, TOOL)
    await write(page, "The tool")
    await write(page, "And a question")
    await expect(page.get_by_role("alert")).to_contain_text("Not sent. tool.exe: This kind of file is not taken.")
    await expect(bodies(page).filter(has_text="And a question")).to_be_visible()
    await page.get_by_role("button", name="Edit").press("Enter")
    await expect(pending(page)).to_have_count(0)
    await expect(page.get_by_role("textbox")).to_have_value("The tool")
    await page.get_by_role("button", name="Remove tool.exe").click()
    await page.keyboard.press("Enter")
    await expect(pending(page)).to_have_count(0)
    await expect(bodies(page)).to_have_text(["Hello", "And a question", "The tool"])


async def test_no_room(visitor: Visitor, gateway: FakeChat) -> None:
    """Where the browser cannot keep a message it is not sent, and its words and files stay to be changed."""
    page = await open_chat(visitor)
    await pick(page, PICTURE)
    await page.evaluate(FULL)
    await pick(page, RECEIPT)
    await expect(page.get_by_text("receipt.pdf was not added: this browser has no room to keep it.")).to_be_visible()
    await write(page, "Here")
    await expect(page.get_by_text("This was not sent: the browser has no room")).to_be_visible()
    await expect(page.get_by_role("textbox")).to_have_value("Here")
    await expect(draft(page)).to_contain_text(["door.png"])
    assert [] == gateway.posts


async def test_names_are_text(visitor: Visitor, gateway: FakeChat) -> None:
    """A file's name is shown letter by letter, whatever it pretends to be, and a link elsewhere is none."""
    page = await begin(visitor)
    name = '<img src=x onerror="document.title=1">\u202efdp.exe'
    file = gateway.keep(name, "text/html", b"<script>")
    await gateway.say("One", file)
    await gateway.say("Two", {**file, "url": "https://elsewhere.example/file"})
    await gateway.say("Three", {**file, "state": "failed", "detail": "a picture could not be fetched"})
    await expect(page.locator(".file-name")).to_have_count(3)
    assert [name] * 3 == await page.locator(".file-name").all_text_contents()
    assert (1, 0) == (await page.locator("a.file").count(), await page.locator(".message img").count())
    await expect(page.get_by_text("a picture could not be fetched")).to_be_visible()
