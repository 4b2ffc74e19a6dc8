"""The Twilio adapter passes every check of the contract."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from gateway.channels.testing import AdapterContract, Provider
from tests.adapters.twilio_sms.playing import played


class TestTwilio(AdapterContract):
    """Real HTTP to the stand-in, real signatures by the SDK."""

    def play(self) -> AbstractAsyncContextManager[Provider]:
        return played()
