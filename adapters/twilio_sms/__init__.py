"""Twilio: texts, MMS, WhatsApp and RCS messages. The entry point names `adapter`; nothing here imports the SDK."""

from __future__ import annotations

from typing import Final

from adapters.twilio_sms.adapter import TwilioSms
from adapters.twilio_sms.config import TwilioConfig
from adapters.twilio_sms.pace import Memory
from gateway.channels.config import ChannelConfig
from gateway.channels.contract import Adapter, Context
from gateway.errors import Misuse


class TwilioSmsType:
    """What the registry makes channels from. A channel made anew goes on at the pace of the one before it."""

    config: type[ChannelConfig] = TwilioConfig

    def __init__(self) -> None:
        self._memories: dict[tuple[str, str | None], Memory] = {}

    def create(self, config: ChannelConfig, context: Context) -> Adapter:
        if not isinstance(config, TwilioConfig):
            raise Misuse("the registry hands an adapter its own kind of config")
        memory = self._memories.setdefault((config.account_sid, config.messaging_service_sid), Memory())
        return TwilioSms(config, context, memory)


adapter: Final = TwilioSmsType()
