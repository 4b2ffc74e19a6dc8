"""How Twilio calls a webhook: signed, by POST, tried again as the URL's fragment says. It never leaves this machine.

The fragment is not sent and not signed (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides):
`rc` tries more (0 to 5; 1 by default), for what `rp` names (`ct` by default: no connection; `rt`: no answer in time;
`5xx`, `4xx`, `all`), all of it within 15 seconds. Signatures are made by the SDK's own RequestValidator.
"""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl, urldefrag, urlsplit

import aiohttp
from twilio.request_validator import RequestValidator

from tests.standins.twilio_api import Answer

PATIENCE = 15.0
"""Seconds in all."""
_HERE = ("127.0.0.1", "localhost", "::1")


class Elsewhere(OSError):
    """A URL that is not on this machine: a stand-in goes nowhere else."""


class Hooks:
    """The calls of one account. `public` is (public URL, local URL): signed for the first, sent to the second."""

    def __init__(self, auth_token: str) -> None:
        self.public: tuple[str, str] | None = None
        self.pause = 0.05
        """Seconds between tries."""
        self._validator = RequestValidator(auth_token)

    async def start(self) -> None:
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE))

    def sign(self, url: str, form: dict[str, str]) -> str:
        return str(self._validator.compute_signature(url, form))

    def local(self, url: str) -> str:
        """Where a public URL really leads."""
        where = url
        if self.public and url.startswith(self.public[0]):
            where = self.public[1] + url.removeprefix(self.public[0])
        if urlsplit(where).hostname not in _HERE:
            raise Elsewhere("not on this machine")
        return where

    async def post(self, url: str, form: dict[str, str], signature: str | None = None) -> Answer:
        """The last answer; raises what the last try ran into when there was none."""
        bare, fragment = urldefrag(url)
        told = dict(parse_qsl(fragment))
        policy = told.get("rp", "ct").split(",")
        tries = 1 + int(told.get("rc", "1"))
        signed = self.sign(bare, form) if signature is None else signature
        async with asyncio.timeout(PATIENCE):
            for n in range(1, tries + 1):
                try:
                    answer = await self._once(self.local(bare), form, signed, n)
                except (aiohttp.ClientError, TimeoutError) as error:
                    kind = "ct" if isinstance(error, aiohttp.ClientConnectorError) else "rt"
                    if n == tries or not {kind, "all"} & set(policy):
                        raise
                else:
                    if n == tries or not {f"{answer.status // 100}xx", "all"} & set(policy) or answer.status < 400:
                        return answer
                await asyncio.sleep(self.pause)
        raise AssertionError("every try returns or raises")

    async def _once(self, where: str, form: dict[str, str], signed: str, n: int) -> Answer:
        headers = {"X-Twilio-Signature": signed} if signed else {}
        async with self.http.post(where, data=form, headers=headers) as answer:
            return Answer(answer.status, await answer.text(), answer.headers.get("Content-Type", ""), n)
