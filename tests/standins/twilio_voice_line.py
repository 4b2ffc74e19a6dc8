"""The network side of the stand-in for Twilio's telephone: legs ring, are answered, obey TwiML, and are told of.

TwiML is obeyed word by word, in the order it stands; a verb with an `action` hands over to what that answers. Time is
not waited for (see `Phone`), and the callbacks of a call come in the order of its events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from xml.etree.ElementTree import Element

import aiohttp

from tests.standins.twilio_api import Answer
from tests.standins.twilio_hooks import Elsewhere, Hooks
from tests.standins.twilio_voice_calls import Call, Phone, dialed_form, request_form, status_form
from tests.standins.twilio_voice_twiml import TwimlError, document

PERSON = "a person"
VOICEMAIL = "a voicemail"
SORRY = "We are sorry, an application error has occurred. Goodbye."
"""What Twilio says where a hook fails."""


class Line:
    """The calls of one account with these numbers."""

    def __init__(self, numbers: frozenset[str], auth_token: str) -> None:
        self.numbers = numbers
        self.hooks = Hooks(auth_token)
        self.phones: dict[str, Phone] = {}
        self.refuses: dict[str, int] = {}
        self.calls: list[Call] = []
        self.hooked: list[tuple[str, dict[str, str], Answer]] = []
        """Every request to a hook: the URL, the form, and what was answered."""
        self.errors: list[str] = []
        self._playing: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()

    async def settled(self) -> None:
        """Wait, up to 10 seconds, until every call is over and told of."""
        async with asyncio.timeout(10):
            while self._playing:
                await asyncio.gather(*self._playing)

    async def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait, up to 10 seconds, until the calls are as asked."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(holds)

    def hang_up(self, call: Call) -> None:
        """The person on this leg puts the receiver down."""
        call.hung_up.set()

    async def again(self, step: str) -> Answer:
        """The last request to a step once more, signed as it was."""
        url, form, _ = next(hooked for hooked in reversed(self.hooked) if f"/{step}?" in hooked[0])
        return await self.hooks.post(url, form)

    async def start(self, call: Call) -> None:
        """Ring, and let the call go its way."""
        await self._keep(call)
        self._playing.add(task := asyncio.create_task(self._play(call)))
        task.add_done_callback(self._playing.discard)

    async def cut(self) -> None:
        """Every call ends, and nobody is told."""
        for task in self._playing:
            task.cancel()
        await asyncio.gather(*self._playing, return_exceptions=True)

    async def _keep(self, call: Call) -> None:
        async with self._changed:
            self.calls.append(call)
            self._changed.notify_all()

    async def _play(self, call: Call) -> None:
        """The agent's leg, from its first ring to the end."""
        if not await self._answered(call):
            return
        try:
            await self._obey(call, await self._asked(call.url, request_form(call)))
        except (TwimlError, aiohttp.ClientError, TimeoutError, Elsewhere) as went:
            self.errors.append(f"{type(went).__name__}: {went}")
            call.heard.append(SORRY)
        call.duration = sum(each.duration or 0 for each in self.calls if each.parent is call) + 5
        await self._becomes(call, "completed")

    async def _answered(self, call: Call) -> bool:
        """Ring; whether somebody or something picks up."""
        phone = self.phones.get(call.to, Phone())
        await self._becomes(call, "initiated")
        if phone.does != "failed":
            await self._becomes(call, "ringing")
        if phone.does == "rings":
            given_up = [call.hung_up, *([call.parent.hung_up] if call.parent else [])]
            await _any(given_up)
        if call.hung_up.is_set() or phone.does == "rings":
            await self._becomes(call, "canceled")
        elif phone.does in ("busy", "no-answer", "failed"):
            await self._becomes(call, phone.does)
        else:
            await self._becomes(call, "in-progress")
        return not call.is_over

    async def _obey(self, call: Call, response: Element) -> None:
        """Verb by verb, as long as somebody is there; a verb with an `action` hands over to what that answers."""
        for verb in response:
            if call.hung_up.is_set():
                return None
            match verb.tag:
                case "Say":
                    _say(call, verb)
                case "Gather":
                    if (following := await self._gather(call, verb)) is not None:
                        return await self._obey(call, following)
                case "Dial":
                    following = await self._dial(call, verb)
                    return await self._obey(call, following)
                case "Hangup":
                    return None
        return None

    async def _gather(self, call: Call, verb: Element) -> Element | None:
        for said in verb.iter("Say"):
            _say(call, said)
        phone = self.phones.get(call.to, Phone())
        key = phone.presses if phone.does == "answers" else None
        if key is None or key == verb.get("finishOnKey", "#"):
            return None
        return await self._asked(verb.get("action", call.url), request_form(call, Digits=key))

    async def _dial(self, call: Call, verb: Element) -> Element:
        """Call the one number, let them talk, and ask what is next. The caller ID must be one of the account's."""
        (number,) = verb
        child = None
        if verb.get("callerId") in self.numbers and (number.text or "") not in self.refuses:
            child = await self._child(call, verb, number)
        following = await self._asked(verb.get("action", ""), dialed_form(call, child))
        return Element("Response") if call.hung_up.is_set() else following

    async def _child(self, call: Call, verb: Element, number: Element) -> Call:
        child = Call(
            call.account_sid,
            number.text or "",
            verb.get("callerId", ""),
            status_callback=number.get("statusCallback", ""),
            events=frozenset(number.get("statusCallbackEvent", "completed").split(" ")),
            parent=call,
            timeout=int(verb.get("timeout", "30")),
            record=verb.get("record", "do-not-record"),
        )
        await self._keep(child)
        if await self._answered(child):
            if whisper := number.get("url"):
                child.heard.append(f"a machine: {whisper}")
            child.heard.append(PERSON)
            call.heard.append(VOICEMAIL if self.phones.get(child.to, Phone()).does == "voicemail" else PERSON)
            seconds = self.phones.get(child.to, Phone()).seconds
            if seconds is None:
                await _any([child.hung_up, call.hung_up])
            child.duration = seconds or 1
            await self._becomes(child, "completed")
        return child

    async def _becomes(self, call: Call, status: str) -> None:
        """A leg moves on, and whoever asked to be told is told. Nothing is told twice, and nobody insists."""
        async with self._changed:
            call.status = status
            self._changed.notify_all()
        event = {"in-progress": "answered"}.get(status, "completed" if call.is_over else status)
        if call.status_callback and event in call.events:
            form = status_form(call, self.phones.get(call.to, Phone()))
            try:
                await self._hook(call.status_callback, form)
            except (aiohttp.ClientError, TimeoutError, Elsewhere) as went:
                self.errors.append(f"{type(went).__name__}: {went}")

    async def _asked(self, url: str, form: dict[str, str]) -> Element:
        return document(await self._hook(url, form))

    async def _hook(self, url: str, form: dict[str, str]) -> Answer:
        answer = await self.hooks.post(url, form)
        self.hooked.append((url, form, answer))
        return answer


def _say(call: Call, verb: Element) -> None:
    call.heard.extend([verb.text or ""] * int(verb.get("loop", "1")))


async def _any(events: list[asyncio.Event]) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
