"""Every fault that a folder can have, in the exact words that an admin reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.settings import Overrides, load

SERVER = '[server]\npublic_url = "https://care.example.com"\n'
TEAM = '[[team]]\nid = "front-range"\nname = "Front Range"\ntimezone = "America/Denver"\n'
CHANNEL = 'adapter = "parrot"\ntoken = { env = "PARROT_TOKEN" }\n'
SECRET_FORM = 'write { env = "NAME" } or { file = "PATH" }'
LISTEN = 'is not HOST:PORT; write such as "127.0.0.1:8080", "[::1]:8080" or, for all, "0.0.0.0:8080"'
ROBOT = (
    "would let a program write to customers; "
    "take it out: people write every answer here, and pages show facts such as a team's hours"
)
NOT_SET = "is not set; set it before starting, or turn the channel off: enabled = false"
EMPTY = "is empty; put the secret into it, or turn the channel off: enabled = false"
CARE = 'write such as "https://care.example.com"'
HOURS = 'write such as "07:00-21:00"; midnight at the end is "24:00"'
LOOK = "correct this line, or the one before it"
ANEW = "install it anew, or name another adapter"
SHAPELESS = "parrot_for_tests:useless has no `config` and `create` as the contract asks"
WRITTEN = f"is a secret written out; {SECRET_FORM}, so that it does not stand in this file"
DAY = 'write a day such as "mon" or a range such as "mon-fri", of mon, tue, wed, thu, fri, sat, sun'

GATEWAY_FAULTS = [
    ("[server]\nlisten = 8080\n", "2: server.listen: is not text; write it in quotes"),
    ('[server]\nlisten = "8080"\n', f"2: server.listen: {LISTEN}"),
    ('[server]\nlisten = "127.0.0.1:65536"\n', f"2: server.listen: {LISTEN}"),
    ('server.listen = ":8080"\n', f"1: server.listen: {LISTEN}"),
    (
        '[server]\nlisten = "0.0.0.0:8080"\n',
        '1: server.public_url: is missing; add such as public_url = "https://care.example.com"',
    ),
    (
        '[server]\npublic_url = "http://care.example.com"\n',
        "2: server.public_url: is not encrypted; write https://, as http:// is for this machine alone",
    ),
    (
        '[server]\npublic_url = "https://x.org/?a=1"\n',
        f"2: server.public_url: has more than scheme, host and path; {CARE}",
    ),
    (
        '[server]\npublic_url = "https://me:pw@x.org"\n',
        f"2: server.public_url: has more than scheme, host and path; {CARE}",
    ),
    ('[server]\npublic_url = "care.example.com"\n', f"2: server.public_url: is not a web address; {CARE}"),
    ('[server]\npublic_url = "https://[::1"\n', f"2: server.public_url: is not a URL; {CARE}"),
    (
        SERVER + 'trusted_proxies = [\n  "127.0.0.1",\n  "10.0.0.1/8",\n]\n',
        '5: server.trusted_proxies: is not an address or a network; write such as "127.0.0.1" or "10.0.0.0/8"',
    ),
    (
        SERVER + 'trusted_proxies = "127.0.0.1"\n',
        "3: server.trusted_proxies: is not a list; write it in square brackets",
    ),
    (
        SERVER + 'operator_listen = "127.0.0.1:8080"\n',
        "3: server.operator_listen: is the address of `listen` too; choose another port",
    ),
    (SERVER + 'listn = "127.0.0.1:1"\n', '3: server.listn: is not a known key; did you mean "listen"?'),
    (SERVER + "[elsewhere]\n", "3: elsewhere: is not a known key; known here: database, files, server"),
    ("server = 1\n", "1: server: is not a table; write it as a table"),
    ("# one\n[server\n", f"2: file: is not TOML (expected ']' at the end of a table declaration); {LOOK}"),
    ('[server]\nlisten = "', f"2: file: is not TOML (unterminated string); {LOOK}"),
    (b"\xef\xbb\xbf[server]\n", "1: file: starts with a byte order mark; save it as UTF-8 without one"),
    (b"[server]\n# caf\xe9\n", "2: file: is not UTF-8; save it as UTF-8"),
    (b"#" * 300_000, "0: file: is too large; keep it under 256 KiB"),
    ("a = " + "[" * 20 + "]" * 20, "0: file: is nested too deeply; write plain tables and lists"),
    ("a." * 999 + "a = 1", "0: file: is nested too deeply; write plain tables and lists"),
    ("a = " + "[" * 9999 + "]" * 9999, "0: file: is nested too deeply; write plain tables and lists"),
    ("a = " + "9" * 9999, "0: file: is not TOML; check the form of its dates and numbers"),
]

TEAMS_FAULTS = [
    ("", "0: file: is empty; write its keys, or a comment if its defaults are meant"),
    ("#", "0: team: is missing; add team"),
    ("team = []\n", "1: team: has too few entries; write at least 1"),
    ('[[team]]\nid = "a"\ntimezone = "UTC"\n', '1: team.name: is missing; add such as name = "Front Range"'),
    (TEAM.replace("Denver", "Dever"), '4: team.timezone: is no time zone; write such as "America/Denver"'),
    (TEAM.replace("America/Denver", "America"), '4: team.timezone: is no time zone; write such as "America/Denver"'),
    (TEAM.replace("front-range", "_system"), "2: team.id: is a reserved word; choose another id"),
    (TEAM.replace("front-range", "by-region"), "2: team.id: is a reserved word; choose another id"),
    (
        TEAM.replace("front-range", "Front Range"),
        '2: team.id: is not a team\'s id; write 1 to 40 of a-z, 0-9 and "-", such as "front-range"',
    ),
    (TEAM.replace("Front Range", " "), "3: team.name: is no name that can be shown; write 1 to 80 characters"),
    (TEAM + 'region = ["US"]\n', '5: team.region: is not a known key; did you mean "regions"?'),
    (
        TEAM + "pagers = 2\n",
        "5: team.pagers: is not a known key; known here: callbacks, dates, hours, id, name, regions, timezone",
    ),
    (
        TEAM + 'regions = ["Colorado"]\n',
        '5: team.regions: is no region; write a number prefix such as "+1303" or a place such as "US-CO" or "US"',
    ),
    (
        TEAM + 'regions = ["+1303", "+1303"]\n',
        '5: team.regions: is in the regions of "front-range" already; name a region once',
    ),
    (TEAM + 'dates = "none"\n', "5: team.dates: is not a table; write it as a table"),
    (TEAM + "dates = { 2026-12-25 = true }\n", "5: team.dates.2026-12-25: is not a list; write it in square brackets"),
    (
        TEAM + '[team.dates]\n2026-12-24 = []\n2026-02-30 = ["09:00-12:00"]\n',
        '7: team.dates.2026-02-30: is not a date; write such as "2026-12-24"',
    ),
    (
        TEAM + '[team.dates]\n2026-12-24 = [\n "09-12" ]\n',
        f"7: team.dates.2026-12-24: is not a range of hours; {HOURS}",
    ),
    (TEAM + "callbacks = 2\n", "5: team.callbacks: is not a table; write it as a table"),
    (TEAM + "callbacks = { calls = 2 }\n", '5: team.callbacks.calls: is not a known key; did you mean "call"?'),
    (TEAM + "callbacks = { call = -1 }\n", "5: team.callbacks.call: is too small; write 0 or more"),
    (
        TEAM + "callbacks = { chat = true }\n",
        "5: team.callbacks.chat: is not a whole number; write it in digits, without quotes",
    ),
    (
        TEAM + "callbacks = { slot_minutes = 25 }\n",
        "5: team.callbacks.slot_minutes: does not divide a day; write such as 15, 20, 30, 45 or 60",
    ),
    (TEAM + "callbacks = { horizon_days = 400 }\n", "5: team.callbacks.horizon_days: is too large; write 366 or less"),
    (TEAM + 'hours = "always"\n', "5: team.hours: is not a table; write it as a table"),
    (TEAM + 'hours = { mon = "07:00-21:00" }\n', "5: team.hours.mon: is not a list; write it in square brackets"),
    (
        TEAM + 'hours = { mon = ["07:00-21:00"], sun = "x" }\n',
        "5: team.hours.sun: is not a list; write it in square brackets",
    ),
    (TEAM + "hours = {}\n", "5: team.hours: names no day; leave it out for a team that is always open"),
    (TEAM + '[team.hours]\nmo = ["07:00-21:00"]\n', f"6: team.hours.mo: is not a day; {DAY}"),
    (TEAM + '[team.hours]\nmon-mon = ["07:00-21:00"]\n', f"6: team.hours.mon-mon: is not a day; {DAY}"),
    (TEAM + '[team.hours]\nmon = ["7-21"]\n', f"6: team.hours.mon: is not a range of hours; {HOURS}"),
    (TEAM + '[team.hours]\nmon = ["07:00-24:01"]\n', f"6: team.hours.mon: is not a range of hours; {HOURS}"),
    (
        TEAM + '[team.hours]\nmon = ["22:00-02:00"]\n',
        '6: team.hours.mon: does not end after it starts; end it at "24:00" and go on the next day from "00:00"',
    ),
    (
        TEAM + '[team.hours]\nmon = [\n "07:00-12:00",\n "11:00-13:00" ]\n',
        "8: team.hours.mon: overlaps another range of that day; join the two",
    ),
    (
        TEAM + '[team.hours]\nmon-fri = ["07:00-12:00"]\nwed = []\n',
        '7: team.hours.wed: names wed, as "mon-fri" does; name each day once',
    ),
    (TEAM + TEAM, "6: team.id: is another team's id; give each team its own"),
    (
        TEAM + TEAM.replace("front-range", "b"),
        "0: default_team: is missing, with more than one team; name one of: b, front-range",
    ),
    ('default_team = "front-rang"\n' + TEAM, '1: default_team: is no team; did you mean "front-range"?'),
]

CHANNEL_FAULTS = [
    ("#", "0: adapter: is missing; name one of: broken, parrot, useless"),
    ("adapter = 1\n", "1: adapter: is not text; name one of: broken, parrot, useless"),
    (
        'adapter = "parot"\n',
        '1: adapter: is not an installed adapter; did you mean "parrot"? (installed: broken, parrot, useless)',
    ),
    (
        'adapter = "broken"\n',
        f"1: adapter: cannot be loaded (ModuleNotFoundError: No module named 'no_such_module'); {ANEW}",
    ),
    ('adapter = "useless"\n', f"1: adapter: cannot be loaded ({SHAPELESS}); {ANEW}"),
    ('adapter = "parrot"\n', "0: token: is missing; add token"),
    (CHANNEL + "enabled = 0\n", "3: enabled: is neither true nor false; write true or false, without quotes"),
    (CHANNEL + 'pace = "fast"\n', "3: pace: is not a whole number; write it in digits, without quotes"),
    (CHANNEL + "pace = 0\n", "3: pace: is too small; write 1 or more"),
    (CHANNEL + "pace = 13\n", "3: pace: is unlucky on 127.0.0.1:8080; write 12"),
    (CHANNEL + 'tokn = "x"\n', '3: tokn: is not a known key; did you mean "token"?'),
    (
        'adapter = "parrot"\ntoken = "s3cret"\n',
        f"2: token: {WRITTEN}",
    ),
    (
        'adapter = "parrot"\ntoken = [{ env = "PARROT_TOKEN" }, "s3cret"]\n',
        f"2: token: {WRITTEN}",
    ),
    ('adapter = "parrot"\ntoken = { evn = "X" }\n', f"2: token: does not say where the secret is; {SECRET_FORM}"),
    ('adapter = "parrot"\ntoken = { env = "X" }\n', f"2: token: the environment variable X {NOT_SET}"),
    ('adapter = "parrot"\ntoken = { env = "EMPTY" }\n', f"2: token: the environment variable EMPTY {EMPTY}"),
    ('adapter = "parrot"\ntoken = { env = "5f3a" }\n', f"2: token: its environment variable {NOT_SET}"),
    (
        'adapter = "parrot"\ntoken = { file = "no" }\n',
        "2: token: its file is not there; name one, relative to the config folder",
    ),
    ('adapter = "parrot"\ntoken = { file = "empty" }\n', f"2: token: its file {EMPTY}"),
    (
        CHANNEL + '[numbers]\n"+13035550100" = "front-rage"\n',
        '4: numbers."+13035550100": is no team; did you mean "front-range"?',
    ),
    (
        CHANNEL + '[numbers]\n"+1" = { team = "front-range", per_second = 0 }\n',
        '4: numbers."+1".per_second: is too small; write more than 0',
    ),
    (
        CHANNEL + '[numbers."+1"]\nteam = "front-range"\nper_secnd = 1\n',
        '5: numbers."+1".per_secnd: is not a known key; did you mean "per_second"?',
    ),
    (CHANNEL + '[numbers]\n"+1" = { per_second = 1 }\n', '4: numbers."+1".team: is missing; add team'),
    (CHANNEL + 'auto_reply = "We are closed"\n', f"3: auto_reply: {ROBOT}"),
    (CHANNEL + '[weird.Deep]\n"Out-Of Office" = "Gone"\n', f'4: weird.Deep."Out-Of Office": {ROBOT}'),
    (CHANNEL + "weird = [{ x = 1 },\n { keywordReplies = 1 }]\n", f"4: weird.keywordReplies: {ROBOT}"),
    (CHANNEL + "enabled = false\nmenu = 1\n", f"4: menu: {ROBOT}"),
]


def faults(folder: Path, environ: Mapping[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, environ)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(("content", "fault"), GATEWAY_FAULTS)
def test_gateway_toml(folder, write, environ, content, fault) -> None:
    """A mistake in gateway.toml is one fault, at its line."""
    write("gateway.toml", content)
    assert [f"config/gateway.toml:{fault}"] == faults(folder, environ)


@pytest.mark.parametrize(("content", "fault"), TEAMS_FAULTS)
def test_teams_toml(folder, write, environ, content, fault) -> None:
    """A mistake in teams.toml is one fault, at its line."""
    write("adapters/sms.toml", CHANNEL)
    write("teams.toml", content)
    assert [f"config/teams.toml:{fault}"] == faults(folder, environ)


@pytest.mark.parametrize(("content", "fault"), CHANNEL_FAULTS)
def test_a_channel(folder, write, environ, content, fault) -> None:
    """A mistake in a channel's file is one fault, at its line, and no secret is repeated."""
    write("adapters/sms.toml", content)
    write("empty", " \n")
    found = faults(folder, environ | {"EMPTY": " "})
    assert [f"config/adapters/sms.toml:{fault}"] == found
    assert "s3cret" not in found[0]


def test_files_that_are_missing(folder, environ) -> None:
    """A missing file is named, and what others say of it is not judged."""
    (folder / "gateway.toml").unlink()
    (folder / "teams.toml").rename(folder / "team.toml")
    (folder / "adapters/dir.toml").mkdir()
    assert [
        "config/adapters/dir.toml:0: file: is not a file; put a TOML file there",
        "config/gateway.toml:0: file: is missing; put a TOML file there",
        "config/teams.toml:0: file: is missing; put a TOML file there",
    ] == faults(folder, environ)


def test_a_folder_that_is_none(folder, environ) -> None:
    """A folder that is missing, or a file, is a fault like any other."""
    right = "name the folder with gateway.toml in it"
    assert [f"nowhere:0: folder: is missing; {right}"] == faults(Path("nowhere"), environ)
    assert [f"config/teams.toml:0: folder: is not a folder; {right}"] == faults(folder / "teams.toml", environ)


def test_an_override_that_is_no_address(folder, environ) -> None:
    """The command line's address is held to the same rule as the file's."""
    with pytest.raises(ConfigError) as caught:
        load(folder, environ, Overrides(listen="8080"))
    assert f"command line:0: --listen: {LISTEN}" == str(caught.value)
