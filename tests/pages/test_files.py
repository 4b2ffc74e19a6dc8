"""Files in the console: what came with a message, and what is added to a reply."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import expect

from tests.pages.conftest import Visitor
from tests.pages.fake_desk import problem
from tests.pages.fake_gateway import FakeGateway
from tests.pages.fake_ways import picture
from tests.pages.test_look import findings
from tests.pages.world import ago

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs("chromium", "axe")]

WIDE = picture(400, 300)


@pytest.fixture
def dana(gateway: FakeGateway) -> str:
    thread = gateway.thread("Dana Whitfield", "+13035550127")
    gateway.write(thread, "in", gateway.customer(thread), "Which day is it?", ago(minutes=12))
    return thread


def waiting(name: str = "image") -> dict[str, Any]:
    return {"id": "a1", "name": name, "type": "image/jpeg", "state": "waiting"}


async def test_a_picture_is_on_its_way_and_comes(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A picture that is being fetched is a line of words, then the picture, its place kept, opened over the page."""
    page = await visitor.enter(f"#/all/t/{dana}")
    message = await gateway.arrive(dana, "", attachments=[waiting()])
    await expect(page.locator(".file.absent")).to_contain_text("A picture is on its way")
    message["attachments"] = [gateway.attach("meter.png", WIDE, width=400, height=300)]
    await gateway.tell("attachment.changed", dana, message=message)
    image = page.get_by_role("img", name="meter.png")
    await expect(image).to_be_visible()
    assert ["360", "270"] == [await image.get_attribute(side) for side in ("width", "height")]
    await image.locator("..").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="meter.png")).to_be_visible()
    assert [] == await findings(page)
    await page.keyboard.press("j")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(image.locator("..")).to_be_focused()


async def test_what_could_not_be_fetched_and_other_files(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A picture that failed says so, a file has its name, kind, size and a download, and names are only text."""
    name = "<img src=x onerror=alert(1)>.pdf"
    failed = waiting() | {"state": "failed", "detail": "the provider has it no more"}
    await gateway.arrive(dana, "", attachments=[failed, gateway.attach(name, b"x" * 24_000, "application/pdf")])
    page = await visitor.enter(f"#/all/t/{dana}")
    await expect(page.locator(".file.absent")).to_contain_text("A picture could not be fetched")
    row = page.locator("a.file")
    await expect(row).to_contain_text("PDF, 24 KB")
    assert name == await row.locator(".file-name").text_content() == await row.get_attribute("download")


async def test_a_link_that_has_ended_is_renewed_once(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A picture whose link has ended is read again once, and shown; one that is gone for good is its name."""
    file = gateway.attach("meter.png", WIDE, width=400, height=300)
    message = await gateway.arrive(dana, "", attachments=[file])
    gateway.files.clear()
    reads = []

    def notice(request: web.Request) -> None:
        if request.path.endswith("/messages") and request.method == "GET":
            reads.append(request.query_string)
            if len(reads) == 2:
                message["attachments"] = [file | {key: gateway.link("meter.png", WIDE) for key in ("url", "thumb_url")}]

    gateway.refusals.append(notice)
    page = await visitor.enter(f"#/all/t/{dana}")
    image = page.get_by_role("img", name="meter.png")
    await expect(image).to_be_visible()
    await expect(image).to_have_js_property("naturalWidth", 400)
    assert 2 == len(reads)


def chosen(name: str = "crew.png", type_: str = "image/png", content: bytes = WIDE) -> Any:
    return {"name": name, "mimeType": type_, "buffer": content}


async def test_files_go_with_a_reply(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """Files are picked, seen, taken away and sent with the words or alone, and the consequence is said before."""
    page = await visitor.enter(f"#/all/t/{dana}")
    await page.keyboard.press("r")
    picker = page.locator(".composer input[type=file]")
    await picker.set_input_files([chosen(), chosen("other.png")])
    await expect(page.locator("#measure")).to_have_text("MMS, 2 pictures")
    await page.get_by_role("button", name="Remove other.png").click()
    await expect(page.locator("#measure")).to_have_text("MMS, 1 picture")
    await expect(page.locator("#words")).to_be_focused()
    await expect(page.get_by_role("button", name="Send", exact=True)).to_have_attribute("aria-disabled", "false")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("img", name="crew.png")).to_be_visible()
    await expect(page.locator(".draft-files")).to_be_hidden()
    (sent,) = gateway.replies
    assert ("", 1) == (sent["body"], len(sent["attachments"]))


async def test_files_are_refused_in_words(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """What the way does not take is refused before it leaves, what the server refuses says why and holds the reply."""
    page = await visitor.enter(f"#/all/t/{dana}")
    await page.keyboard.press("r")
    picker = page.locator(".composer input[type=file]")
    await picker.set_input_files(
        [chosen("notes.zip", "application/zip", b"PK"), chosen("big.png", content=b"x" * 5_000_001)]
    )
    await expect(page.locator(".composer .trouble li")).to_have_count(2)
    assert {} == gateway.uploads
    gateway.refuse_upload = lambda name: problem(422, "That is not a picture.")
    await picker.set_input_files([chosen("odd.png")])
    await expect(page.locator(".draft-files")).to_contain_text("Not taken: That is not a picture.")
    await page.keyboard.type("Here it is")
    await expect(page.get_by_role("button", name="Send", exact=True)).to_have_attribute("aria-disabled", "true")
    assert [] == await findings(page)
    await page.get_by_role("button", name="Remove odd.png").click()
    await page.keyboard.press("Control+Enter")
    await expect(visitor.bubble("Here it is")).to_be_visible()
    assert [] == gateway.replies[-1].get("attachments", [])


async def test_a_refused_reply_gives_its_files_back(visitor: Visitor, gateway: FakeGateway, dana: str) -> None:
    """A reply that is refused as opted out stays in place, says so, and Edit brings words and files back."""
    page = await visitor.enter(f"#/all/t/{dana}")
    way = gateway.ways_of(dana)[0]

    def refuse(request: web.Request) -> web.Response | None:
        if request.method != "POST" or not request.path.endswith("/messages"):
            return None
        gateway.close(way)
        return problem(409, "this customer has opted out", "/problems/opted-out")

    await page.keyboard.press("r")
    await page.locator(".composer input[type=file]").set_input_files([chosen()])
    await page.keyboard.type("See the picture")
    await expect(page.get_by_role("button", name="Send", exact=True)).to_have_attribute("aria-disabled", "false")
    gateway.refusals.append(refuse)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".pending")).to_contain_text("Not sent. this customer has opted out")
    await expect(page.locator(".blocked")).to_contain_text("opted out of texts")
    await page.get_by_role("button", name="Edit").click()
    await expect(page.locator("#words")).to_have_value("See the picture")
    await expect(page.locator(".draft-files")).to_contain_text("crew.png")
