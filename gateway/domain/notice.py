"""The one text that the program may emit: the fixed notice of a push, caused by a person who wrote.

It says who wrote and nothing of what, since it is shown on a lock screen. In place of it the company may choose the
person's own words.
"""

from __future__ import annotations

from typing import Final

_WROTE: Final = "{name} from your team wrote"
_FROM: Final = "{name} from your team"


def of_reply(team: str, name: str, text: str | None) -> tuple[str, str]:
    """Title and body of the notice of a reply by somebody whom customers know by `name`; `text` is the reply, where the
    company shows it."""
    if text:
        return _FROM.format(name=name), text
    return team, _WROTE.format(name=name)


def of_message(customer: str, team: str) -> tuple[str, str]:
    """Title and body for an agent whose console is closed: who has written, and not what."""
    return customer, team
