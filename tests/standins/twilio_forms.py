"""The forms that Twilio posts to webhooks, with the fields that a US number's messages have.

After https://www.twilio.com/docs/messaging/guides/webhook-request and
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks.
"""

from __future__ import annotations

from tests.standins.twilio_api import Message


def inbound_form(account_sid: str, sid: str, from_: str, to: str, body: str) -> dict[str, str]:
    """A customer's message. RCS and WhatsApp ones name no places."""
    places = {
        "ToCountry": "US",
        "ToState": "CO",
        "ToCity": "",
        "FromZip": "80202",
        "FromState": "CO",
        "FromCity": "DENVER",
        "FromCountry": "US",
        "ToZip": "",
    }
    return (places if from_.startswith("+") else {}) | {
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "SmsSid": sid,
        "SmsStatus": "received",
        "Body": body,
        "To": to,
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": account_sid,
        "From": from_,
        "ApiVersion": "2010-04-01",
    }


def status_form(message: Message, status: str, error_code: int | None = None) -> dict[str, str]:
    """A status callback."""
    form = {
        "SmsSid": message.sid,
        "SmsStatus": status,
        "MessageStatus": status,
        "To": message.to,
        "MessageSid": message.sid,
        "AccountSid": message.account_sid,
        "From": message.from_,
        "ApiVersion": "2010-04-01",
    }
    return form if error_code is None else form | {"ErrorCode": str(error_code)}
