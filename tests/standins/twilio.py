"""A stand-in for Twilio: real HTTP on 127.0.0.1, answering as api.twilio.com does, and calling back as Twilio does.

In a test:

    async with TwilioStandIn() as twilio:
        twilio.serves("+13035550100", "http://127.0.0.1:8080/hooks/sms/messages")
        answer = await twilio.text("+17205550111", "+13035550100", "hello")       # a signed webhook to the gateway
        message = await twilio.wait_for(1)                                        # what the gateway sent
        await twilio.report(message, "delivered")                                 # a signed status callback

As a program (`python -m tests.standins.twilio --port 9000 --log accepted.jsonl`) it appends each message to the log,
fsynced, before it answers, so that a test that kills the gateway can count what Twilio really got. The signatures are
made by the SDK's own RequestValidator, and so owe nothing to the adapter's code.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

from tests.standins.twilio_api import Answer, Fault, Message, answer_of, fault_answer, list_page, new_sid, refusal

ACCOUNT = "AC" + "1" * 32
TOKEN = "twilio-token-of-the-tests"


class TwilioStandIn:
    """One Twilio account. `accepted` holds every message it took, in order; `requests` counts what came in."""

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
        self.public: tuple[str, str] | None = None
        """(public URL, local URL): a webhook is signed for the first and sent to the second, as behind a proxy."""
        self._faults: deque[Fault] = deque()
        self._webhooks: dict[str, str] = {}
        self._log = log
        self._delay = delay
        self._reports = tuple(reports)
        self._calls: set[asyncio.Task[Any]] = set()
        self._came = asyncio.Condition()
        self._let_go = asyncio.Event()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> Self:
        """Listen on 127.0.0.1, on any free port by default."""
        messages = f"/2010-04-01/Accounts/{self.account_sid}/Messages"
        app = web.Application()
        app.router.add_post(f"{messages}.json", self._create)
        app.router.add_get(f"{messages}.json", self._list)
        app.router.add_get(messages + "/{sid}.json", self._fetch)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))  # what Twilio waits for a webhook
        return self

    async def stop(self) -> None:
        """Let go of whoever hangs, and close."""
        self._let_go.set()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        await self._http.close()
        await self._runner.cleanup()

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

    async def text(self, from_: str, to: str, body: str, *, sid: str | None = None, **fields: str) -> Answer:
        """A customer writes to one of our numbers; what the gateway answered. `sid` repeats a message, `fields` add."""
        url = self._webhooks[to]
        return await self.post(url, self.text_form(from_, to, body, sid=sid, **fields))

    def text_form(self, from_: str, to: str, body: str, *, sid: str | None = None, **fields: str) -> dict[str, str]:
        """The form of an inbound message, without its signature."""
        sid = sid or new_sid()
        return {
            "ToCountry": "US",
            "ToState": "CO",
            "SmsMessageSid": sid,
            "NumMedia": "0",
            "ToCity": "",
            "FromZip": "80202",
            "SmsSid": sid,
            "FromState": "CO",
            "SmsStatus": "received",
            "FromCity": "DENVER",
            "Body": body,
            "FromCountry": "US",
            "To": to,
            "ToZip": "",
            "NumSegments": "1",
            "MessageSid": sid,
            "AccountSid": self.account_sid,
            "From": from_,
            "ApiVersion": "2010-04-01",
        } | fields

    async def report(self, message: Message, status: str, error_code: int | None = None) -> Answer:
        """A status callback about a message, signed, to the URL it was sent with; what the gateway answered.

        Nothing ties it to the message's own state: send it early, late, twice or out of order, as Twilio may.
        """
        message.status, message.error_code = status, error_code
        return await self.post(message.status_callback, self.report_form(message, status, error_code))

    def report_form(self, message: Message, status: str, error_code: int | None = None) -> dict[str, str]:
        """The form of a status callback, without its signature."""
        form = {
            "SmsSid": message.sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": message.to,
            "MessageSid": message.sid,
            "AccountSid": self.account_sid,
            "From": message.from_,
            "ApiVersion": "2010-04-01",
        }
        return form if error_code is None else form | {"ErrorCode": str(error_code)}

    def sign(self, url: str, form: dict[str, str]) -> str:
        """The X-Twilio-Signature of a form posted to a public URL."""
        return str(RequestValidator(self.auth_token).compute_signature(url, form))

    async def post(self, url: str, form: dict[str, str], *, signature: str | None = None) -> Answer:
        """Post a form to a public URL as Twilio does; `signature` replaces the right one ("": none at all)."""
        signed = self.sign(url, form) if signature is None else signature
        where = url
        if self.public and url.startswith(self.public[0]):
            where = self.public[1] + url.removeprefix(self.public[0])
        headers = {"X-Twilio-Signature": signed} if signed else {}
        async with self._http.post(where, data=form, headers=headers) as answer:
            return Answer(answer.status, await answer.text(), answer.headers.get("Content-Type", ""))

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        form = {name: str(value) for name, value in (await request.post()).items()}
        await asyncio.sleep(self._delay)
        fault = self._faults.popleft() if self._faults else None
        if fault == "hang":
            await self._let_go.wait()
            return fault_answer("503")
        if fault in ("500", "503", "429", "401", "21610", "nonsense"):
            return fault_answer(fault)
        if refused := self._unauthorized(request) or refusal(form):
            return refused
        message = await self._accept(form)
        if fault == "failed":
            message.status, message.error_code = "failed", 30007
        if fault == "500 after":
            return fault_answer("500")
        if fault in ("reset", "hang after"):
            if fault == "hang after":
                await self._let_go.wait()
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(message.as_json(), status=201)

    async def _accept(self, form: dict[str, str]) -> Message:
        message = Message.of(form, self.account_sid)
        if self._log is not None:
            _append(self._log, message)
        self.accepted.append(message)
        async with self._came:
            self._came.notify_all()
        if self._reports and message.status_callback:
            self._calls.add(call := asyncio.create_task(self._report_each(message)))
            call.add_done_callback(self._calls.discard)
        return message

    async def _report_each(self, message: Message) -> None:
        for status in self._reports:
            try:
                await self.report(message, status)
            except (aiohttp.ClientError, TimeoutError):
                return  # the gateway is down: Twilio does not call again either

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        return self._unauthorized(request) or list_page(self.accepted, request)

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        found = (message for message in self.accepted if message.sid == request.match_info["sid"])
        return self._unauthorized(request) or answer_of(next(found, None))

    def _unauthorized(self, request: web.Request) -> web.Response | None:
        expected = aiohttp.encode_basic_auth(self.account_sid, self.auth_token)
        return None if request.headers.get("Authorization") == expected else fault_answer("401")


def _append(log: Path, message: Message) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(message)) + "\n")
        file.flush()
        os.fsync(file.fileno())


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
