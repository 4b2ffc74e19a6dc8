"""A customer's files: uploaded, named by a message once, seen by the team, and nobody else's to send."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import aiohttp
import pytest

from tests.files import samples
from tests.http.guest import CUSTOMER_API, Guest, guest
from tests.http.running import Desk

PNG = samples.picture("PNG", (900, 600))
PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n%%EOF\n"


async def uploaded(one: Guest, content: bytes = PNG, name: str = "storm.png") -> str:
    status, file = await one.upload(content, name)
    assert (201, "ready") == (status, file["state"])
    told: str = file["id"]
    return told


async def says(one: Guest, ids: list[str], body: str = "Look", **headers: str) -> tuple[int, Any]:
    return await one.call("POST", "/messages", {"body": body, "attachments": ids}, **headers)


async def test_the_team_sees_what_a_customer_sends(desk: Desk) -> None:
    """A picture and a document stand in the message in their order, on both sides, behind links that work."""
    ann = await guest(desk)
    ids = [await uploaded(ann), await uploaded(ann, PDF, "bill.pdf")]
    status, message = await says(ann, ids)
    assert 201 == status
    _, page = await desk.call("ana", "GET", f"/threads/{await desk.thread('ana')}/messages")
    _, own = await ann.call("GET", "/messages")
    expected = [(ids[0], "storm.png", "image/png"), (ids[1], "bill.pdf", "application/pdf")]
    for seen in (message, page["items"][0], own["items"][0]):
        assert expected == [(file["id"], file["name"], file["type"]) for file in seen["attachments"]]
        for file, content in zip(seen["attachments"], (None, PDF), strict=True):
            async with desk.http.get(desk.url + file["url"]) as response:
                assert (200, content or await response.read()) == (response.status, await response.read())
    assert [(900, 600)] == [(file["width"], file["height"]) for file in message["attachments"] if "width" in file]
    assert {"thumb_url"} == set(message["attachments"][0]) - set(message["attachments"][1]) - {"width", "height"}


async def test_files_are_named_by_who_sent_them(desk: Desk) -> None:
    """Another visitor's, an agent's, one that was used, one twice, and one that is not there are all refused alike."""
    ann, bob = await guest(desk), await guest(desk)
    used, hers = await uploaded(ann), await uploaded(ann)
    assert 201 == (await says(ann, [used]))[0]
    form = aiohttp.FormData({"file": io.BytesIO(b"a text")})
    _, agents = await desk.call("ana", "POST", "/attachments", data=form)
    told = [await says(bob, [hers])]
    told += [await says(ann, ids) for ids in ([used], [hers, hers], [hers, "999"], [agents["id"]])]
    assert [422] * 5 == [status for status, _ in told]
    assert 1 == len({problem["detail"] for _, problem in told})
    assert 422 == (await says(ann, ["x"]))[0]
    assert (["Look"], []) == (await ann.heard(), await bob.heard())
    assert 201 == (await says(ann, [hers]))[0]


async def test_a_file_needs_no_words(desk: Desk) -> None:
    """The text may be empty beside a file, and only there."""
    ann = await guest(desk)
    assert [422, 422] == [(await says(ann, [], body))[0] for body in ("", " ")]
    status, message = await says(ann, [await uploaded(ann)], "")
    assert (201, "") == (status, message["body"])


async def test_a_message_with_files_comes_once(desk: Desk) -> None:
    """Sent again under its key, one after the other and at the same time, it is one message with its files; with others
    it is refused, and they can still be sent."""
    ann = await guest(desk)
    ids, other = [await uploaded(ann), await uploaded(ann, PDF, "bill.pdf")], await uploaded(ann)
    told = await asyncio.gather(*(says(ann, ids, Idempotency_Key="k") for _ in range(4)))
    told.append(await says(ann, ids, Idempotency_Key="k"))
    assert [201] * 5 == [status for status, _ in told]
    assert 1 == len({message["id"] for _, message in told})
    for else_ in ([*ids, other], ids[::-1], []):
        assert 422 == (await says(ann, else_, Idempotency_Key="k"))[0]
    _, page = await desk.call("ana", "GET", f"/threads/{await desk.thread('ana')}/messages")
    assert [ids] == [[file["id"] for file in item["attachments"]] for item in page["items"]]
    assert 201 == (await says(ann, [other]))[0]


async def test_an_upload_that_is_repeated_is_one_file(desk: Desk) -> None:
    """The same key gives the same file; with other bytes it is refused; another customer's key is their own."""
    ann, bob = await guest(desk), await guest(desk)
    first, again = [await ann.upload(PNG, Idempotency_Key="u") for _ in range(2)]
    assert (201, first) == (first[0], again)
    assert 422 == (await ann.upload(PDF, Idempotency_Key="u"))[0]
    _, bobs = await bob.upload(PNG, Idempotency_Key="u")
    assert bobs["id"] != first[1]["id"]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (samples.png_bomb(), {}, 422),
        (bytes(26 * 1024 * 1024), {}, 413),
        (PNG, {"Authorization": "Bearer forged"}, 401),
        (PNG, {"Origin": "https://evil.example"}, 403),
    ],
)
async def test_what_is_not_taken(desk: Desk, content: bytes, headers: dict[str, str], status: int) -> None:
    """Bombs, what is too large, and what comes from nobody we know, or from a page that may not call."""
    ann = await guest(desk)
    assert status == (await ann.upload(content, **headers))[0]


async def test_named_pages_may_show_pictures(desk: Desk) -> None:
    """A page of a named origin uploads, reads the link, and may show what it leads to, which is still inert."""
    ann = await guest(desk)
    ann.headers = {"Origin": "https://www.example.com"}
    _, file = await ann.upload(PNG)
    for url in (file["url"], file["thumb_url"]):
        async with desk.http.get(desk.url + url, headers={"Sec-Fetch-Site": "cross-site"}) as response:
            assert (200, "cross-origin", "nosniff", "sandbox") == (
                response.status,
                response.headers["Cross-Origin-Resource-Policy"],
                response.headers["X-Content-Type-Options"],
                response.headers["Content-Security-Policy"].split(";")[0],
            )
    async with desk.http.get(f"{desk.url}{CUSTOMER_API}/thread") as response:
        assert "same-origin" == response.headers["Cross-Origin-Resource-Policy"]
