"""What customers wrote while nobody listened, from Twilio's own list of messages. It only reads.

The list is asked number by number where there are few, and whole where there are many or a Messaging Service has
numbers that no file names. What it says of a message passes the same checks as a webhook; what fails them is left out,
as the webhook would have been refused. The list does not repeat `OptOutType`, so that the words decide here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.twilio_sms import address, forms
from gateway.channels.contract import Inbound, SendError, WebhookRefused

PATIENCE: Final = 60.0
"""Seconds for the whole list and the media of each message."""
MOST_ASKED: Final = 5
"""Numbers that are asked for one by one."""
SLACK: Final = timedelta(minutes=1)
"""How far Twilio's clock may be from ours; what is known already is sorted out by whoever asked."""
_AT_ONCE = 8


async def missed(api: Any, numbers: Sequence[str], is_ours: Callable[[Any], bool], since: datetime) -> list[Inbound]:
    """Inbound messages since, oldest first. No number: all of the account's are looked through. Raises SendError."""
    try:
        async with asyncio.timeout(PATIENCE):
            found: list[Any] = []
            for to in _asked(numbers):
                found += reversed(await api.received(since - SLACK, to))
            ours = sorted((each for each in found if is_ours(each)), key=lambda each: each.date_sent)
            return await _inbounds(api, ours)
    except TimeoutError:
        raise SendError("transient", "Twilio's list of messages took too long") from None


def _asked(numbers: Sequence[str]) -> Iterable[str | None]:
    if not numbers or len(numbers) > MOST_ASKED:
        return (None,)
    both = (each for number in numbers for each in _doors(number))
    return tuple(dict.fromkeys(both))


def _doors(number: str) -> Iterator[str]:
    """A plain number is also the door of its WhatsApp messages (see the config)."""
    yield number
    if address.is_long_code(number):
        yield address.WHATSAPP + number


async def _inbounds(api: Any, messages: Sequence[Any]) -> list[Inbound]:
    found = []
    for start in range(0, len(messages), _AT_ONCE):
        some = messages[start : start + _AT_ONCE]
        media = await asyncio.gather(*(_media(api, message) for message in some))
        found += [inbound for each in zip(some, media, strict=True) if (inbound := _inbound(*each)) is not None]
    return found


async def _media(api: Any, message: Any) -> list[tuple[str, str]]:
    """(URL, media type) of each file; most messages have none, and cost no request."""
    if message.num_media in (None, "", "0"):
        return []
    found: list[tuple[str, str]] = await api.media(message.sid)
    return found


def _inbound(message: Any, media: Sequence[tuple[str, str]]) -> Inbound | None:
    form = {
        "MessageSid": message.sid or "",
        "From": message.from_ or "",
        "To": message.to or "",
        "Body": message.body or "",
        "NumMedia": str(len(media)),
    }
    for n, (url, content_type) in enumerate(media):
        form |= {f"MediaUrl{n}": url, f"MediaContentType{n}": content_type}
    try:
        return forms.inbound(form, at=message.date_sent)
    except WebhookRefused:
        return None
