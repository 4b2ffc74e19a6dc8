"""What we ask of Twilio's Call resource (https://www.twilio.com/docs/voice/api/call-resource). Raises CallError only.

Imported with the SDK, in a thread, at the first call. Twilio knows no idempotency key for a call: whatever leaves it
open whether a phone rings is ambiguous, and is never answered by asking again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from twilio.rest import Client

from adapters.twilio.rest import Refused, Rest, Unanswered, Unreached
from adapters.twilio_voice import codes
from adapters.twilio_voice.forms import SID
from gateway.channels.voice import CallError, CallReport, Leg

MOST_LISTED: Final = 50


class Calls:
    """One account's calls."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def create(self, **fields: Any) -> str:
        """Ring a phone; the SID of its leg."""
        call = await self._ask(lambda client: client.calls.create_async(**fields))
        if not SID.fullmatch(str(call.sid)):
            raise CallError("ambiguous", "Twilio's answer was not understood")
        return str(call.sid)

    async def since(self, since: datetime, *, to: str, from_: str) -> tuple[str, ...]:
        """SIDs of calls between two numbers that were made through the API since then, oldest first.

        Twilio can filter by when a call started, which one that still waits has not: so they are read newest first, and
        looked at by when they were made.
        """
        found = await self._ask(lambda client: client.calls.list_async(to=to, from_=from_, limit=MOST_LISTED))
        return tuple(
            str(call.sid)
            for call in reversed(found)
            if call.direction == "outbound-api" and call.date_created and call.date_created >= since
        )

    async def end(self, call_id: str) -> None:
        """Hang up, whether it rings or they talk; "canceled" would spare those who talk."""
        try:
            await self._ask(lambda client: client.calls(call_id).update_async(status="completed"))
        except CallError as error:
            if error.code != str(codes.NOT_IN_PROGRESS):
                raise

    async def legs(self, reference: str, call_id: str) -> tuple[CallReport, ...]:
        """What is to be told of a call and of the one it dialed."""
        agent = await self._ask(lambda client: client.calls(call_id).fetch_async())
        dialed = await self._ask(lambda client: client.calls.list_async(parent_call_sid=call_id, limit=MOST_LISTED))
        told = (_report(reference, "agent", agent), *(_report(reference, "customer", call) for call in dialed))
        return tuple(report for report in told if report is not None)

    async def _ask(self, call: Callable[[Client], Awaitable[Any]]) -> Any:
        try:
            return await self._rest.ask(call)
        except Unreached:
            raise CallError("transient", "Twilio could not be reached") from None
        except Unanswered:
            raise CallError("ambiguous", "Twilio did not answer, or not in its own way") from None
        except Refused as refused:
            raise _error(refused) from None


def _error(refused: Refused) -> CallError:
    verdict, detail = codes.verdict(refused.status, refused.code)
    code = codes.TOO_MANY if refused.status == 429 else refused.code
    wait = refused.retry_after or codes.WAITS.get(code or 0)
    return CallError(verdict, detail, code=str(code) if code else None, retry_after=wait)


def _report(reference: str, leg: Leg, call: Any) -> CallReport | None:
    state = codes.STATUSES.get(str(call.status))
    if state is None:
        return None
    lasted = timedelta(seconds=int(call.duration)) if state == "completed" and call.duration else None
    detail = codes.FAILED if state == "failed" else None
    return CallReport(reference, leg, str(call.sid), state, duration=lasted, detail=detail)
