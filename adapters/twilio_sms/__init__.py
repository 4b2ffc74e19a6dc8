"""Twilio: texts and WhatsApp messages. The entry point names `adapter`; nothing here imports the twilio package."""

from __future__ import annotations

from typing import Final

from adapters.twilio_sms.adapter import TwilioSms
from adapters.twilio_sms.config import TwilioConfig
from gateway.channels.config import ChannelConfig
from gateway.channels.contract import Adapter, Context
from gateway.errors import Misuse


class TwilioSmsType:
    """What the registry makes channels from."""

    config: type[ChannelConfig] = TwilioConfig

    def create(self, config: ChannelConfig, context: Context) -> Adapter:
        if not isinstance(config, TwilioConfig):
            raise Misuse("the registry hands an adapter its own kind of config")
        return TwilioSms(config, context)


adapter: Final = TwilioSmsType()
