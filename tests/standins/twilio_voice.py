"""A stand-in for Twilio's telephone: real HTTP on 127.0.0.1. It rings, asks our hooks what to do, and does just that.

In a test:

    async with TwilioVoiceStandIn("+13035550100") as voice:
        voice.phones["+17205550111"] = Phone("busy")        # otherwise everybody answers, presses 1, and talks 42 s
        ...                                                 # the gateway calls, with voice.url as `api_base_url`
        await voice.settled()
        agent, customer = voice.calls                       # in the order they were made
        assert customer.heard == ["a person"]

`POST Calls.json` answers at once and the call goes on by itself, as Twilio does it: status callbacks of each leg, a
signed request for TwiML when the agent answers, which is obeyed word by word; keys, dialing, who hangs up. `hang_up`
is somebody putting the receiver down; `wait_until` waits for something to have come about. `errors` is the debugger:
TwiML that Twilio would not take, hooks that did not answer. `fail_next` injects faults of the API, `refuses` its codes
for a number. `again` calls a hook once more, as it was signed: a replay.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Self

from aiohttp import web

from tests.standins.twilio_api import Fault, error, fault_answer, refusal_of_credentials
from tests.standins.twilio_voice_calls import Call, call_of, refusal
from tests.standins.twilio_voice_line import Line

ACCOUNT = "AC" + "1" * 32
TOKEN = "twilio-token-of-the-tests"


class TwilioVoiceStandIn(Line):
    """One account with these numbers. `requests` counts what its API was asked."""

    def __init__(self, *numbers: str, account_sid: str = ACCOUNT, auth_token: str = TOKEN) -> None:
        super().__init__(frozenset(numbers), auth_token)
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.requests = 0
        self.url = ""
        self._faults: deque[Fault] = deque()
        self._let_go = asyncio.Event()

    async def __aenter__(self) -> Self:
        calls = f"/2010-04-01/Accounts/{self.account_sid}/Calls"
        app = web.Application()
        app.router.add_post(f"{calls}.json", self._create)
        app.router.add_get(f"{calls}.json", self._list)
        app.router.add_get(calls + "/{sid}.json", self._fetch)
        app.router.add_post(calls + "/{sid}.json", self._update)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        await self.hooks.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()
        await self._runner.cleanup()
        await self.hooks.http.close()

    async def cut(self) -> None:
        """As the line does; and a request that hangs is answered."""
        self._let_go.set()
        await super().cut()

    def fail_next(self, *faults: Fault) -> None:
        """The next requests that make a call go wrong so, one fault each; then all is well again."""
        self._faults.extend(faults)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        posted = await request.post()
        form = {name: str(value) for name, value in posted.items()}
        fault = self._faults.popleft() if self._faults else None
        if fault == "hang":
            await self._let_go.wait()
            return fault_answer("503")
        if fault in ("500", "503", "429", "401", "nonsense"):
            return fault_answer(fault)
        refused = refusal_of_credentials(request, self.account_sid, self.auth_token) or refusal(form, self.numbers)
        if refused is None and (code := self.refuses.get(form["To"])):
            refused = error(400, code, "Refused")
        if refused is not None:
            return refused
        call = call_of(form, self.account_sid, [str(event) for event in posted.getall("StatusCallbackEvent", [])])
        made = web.json_response(call.as_json(), status=201)
        await self.start(call)
        if fault == "500 after":
            return fault_answer("500")
        if fault == "hang after":
            await self._let_go.wait()
        if fault in ("reset", "hang after") and request.transport is not None:
            request.transport.abort()
        return made

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        query = request.query
        found = [
            call.as_json()
            for call in reversed(self.calls)
            if query.get("To", call.to) == call.to
            and query.get("From", call.from_) == call.from_
            and query.get("ParentCallSid", (call.parent or call).sid) == (call.parent or call).sid
            and ("ParentCallSid" not in query or call.parent is not None)
        ]
        page: dict[str, Any] = {"calls": found[: int(query.get("PageSize", "50"))], "page": 0, "next_page_uri": None}
        refused = refusal_of_credentials(request, self.account_sid, self.auth_token)
        return refused or web.json_response(page)

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        return self._refused(request) or web.json_response(self._named(request).as_json())

    async def _update(self, request: web.Request) -> web.StreamResponse:
        """Hang up: "canceled" only what rings, "completed" whatever goes on."""
        self.requests += 1
        if refused := self._refused(request):
            return refused
        call, form = self._named(request), await request.post()
        if call.is_over:
            return error(400, 21220, "Unable to update record. Call is not in-progress. Cannot redirect.")
        if form.get("Status") == "completed" or call.status != "in-progress":
            call.hung_up.set()
        return web.json_response(call.as_json())

    def _refused(self, request: web.Request) -> web.Response | None:
        known = any(call.sid == request.match_info["sid"] for call in self.calls)
        refused = refusal_of_credentials(request, self.account_sid, self.auth_token)
        return refused or (None if known else error(404, 20404, "The requested resource was not found"))

    def _named(self, request: web.Request) -> Call:
        return next(call for call in self.calls if call.sid == request.match_info["sid"])
