"""What a voice channel's file may say."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

import adapters.twilio_voice
from adapters.twilio_voice.config import VoiceConfig
from tests.adapters.twilio_voice.playing import OURS, config


def test_the_example_is_valid() -> None:
    """The example file loads as it stands, once its secret can be read, and says what holds without it."""
    text = (Path(adapters.twilio_voice.__file__).parent / "example.toml").read_text()
    context = {"secrets": lambda told: SecretStr(f"content of {told['env']}")}
    read = VoiceConfig.model_validate(tomllib.loads(text), context=context)
    assert (("content of TWILIO_AUTH_TOKEN",), OURS) == (read.tokens(), read.number)
    bare = config(number=read.number)
    assert (bare.confirm, bare.record, bare.countries) == (read.confirm, read.record, read.countries)


def test_the_defaults_are_the_careful_ones() -> None:
    """A key is asked for, nothing is recorded, and calls stay at home."""
    assert (True, False, ("US", "CA")) == (config().confirm, config().record, config().countries)


def test_a_token_is_never_shown() -> None:
    """Neither the config's text nor its fields give the token away."""
    assert "s3cret" not in repr(config(auth_token=SecretStr("s3cret")))


@pytest.mark.parametrize(
    ("keys", "key", "problem"),
    [
        ({"auth_token": SecretStr(" ")}, ("auth_token", 0), "empty"),
        ({"auth_token": []}, ("auth_token",), "at least 1"),
        ({"auth_token": [SecretStr("a")] * 3}, ("auth_token",), "at most 2"),
        ({"account_sid": "AC123"}, ("account_sid",), "AC and 32 digits of 0-9 a-f"),
        ({"api_base_url": "http://api.twilio.com"}, ("api_base_url",), "in the clear"),
        ({"api_base_url": "api.twilio.com"}, ("api_base_url",), "not a base URL"),
        ({"number": "303-555-0100"}, ("number",), "its country's code"),
        ({"number": "911"}, ("number",), "its country's code"),
        ({"confirm": "no"}, ("confirm",), "valid boolean"),
        ({"record": 1}, ("record",), "valid boolean"),
        ({"countries": []}, ("countries",), "nobody may be called"),
        ({"countries": ["us"]}, ("countries", 0), "two capital letters"),
        ({"countries": ["US", "XX"]}, ("countries", 1), "two capital letters"),
        ({"greeting": "Welcome!"}, ("greeting",), "not permitted"),
    ],
)
def test_faults(keys: dict[str, Any], key: tuple[str | int, ...], problem: str) -> None:
    """Each fault is found, at its key."""
    with pytest.raises(ValidationError) as caught:
        config(**keys)
    (fault,) = caught.value.errors()
    assert key == fault["loc"]
    assert problem in fault["msg"]
