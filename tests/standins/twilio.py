"""A stand-in for Twilio: real HTTP on 127.0.0.1, answering as api.twilio.com does, and calling back as Twilio does.

In a test:

    async with TwilioStandIn() as twilio:
        twilio.serves("+13035550100", "http://127.0.0.1:8080/hooks/sms/messages#rc=5&rp=5xx,ct,rt")
        answer = await twilio.text("+17205550111", "+13035550100", "hello")       # a signed webhook to the gateway
        message = await twilio.wait_for(1)                                        # what the gateway sent
        await twilio.report(message, "delivered")                                 # a signed status callback

Pictures: `text(..., media=[(content, "image/jpeg")])` keeps the files and tells of them; the gateway downloads them
from here (`media`: twilio_media.py has faults, redirects, a CDN on a second port). What the gateway sends with files,
Twilio fetches from it at once: `await settled()`, then `sent_media[message.sid]` has them.

What it keeps: `accepted` (outbound), `inbound` (delivered to the gateway or not), `answers` (Twilio's own to STOP,
START and HELP); the Messages list shows all of it, newest first, by pages. `keep(...)` is a text that no webhook told
of: an outage. `rules` (twilio_rules.py) has opt-outs, Advanced Opt-Out, rates, WhatsApp's window and RCS. `hooks`
(twilio_hooks.py) calls the gateway, again where the URL's fragment says so; `text` raises what the last try ran into.
`fail_next(...)` and `media.fail_next(...)` inject faults.

As a program (`python -m tests.standins.twilio --port 9000 --log accepted.jsonl`) it appends each message to the log,
fsynced, before it answers, so that a test that kills the gateway can count what Twilio really got.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.standins.twilio_api import (
    Answer,
    Fault,
    Message,
    answer_of,
    append,
    fault_answer,
    list_page,
    new_sid,
    refusal,
    refusal_of_credentials,
)
from tests.standins.twilio_forms import inbound_form, status_form
from tests.standins.twilio_hooks import Elsewhere, Hooks
from tests.standins.twilio_media import MediaStore, fetched, media_fields
from tests.standins.twilio_rules import ANSWERS, Rules

ACCOUNT = "AC" + "1" * 32
TOKEN = "twilio-token-of-the-tests"

Files = Sequence[tuple[bytes, str]]
"""(content, media type) of each."""


class TwilioStandIn:
    """One Twilio account. `accepted` holds every message it took, in order; `requests` counts messages and lists."""

    def __init__(
        self,
        account_sid: str = ACCOUNT,
        auth_token: str = TOKEN,
        *,
        log: Path | None = None,
        delay: float = 0.0,
        reports: Sequence[str] = (),
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.accepted: list[Message] = []
        self.requests = 0
        self.url = ""
        """Where it listens, for `api_base_url`."""
        self.inbound: list[Message] = []
        self.answers: list[Message] = []
        self.sent_media: dict[str, list[tuple[bytes, str]]] = {}
        self.rules = Rules()
        self.hooks = Hooks(auth_token)
        self.media = MediaStore(account_sid, auth_token)
        self._faults: deque[Fault] = deque()
        self._webhooks: dict[str, str] = {}
        self._log = log
        self._delay = delay
        self._reports = tuple(reports)
        self._calls: set[asyncio.Task[Any]] = set()
        self._came = asyncio.Condition()
        self._let_go = asyncio.Event()
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def public(self) -> tuple[str, str] | None:
        """(public URL, local URL): a webhook is signed for the first and sent to the second, as behind a proxy."""
        return self.hooks.public

    @public.setter
    def public(self, urls: tuple[str, str] | None) -> None:
        self.hooks.public = urls

    async def start(self, port: int = 0) -> Self:
        """Listen on 127.0.0.1, on any free port by default."""
        messages = f"/2010-04-01/Accounts/{self.account_sid}/Messages"
        app = web.Application()
        app.router.add_post(f"{messages}.json", self._create)
        app.router.add_get(f"{messages}.json", self._list)
        app.router.add_get(messages + "/{sid}.json", self._fetch)
        app.router.add_routes(self.media.routes(messages))
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._open.push_async_callback(self._runner.cleanup)
        await self._open.enter_async_context(self.media.open())
        await self.hooks.start()
        self._open.push_async_callback(self.hooks.http.close)
        return self

    async def stop(self) -> None:
        """Let go of whoever hangs, and close."""
        self._let_go.set()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        await self._open.aclose()

    async def settled(self) -> None:
        """Wait, up to 10 seconds, until Twilio has fetched every file and called back about everything it took."""
        async with asyncio.timeout(10):
            while self._calls:
                await asyncio.gather(*self._calls)

    def fail_next(self, *faults: Fault) -> None:
        """The next requests that create a message go wrong so, one fault each; then all is well again."""
        self._faults.extend(faults)

    async def wait_for(self, count: int) -> Message:
        """Wait, up to 10 seconds, until `count` messages were accepted in all; the last of them."""
        async with asyncio.timeout(10), self._came:
            await self._came.wait_for(lambda: len(self.accepted) >= count)
        return self.accepted[count - 1]

    def serves(self, number: str, messages_url: str) -> None:
        """Set a number's "A message comes in" webhook to this public URL."""
        self._webhooks[number] = messages_url

    async def text(
        self, from_: str, to: str, body: str, *, sid: str | None = None, media: Files = (), **fields: str
    ) -> Answer:
        """A customer writes to one of our numbers; what the gateway answered. `sid` repeats a message, `fields` add."""
        url = self._webhooks[to]
        form = self.text_form(from_, to, body, sid=sid, media=media, **fields)
        message = self._kept(form, datetime.now(UTC))
        if acted := self.rules.hear(from_, to, body):
            self.answers.append(Message.answer(self.account_sid, from_, to, ANSWERS[acted]))
            form |= {"OptOutType": acted} if self.rules.advanced else {}
        message.delivered = False
        answer = await self.post(url, form)
        message.delivered = answer.status < 300
        return answer

    def keep(self, from_: str, to: str, body: str, *, at: datetime | None = None, media: Files = ()) -> Message:
        """A customer writes and no webhook tells of it: Twilio has it in its list all the same."""
        return self._kept(self.text_form(from_, to, body, media=media), at or datetime.now(UTC))

    def text_form(
        self, from_: str, to: str, body: str, *, sid: str | None = None, media: Files = (), **fields: str
    ) -> dict[str, str]:
        """The form of an inbound message, without its signature. Its files are there to be fetched."""
        sid = sid or new_sid("MM" if media else "SM")
        told = media_fields(self.url, self.media.keep(sid, media), media)
        return inbound_form(self.account_sid, sid, from_, to, body) | told | fields

    async def report(self, message: Message, status: str, error_code: int | None = None) -> Answer:
        """A status callback about a message, signed, to the URL it was sent with; what the gateway answered.

        Nothing ties it to the message's own state: send it early, late, twice or out of order, as Twilio may.
        """
        message.status, message.error_code = status, error_code
        return await self.post(message.status_callback, status_form(message, status, error_code))

    def sign(self, url: str, form: dict[str, str]) -> str:
        """The X-Twilio-Signature of a form posted to a public URL."""
        return self.hooks.sign(url, form)

    async def post(self, url: str, form: dict[str, str], *, signature: str | None = None) -> Answer:
        """Post a form to a public URL as Twilio does; `signature` replaces the right one ("": none at all)."""
        return await self.hooks.post(url, form, signature)

    def _kept(self, form: dict[str, str], at: datetime) -> Message:
        sid, files = form["MessageSid"], int(form["NumMedia"])
        message = Message.inbound(sid, self.account_sid, form["From"], form["To"], form["Body"], at, files)
        message.messaging_service_sid = form.get("MessagingServiceSid")
        known = next((each for each in reversed(self.inbound[-1_000:]) if each.sid == sid), None)
        if known is None:
            self.inbound.append(message)
        return known or message

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        posted = await request.post()
        form = {name: str(value) for name, value in posted.items()}
        urls = [str(url) for url in posted.getall("MediaUrl", [])]
        await asyncio.sleep(self._delay)
        fault = self._faults.popleft() if self._faults else None
        if fault == "hang":
            await self._let_go.wait()
            return fault_answer("503")
        if fault in ("500", "503", "429", "401", "21610", "nonsense"):
            return fault_answer(fault)
        if refused := self._unauthorized(request) or refusal(form, urls):
            return refused
        message = Message.of(form, self.account_sid, urls)
        self.rules.route(message)
        if refused := self.rules.refusal(message):
            return refused
        await self._accept(message)
        if fault == "failed":
            message.status, message.error_code = "failed", 30007
        if fault == "500 after":
            return fault_answer("500")
        if fault in ("reset", "hang after"):
            if fault == "hang after":
                await self._let_go.wait()
            if request.transport is not None:  # who hung has not gone by itself
                request.transport.abort()
        return web.json_response(message.as_json(), status=201)

    async def _accept(self, message: Message) -> None:
        if self._log is not None:
            append(self._log, message)
        self.accepted.append(message)
        async with self._came:
            self._came.notify_all()
        self._calls.add(call := asyncio.create_task(self._go_on(message)))
        call.add_done_callback(self._calls.discard)

    async def _go_on(self, message: Message) -> None:
        """Fetch the files, deliver, and tell the gateway how it went. Twilio does not insist where it is down."""
        wrong = self.rules.late_refusal(message)
        if message.media_urls and wrong is None:
            self.sent_media[message.sid], wrong = await fetched(self.hooks, message.media_urls)
        if wrong is not None:
            message.status, message.error_code = "failed", wrong
        try:
            for status in ("failed",) if wrong else self._reports:
                if message.status_callback:
                    await self.report(message, status, wrong)
        except (aiohttp.ClientError, TimeoutError, Elsewhere):
            return

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        answers = [] if self.rules.advanced else self.answers
        return self._unauthorized(request) or list_page((*self.accepted, *self.inbound, *answers), request)

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        found = (m for m in (*self.accepted, *self.inbound, *self.answers) if m.sid == request.match_info["sid"])
        return self._unauthorized(request) or answer_of(next(found, None))

    def _unauthorized(self, request: web.Request) -> web.Response | None:
        return refusal_of_credentials(request, self.account_sid, self.auth_token)


async def _run(options: argparse.Namespace) -> None:
    reports = [status for status in options.report.split(",") if status]
    twilio = TwilioStandIn(
        options.account_sid, options.auth_token, log=options.log, delay=options.delay, reports=reports
    )
    await twilio.start(options.port)
    print(f"listening on {twilio.url}", flush=True)  # noqa: T201
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for Twilio on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--account-sid", default=ACCOUNT)
    parser.add_argument("--auth-token", default=TOKEN)
    parser.add_argument("--log", type=Path, help="append each accepted message to this file, one JSON object a line")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each message is answered")
    parser.add_argument("--report", default="", help="statuses to call back for each message: sent,delivered")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
