"""What may go out with a message, after https://www.twilio.com/docs/messaging/guides/accepted-mime-types.

Twilio fetches each file from us by its URL (GET and HEAD) and holds the answer's type against the file. A text takes
ten files of 5 MB together; WhatsApp one of 16 MB, of which no more than the 5 MB that a text takes are used, since one
channel has one limit. RCS may fall back to MMS, and so keeps its limit too.
"""

from __future__ import annotations

from typing import Any, Final

from gateway.channels.contract import Outbound, SendError

MOST: Final = 10
MOST_BYTES: Final = 5_000_000

TYPES: Final = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "audio/mpeg",
        "audio/mp4",
        "audio/ogg",
        "audio/amr",
        "audio/3gpp",
        "audio/aac",
        "video/mp4",
        "video/mpeg",
        "video/quicktime",
        "video/3gpp",
        "video/webm",
        "text/vcard",
        "text/csv",
        "text/calendar",
        "application/pdf",
    }
)
"""Of MMS, those that a gateway is likely to hold; what WhatsApp or RCS does not take of them Twilio reports (63021)."""


def content(outbound: Outbound) -> dict[str, Any]:
    """Twilio's fields for the text and the files. Raises SendError for what Twilio would refuse."""
    if len(outbound.files) > (1 if outbound.to.kind == "whatsapp" else MOST):
        few = "one file" if outbound.to.kind == "whatsapp" else f"{MOST} files"
        raise SendError("permanent", f"No more than {few} can go with one message this way")
    if sum(file.size for file in outbound.files) > MOST_BYTES:
        raise SendError("permanent", "The files are larger than 5 MB together")
    media = {"media_url": [file.url for file in outbound.files]} if outbound.files else {}
    return media | ({"body": outbound.body} if outbound.body or not media else {})
