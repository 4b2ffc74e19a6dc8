"""The shapes of Twilio's Messages resource, as https://www.twilio.com/docs/messaging/api/message-resource has them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp
from aiohttp import web

Fault = Literal[
    "429",  # too fast; Retry-After: 7
    "500",  # fails, and took nothing
    "503",
    "401",
    "21610",  # the customer has opted out
    "nonsense",  # a 201 that is no JSON
    "hang",  # never answers, and took nothing
    "500 after",  # took the message, then fails
    "hang after",  # took the message, never answers
    "reset",  # took the message, then the connection breaks
    "failed",  # took the message, and says at once that it failed (30007)
]

_TO = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway answered to a webhook."""

    status: int
    body: str
    content_type: str
    tries: int = 1


@dataclass(slots=True)
class Message:
    """One message as Twilio keeps it, either way; `status` and `error_code` change with each report."""

    sid: str
    account_sid: str
    to: str
    from_: str
    body: str
    status_callback: str
    messaging_service_sid: str | None = None
    status: str = "queued"
    error_code: int | None = None
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    direction: str = "outbound-api"
    media_urls: list[str] = field(default_factory=list)
    """Of one that we send: where Twilio was told to fetch its files."""
    num_media: int = 0
    delivered: bool | None = None
    """Of an inbound one: whether a webhook was answered with a 2xx; None before the first."""

    @classmethod
    def of(cls, form: dict[str, str], account_sid: str, media_urls: Sequence[str] = ()) -> Message:
        service = form.get("MessagingServiceSid")
        return cls(
            new_sid(),
            account_sid,
            form["To"],
            form.get("From", ""),
            form.get("Body", ""),
            form.get("StatusCallback", ""),
            service,
            "accepted" if service else "queued",
            media_urls=list(media_urls),
            num_media=len(media_urls),
        )

    @classmethod
    def inbound(
        cls, sid: str, account_sid: str, from_: str, to: str, body: str, at: datetime, num_media: int
    ) -> Message:
        return cls(
            sid,
            account_sid,
            to,
            from_,
            body,
            "",
            status="received",
            created=at.isoformat(),
            direction="inbound",
            num_media=num_media,
        )

    @classmethod
    def answer(cls, account_sid: str, to: str, from_: str, body: str) -> Message:
        """One that Twilio wrote by itself."""
        return cls(new_sid(), account_sid, to, from_, body, "", status="delivered", direction="outbound-reply")

    @property
    def reference(self) -> str | None:
        """What the gateway put into the callback's URL as `ref`."""
        found = re.search(r"[?&]ref=([^&]*)", self.status_callback)
        return found[1] if found else None

    def as_json(self) -> dict[str, Any]:
        created = format_datetime(datetime.fromisoformat(self.created))
        return {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": created,
            "date_sent": None if self.status in ("queued", "accepted") else created,
            "date_updated": created,
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": None,
            "from": self.from_ or None,
            "messaging_service_sid": self.messaging_service_sid,
            "num_media": str(self.num_media),
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {},
            "to": self.to,
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Messages/{self.sid}.json",
        }


def new_sid(prefix: str = "SM") -> str:
    return f"{prefix}{uuid4().hex}"


def append(log: Path, message: Message) -> None:
    """One line of a log that outlives whoever is killed."""
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(message)) + "\n")
        file.flush()
        os.fsync(file.fileno())


def error(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    """An error in Twilio's own shape."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more, "status": status}
    return web.json_response(body, status=status, headers=headers)


def refusal_of_credentials(request: web.Request, account_sid: str, auth_token: str) -> web.Response | None:
    """Twilio's answer to whoever is not this account, or None."""
    expected = aiohttp.encode_basic_auth(account_sid, auth_token)
    return None if request.headers.get("Authorization") == expected else fault_answer("401")


def refusal(form: dict[str, str], media_urls: Sequence[str] = ()) -> web.Response | None:
    """Twilio's answer to a form that it does not take."""
    to = form.get("To", "")
    if not to:
        return error(400, 21604, "A 'To' phone number is required.")
    if _TO.fullmatch(to) is None:
        return error(400, 21211, f"Invalid 'To' Phone Number: {to}")
    if not form.get("From") and not form.get("MessagingServiceSid"):
        return error(400, 21603, "A 'From' phone number is required.")
    if not form.get("Body") and not media_urls:
        return error(400, 21602, "Message body is required.")
    if len(media_urls) > 10:
        return error(400, 21623, "Number of media files exceeds allowed limit")
    if not all(url.startswith(("http://", "https://")) for url in media_urls):
        return error(400, 21620, "Invalid media URL(s)")
    if len(form.get("Body", "")) > 1_600:
        return error(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    return None


def fault_answer(fault: str) -> web.Response:
    """The answer of a scripted fault."""
    match fault:
        case "429":
            return error(429, 20429, "Too Many Requests", {"Retry-After": "7"})
        case "401":
            return error(401, 20003, "Authenticate")
        case "21610":
            return error(400, 21610, "Attempt to send to unsubscribed recipient")
        case "503":
            return web.Response(status=503, text="upstream connect error")
        case "nonsense":
            return web.Response(status=201, text="<html>a proxy's page</html>")
    return error(500, 20500, "An internal server error has occurred")


def answer_of(message: Message | None) -> web.Response:
    return (
        web.json_response(message.as_json()) if message else error(404, 20404, "The requested resource was not found")
    )


def media_json(account_sid: str, message: str, sid: str, content_type: str) -> dict[str, Any]:
    """One item of the Media subresource (https://www.twilio.com/docs/messaging/api/media-resource)."""
    now = format_datetime(datetime.now(UTC))
    return {
        "account_sid": account_sid,
        "content_type": content_type,
        "date_created": now,
        "date_updated": now,
        "parent_sid": message,
        "sid": sid,
        "uri": f"/2010-04-01/Accounts/{account_sid}/Messages/{message}/Media/{sid}.json",
    }


def list_page(messages: Iterable[Message], request: web.Request) -> web.Response:
    """One page of the list, newest first, with Twilio's filters; DateSent is compared by UTC day."""
    query = request.query
    kept = sorted(messages, key=lambda message: message.created)
    found = [message for message in reversed(kept) if _fits(message, query)]
    size, page = min(int(query.get("PageSize", "50")), 1_000), int(query.get("Page", "0"))
    shown = found[page * size : (page + 1) * size]
    more = len(found) > (page + 1) * size
    following = f"{request.path}?{urlencode({**query, 'Page': page + 1, 'PageSize': size})}" if more else None
    return web.json_response(
        {
            "messages": [message.as_json() for message in shown],
            "page": page,
            "page_size": size,
            "next_page_uri": following,
            "uri": request.path_qs,
        }
    )


def _fits(message: Message, query: Any) -> bool:
    if "To" in query and message.to != query["To"]:
        return False
    if "From" in query and message.from_ != query["From"]:
        return False
    since = str(query.get("DateSent>", ""))
    return message.created[:10] >= since[:10]
