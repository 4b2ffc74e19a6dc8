"""What FCM's `messages:send` takes, after Google's discovery document (fcm v1, https://fcm.googleapis.com/$discovery).

Only `message` with a token, as a push to one device has it; topics and conditions are left out. A field that the
document does not name is a fault, as it is to Google, and so is a value of another type.
"""

from __future__ import annotations

import re
from typing import Any

_TEXTS = "map of texts"
_ANY = "any object"
SCHEMAS: dict[str, dict[str, str]] = {
    "SendMessageRequest": {"message": "Message", "validateOnly": "boolean"},
    "Message": {
        "name": "string",
        "data": _TEXTS,
        "notification": "Notification",
        "android": "AndroidConfig",
        "webpush": _ANY,
        "apns": "ApnsConfig",
        "fcmOptions": "FcmOptions",
        "token": "string",
    },
    "Notification": {"title": "string", "body": "string", "image": "string"},
    "FcmOptions": {"analyticsLabel": "string"},
    "AndroidConfig": {
        "collapseKey": "string",
        "priority": "NORMAL|HIGH",
        "ttl": "duration",
        "restrictedPackageName": "string",
        "data": _TEXTS,
        "notification": "AndroidNotification",
        "fcmOptions": "FcmOptions",
        "directBootOk": "boolean",
    },
    "AndroidNotification": {
        **dict.fromkeys(["title", "body", "icon", "color", "sound", "tag", "clickAction", "channelId"], "string"),
        **dict.fromkeys(["bodyLocKey", "titleLocKey", "ticker", "eventTime", "image"], "string"),
        **dict.fromkeys(["sticky", "localOnly", "defaultSound", "defaultVibrateTimings"], "boolean"),
        **dict.fromkeys(["defaultLightSettings", "bypassProxyNotification"], "boolean"),
        **dict.fromkeys(["bodyLocArgs", "titleLocArgs", "vibrateTimings"], "strings"),
        "lightSettings": _ANY,
        "notificationCount": "int32",
        "notificationPriority": "PRIORITY_MIN|PRIORITY_LOW|PRIORITY_DEFAULT|PRIORITY_HIGH|PRIORITY_MAX",
        "visibility": "PRIVATE|PUBLIC|SECRET",
        "proxy": "ALLOW|DENY|IF_PRIORITY_LOWERED",
    },
    "ApnsConfig": {"headers": _TEXTS, "payload": _ANY, "fcmOptions": "ApnsFcmOptions"},
    "ApnsFcmOptions": {"analyticsLabel": "string", "image": "string"},
}
_RESERVED = re.compile(r"from|message_type|google.*|gcm.*")


def violation(told: Any, kind: str = "SendMessageRequest", path: str = "") -> str | None:
    """The first field that is not as the document says; None where all are."""
    if kind not in SCHEMAS:
        return None if _fits(told, kind) else path
    if not isinstance(told, dict):
        return path
    for name, value in told.items():
        field = f"{path}.{name}".lstrip(".")
        if name not in SCHEMAS[kind]:
            return field
        if found := violation(value, SCHEMAS[kind][name], field):
            return found
    return None


def reserved(data: dict[str, str]) -> list[str]:
    return [name for name in data if _RESERVED.fullmatch(name)]


def _fits(told: Any, kind: str) -> bool:
    match kind:
        case "string":
            return isinstance(told, str)
        case "strings":
            return isinstance(told, list) and all(isinstance(each, str) for each in told)
        case "boolean":
            return isinstance(told, bool)
        case "int32":
            return type(told) is int and -(2**31) <= told < 2**31
        case "duration":
            return isinstance(told, str) and re.fullmatch(r"\d+(\.\d{1,9})?s", told) is not None
        case "map of texts":
            return isinstance(told, dict) and all(isinstance(each, str) for each in told.values())
        case "any object":
            return isinstance(told, dict)
        case _:
            return told in kind.split("|")
