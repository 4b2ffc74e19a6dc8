"""The one text that the program may emit: the fixed notice of a push, caused by a person who wrote or booked.

It is shown on a lock screen. So a customer's says who wrote and nothing of what, unless the company chooses the
person's own words in place of it; an agent's says that somebody waits, and neither who nor what for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.domain.slots import Kind

_WROTE: Final = "{name} from your team wrote"
_OPENED: Final = "{name} from your team has opened your chat"
_FROM: Final = "{name} from your team"
_CUSTOMER: Final = "A customer has written"
_BOOKED: Final[Mapping[tuple[Kind, bool], str]] = {
    ("call", False): "A booked call is not claimed yet",
    ("chat", False): "A booked chat is not claimed yet",
    ("call", True): "A customer is to be called now",
    ("chat", True): "A booked chat is to begin now",
}


def of_reply(team: str, name: str, text: str | None) -> tuple[str, str]:
    """Title and body of the notice of a reply by somebody whom customers know by `name`; `text` is the reply, where the
    company shows it."""
    if text:
        return _FROM.format(name=name), text
    return team, _WROTE.format(name=name)


def of_opening(team: str, name: str) -> tuple[str, str]:
    """Title and body for a customer whose booked chat was opened by somebody whom they know by `name`."""
    return team, _OPENED.format(name=name)


def of_message(team: str) -> tuple[str, str]:
    """Title and body for an agent whose console is closed, when a customer has written."""
    return _CUSTOMER, team


def of_booking(team: str, kind: Kind, *, rings: bool) -> tuple[str, str]:
    """The same when a booking asks for somebody, or rings."""
    return _BOOKED[kind, rings], team
