"""A small client of Teamline's customer API, as an app has one. Copy it, or translate it: docs/app.md says why each
part is as it is.

`client` calls and signs in, `outbox` sends what was written, also later, and `conversation` keeps what was said.
"""

from .client import Away, Client, Refused
from .conversation import Conversation
from .events import Event
from .outbox import Outbox, Waiting

__all__ = ["Away", "Client", "Conversation", "Event", "Outbox", "Refused", "Waiting"]
