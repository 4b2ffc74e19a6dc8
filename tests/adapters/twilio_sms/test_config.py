"""What a Twilio channel's file may say."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

import adapters.twilio_sms
from adapters.twilio_sms.config import TwilioConfig
from gateway.channels.config import Destination
from gateway.errors import ConfigError
from gateway.settings import load
from tests.adapters.twilio_sms.playing import OURS, SERVICE, config

NOBODY = "no number leads here; list one under [numbers], or set messaging_service_sid"
PLACE = 'write a team\'s id, "by-region" or { team = "..." }'
NO_SID = "is not the SID of a Messaging Service; write MG and 32 digits of 0-9 a-f"


def test_the_example_is_valid() -> None:
    """The example file loads as it stands, once its secret can be read."""
    text = (Path(adapters.twilio_sms.__file__).parent / "example.toml").read_text()
    context = {"secrets": lambda told: SecretStr(f"content of {told['env']}")}
    read = TwilioConfig.model_validate(tomllib.loads(text), context=context)
    assert ("content of TWILIO_AUTH_TOKEN",) == read.tokens()
    assert [(("numbers", "+13035550100"), "front-range")] == list(read.teams())


def test_a_number_names_a_team_or_more() -> None:
    """A team's name alone is short for a table with a pace of its own."""
    read = config(numbers={OURS: "by-region", "72975": {"team": "team", "per_second": 3}})
    assert {OURS: Destination(team="by-region"), "72975": Destination(team="team", per_second=3)} == read.numbers


def test_a_token_is_never_shown() -> None:
    """Neither the config's text nor its fields give the token away."""
    assert "s3cret" not in repr(config(auth_token=SecretStr("s3cret")))


@pytest.mark.parametrize(
    ("keys", "key", "problem"),
    [
        ({"auth_token": SecretStr("")}, ("auth_token", 0), "empty"),
        ({"auth_token": SecretStr("  \n")}, ("auth_token", 0), "empty"),
        ({"auth_token": [SecretStr("a"), SecretStr("")]}, ("auth_token", 1), "empty"),
        ({"auth_token": []}, ("auth_token",), "at least 1"),
        ({"auth_token": [SecretStr("a")] * 3}, ("auth_token",), "at most 2"),
        ({"account_sid": "AC123"}, ("account_sid",), "AC and 32 digits of 0-9 a-f"),
        ({"messaging_service_sid": "SM" + "1" * 32}, ("messaging_service_sid",), "MG and 32 digits of 0-9 a-f"),
        ({"api_base_url": "http://api.twilio.com"}, ("api_base_url",), "in the clear"),
        ({"api_base_url": "api.twilio.com"}, ("api_base_url",), "not a base URL"),
        ({"numbers": {"303-555": "team"}}, ("numbers", "303-555", "[key]"), "not a number of ours"),
        ({"numbers": {OURS: {"team": "team", "per_second": 0.5}}}, ("numbers", OURS), "below 1"),
        ({"numbers": {OURS: {"team": "team", "reply": "Thanks!"}}}, ("numbers", OURS, "reply"), "not permitted"),
        ({"numbers": {}}, ("numbers",), "no number leads here"),
        ({"numbers": {"rcs:brand_agent": "team"}}, ("numbers", "rcs:brand_agent", "[key]"), "messaging_service_sid"),
        ({"numbers": {OURS: 5}}, ("numbers", OURS), "neither a team nor a table"),
        ({"auto_reply": "Thanks!"}, ("auto_reply",), "not permitted"),
    ],
)
def test_faults(keys: dict[str, Any], key: tuple[str | int, ...], problem: str) -> None:
    """Each fault is found, at its key."""
    with pytest.raises(ValidationError) as caught:
        config(**keys)
    (fault,) = caught.value.errors()
    assert key == fault["loc"]
    assert problem in fault["msg"]


def test_a_service_needs_no_numbers() -> None:
    """With a Messaging Service the list of numbers may be empty."""
    assert {} == config(numbers={}, messaging_service_sid=SERVICE).numbers


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        (
            '[numbers]\n"+13035550100" = "t"\n"rcs:x" = "t"\n',
            '6: numbers."rcs:x": an RCS agent sends through its Messaging Service; set messaging_service_sid',
        ),
        ("[numbers]\n", f"4: numbers: {NOBODY}"),
        ("", f"0: numbers: {NOBODY}"),
        (
            '[numbers]\n"+13035550100" = 5\n',
            f'5: numbers."{OURS}": is neither a team nor a table; {PLACE}',
        ),
        ('messaging_service_sid = "MG1"\n[numbers]\n"rcs:x" = "t"\n', f"4: messaging_service_sid: {NO_SID}"),
    ],
)
def test_what_check_says_of_numbers(tmp_path: Path, told: str, fault: str) -> None:
    """Each fault of the numbers names its line and key, and a service with a fault is not called missing."""
    (tmp_path / "adapters").mkdir()
    (tmp_path / "gateway.toml").write_text('[server]\npublic_url = "https://care.example.com"\n')
    (tmp_path / "teams.toml").write_text('[[team]]\nid = "t"\nname = "T"\ntimezone = "America/Denver"\n')
    account = f'adapter = "twilio_sms"\naccount_sid = "AC{"0" * 32}"\nauth_token = {{ env = "TOKEN" }}\n'
    (tmp_path / "adapters/sms.toml").write_text(account + told)
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, {"TOKEN": "secret"})
    assert [f"{tmp_path}/adapters/sms.toml:{fault}"] == [str(found) for found in raised.value.faults]
