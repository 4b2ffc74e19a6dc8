"""The stand-in as a program: what it logs is what it took."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.standins.twilio import ACCOUNT, TOKEN, TwilioStandIn

FORM = {"To": "+17205550111", "From": "+13035550100", "Body": "on my way \u2603"}
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"


async def test_the_program_logs_what_it_accepted(tmp_path: Path) -> None:
    """Each accepted message is one line of the log before its sender hears of it."""
    log = tmp_path / "accepted.jsonl"
    command = [sys.executable, "-m", "tests.standins.twilio", "--log", str(log)]
    program = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert program.stdout is not None
    try:
        url = (await program.stdout.readline()).decode().split()[-1]
        async with aiohttp.ClientSession(headers={"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}) as http:
            async with http.post(f"{url}{MESSAGES}.json", data=FORM) as answer:
                sid = (await answer.json())["sid"]
            (line,) = log.read_text().splitlines()
            assert (sid, FORM["Body"]) == (json.loads(line)["sid"], json.loads(line)["body"])
    finally:
        program.kill()
        await program.wait()


async def test_it_refuses_as_twilio_does() -> None:
    """A wrong token gets a 401 and each bad form a 400, all in Twilio's own shape, and nothing is kept."""
    async with TwilioStandIn() as twilio, aiohttp.ClientSession() as http:
        answers = []
        bad = ({"To": ""}, {"To": "x"}, {"From": ""}, {"Body": ""}, {"Body": "x" * 1_601})
        for token, form in (("wrong", FORM), *((TOKEN, FORM | each) for each in bad)):
            headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, token)}
            async with http.post(f"{twilio.url}{MESSAGES}.json", data=form, headers=headers) as answer:
                told = await answer.json()
                answers.append((answer.status, told["status"], told["code"]))
        codes = (21604, 21211, 21603, 21602, 21617)
        assert [(401, 401, 20003), *((400, 400, code) for code in codes)] == answers
        assert [] == twilio.accepted


async def test_it_lists_by_page_and_fetches_by_sid() -> None:
    """The list is paged, newest first, and each message can be fetched."""
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    async with TwilioStandIn() as twilio, aiohttp.ClientSession(twilio.url, headers=headers) as http:
        for n in range(3):
            async with http.post(f"{MESSAGES}.json", data=FORM | {"Body": str(n)}) as answer:
                assert 201 == answer.status
        found, following = [], f"{MESSAGES}.json?PageSize=2&To=%2B17205550111"
        while following:
            async with http.get(following) as answer:
                page = await answer.json()
            found += [message["body"] for message in page["messages"]]
            following = page["next_page_uri"]
        assert ["2", "1", "0"] == found
        async with http.get(f"{MESSAGES}/{twilio.accepted[0].sid}.json") as answer:
            assert "0" == (await answer.json())["body"]


async def test_webhooks_are_signed_for_the_public_url() -> None:
    """Behind a proxy a request is signed for the public URL and sent to the local one."""
    seen = []

    async def hook(request: web.Request) -> web.Response:
        seen.append((request.path_qs, request.headers["X-Twilio-Signature"], dict(await request.post())))
        return web.Response(text="<Response/>", content_type="text/xml")

    app = web.Application()
    app.router.add_post("/{path:.*}", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with TwilioStandIn() as twilio:
        twilio.public = ("https://care.example.com/t", f"http://127.0.0.1:{runner.addresses[0][1]}")
        twilio.serves("+13035550100", "https://care.example.com/t/hooks/sms/messages?a=1")
        answer = await twilio.text("+17205550111", "+13035550100", "hi")
        ((path, signature, form),) = seen
        told = {name: str(value) for name, value in form.items()}
        assert ("/hooks/sms/messages?a=1", 200, "text/xml") == (path, answer.status, answer.content_type.split(";")[0])
        assert twilio.sign("https://care.example.com/t/hooks/sms/messages?a=1", told) == signature
    await runner.cleanup()
