"""Twilio's telephone. The entry point names `adapter`; nothing here imports the SDK."""

from __future__ import annotations

from typing import Final

from adapters.twilio_voice.adapter import TwilioVoice
from adapters.twilio_voice.config import VoiceConfig
from gateway.channels.config import ChannelConfig
from gateway.channels.contract import Adapter, Context
from gateway.errors import Misuse


class TwilioVoiceType:
    """What the registry makes channels from."""

    config: type[ChannelConfig] = VoiceConfig

    def create(self, config: ChannelConfig, context: Context) -> Adapter:
        if not isinstance(config, VoiceConfig):
            raise Misuse("the registry hands an adapter its own kind of config")
        return TwilioVoice(config, context)


adapter: Final = TwilioVoiceType()
