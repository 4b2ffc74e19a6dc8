"""What the messaging channel asks of Twilio's API, and what its refusals mean for a message. Raises SendError only.

Imported at the first send, in a thread: the twilio SDK takes half a second. See adapters/twilio/rest.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
from twilio.rest import Client

from adapters.twilio.rest import Refused, Rest, Unanswered, Unreached
from adapters.twilio_sms import codes
from gateway.channels.contract import SendError

MOST_LISTED: Final = 200
PAGE: Final = 1_000
"""The most that Twilio lists at once (https://www.twilio.com/docs/usage/twilios-response#pagination)."""
MOST_RECEIVED: Final = 50_000
MOST_MEDIA: Final = 10


class Api:
    """What we ask Twilio, with each of the account's tokens until one is accepted; `timeout` seconds a question."""

    def __init__(
        self, http: aiohttp.ClientSession, base_url: str, account_sid: str, tokens: Sequence[str], timeout: float
    ) -> None:
        self._base_url = base_url
        self._rest = Rest(http, base_url, account_sid, tokens, timeout)

    async def create(self, **fields: Any) -> str:
        """Hand over one message; its SID."""
        message = await self._ask(lambda client: client.messages.create_async(**fields))
        if message.status in ("failed", "undelivered", "canceled"):
            code = message.error_code
            verdict = codes.CODES.get(code, ("permanent", ""))[0]
            raise SendError(
                verdict,
                codes.words(str(code or 0)),
                code=str(code) if code else None,
                retry_after=codes.WAITS.get(code),
            )
        if not message.sid:
            raise SendError("ambiguous", "Twilio's answer was not understood")
        return str(message.sid)

    async def sent_since(self, since: datetime, **filters: Any) -> list[Any]:
        """Twilio's messages of that UTC day and later, newest first; Twilio filters by day."""
        day = since.astimezone(UTC).date()
        found = await self._ask(
            lambda client: client.messages.list_async(date_sent_after=day, limit=MOST_LISTED, **filters)
        )
        return [message for message in found if message.date_created and message.date_created >= since]

    async def received(self, since: datetime, to: str | None) -> list[Any]:
        """Inbound messages to one number, or to any (None), newest first; each with `date_sent`."""
        filters = {"to": to} if to else {}
        found = {message.sid: message async for message in self._listed(since, **filters)}
        if len(found) > MOST_RECEIVED:
            raise SendError("permanent", f"Twilio lists more than {MOST_RECEIVED:,} messages since then")
        return [message for message in found.values() if message.direction == "inbound"]

    async def media(self, sid: str) -> list[tuple[str, str]]:
        """(URL, media type) of each file of a message, in Twilio's order."""
        found = await self._ask(lambda client: client.messages(sid).media.list_async(limit=MOST_MEDIA))
        return [(f"{self._base_url}{str(each.uri).removesuffix('.json')}", str(each.content_type)) for each in found]

    async def _listed(self, since: datetime, **filters: Any) -> AsyncIterator[Any]:
        """The list page by page, newest first, until it is older than `since`: Twilio filters by day only."""
        day = since.astimezone(UTC).date()
        page = await self._ask(
            lambda client: client.messages.page_async(date_sent_after=day, page_size=PAGE, **filters)
        )
        for _ in range(MOST_RECEIVED // PAGE + 1):
            for message in page:
                inbound = message.direction == "inbound"
                message.date_sent = message.date_sent or (message.date_created if inbound else None)
                if message.date_sent is None:
                    continue  # ours, and not sent yet: it says nothing of where in time the list stands
                if message.date_sent < since:
                    return
                yield message
            this = page
            page = await self._ask(lambda _: this.next_page_async())  # noqa: B023  awaited here
            if page is None:
                return

    async def _ask(self, call: Callable[[Client], Awaitable[Any]]) -> Any:
        try:
            return await self._rest.ask(call)
        except Unreached:
            raise SendError("transient", "Twilio could not be reached") from None
        except Unanswered:
            raise SendError("ambiguous", "Twilio did not answer, or not as itself") from None
        except Refused as refused:
            raise _refusal(refused) from None


def _refusal(refused: Refused) -> SendError:
    verdict, detail = codes.verdict(refused.status, refused.code)
    usual = codes.WAITS.get(20429 if refused.status == 429 else refused.code or 0)
    return SendError(
        verdict, detail, code=str(refused.code) if refused.code else None, retry_after=refused.retry_after or usual
    )
