"""A valid folder, read."""

from __future__ import annotations

import dataclasses
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import pytest

from gateway.domain.address import Address
from gateway.domain.slots import Callbacks
from gateway.errors import ConfigError
from gateway.files.intake import Limits
from gateway.files.kinds import KINDS
from gateway.settings import Database, Listen, Overrides, load

ELSEWHERE = 'choose another folder, such as "file:///var/lib/teamline"'


def test_a_folder_is_read_into_values(folder, environ) -> None:
    """What the files say is what the settings hold."""
    settings = load(folder, environ)
    assert Listen("127.0.0.1", 8080) == settings.listen
    assert settings.public_url == "https://care.example.com"
    assert Path("var/teamline.db") == settings.database.path
    assert Path("var/teamline.db-files") == settings.files
    assert ["front-range", "great-lakes"] == [team.id for team in settings.teams]
    assert settings.teams.default == "front-range"
    assert settings.teams.route(Address("sms", "+13035550123")).id == "front-range"
    assert ["sms"] == list(settings.channels)
    assert settings.channels["sms"].config.token.get_secret_value() == "s3cret"


def test_settings_are_frozen(folder, environ) -> None:
    """Nobody changes a setting after it was read."""
    settings = load(folder, environ)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.public_url = "https://elsewhere.example"
    with pytest.raises(TypeError):
        settings.channels["web"] = None
    assert load(folder, environ) == settings


def test_a_secret_never_shows_in_the_settings(folder, environ) -> None:
    """Printing the settings prints no secret."""
    assert "s3cret" not in repr(load(folder, environ))


def test_what_is_not_said_has_a_default(folder, write, environ) -> None:
    """A gateway.toml without a key and one bare team serve this machine, at all hours."""
    write("gateway.toml", "# defaults\n")
    write("teams.toml", '[[team]]\nid = "a"\nname = "A"\ntimezone = "UTC"\n')
    (folder / "adapters/sms.toml").unlink()
    (folder / "adapters").rmdir()
    settings = load(folder, environ)
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.is_local
    assert settings.channels == {}
    assert settings.teams.default == "a"
    assert settings.teams.by_id["a"].hours.spans == ((0, 7 * 24 * 60),)


@pytest.mark.parametrize(
    ("listen", "public_url", "local"),
    [
        ("[::1]:0", "http://[::1]:0", True),
        ("localhost:9000", "http://localhost:9000", True),
        ("127.0.0.1:9000", "http://localhost:9000/team/", True),
        ("127.0.0.1:9000", "https://care.example.com/team", False),
        ("0.0.0.0:9000", "http://127.0.0.1:9000", False),
    ],
)
def test_addresses(folder, write, environ, listen, public_url, local) -> None:
    """Only when both addresses are loopback ones is this machine alone able to reach us."""
    write("adapters/sms.toml", 'adapter = "parrot"\nenabled = false\ntoken = { env = "NONE" }\n')
    write("gateway.toml", f'server = {{ listen = "{listen}", public_url = "{public_url}" }}')
    settings = load(folder, environ)
    assert listen == str(settings.listen)
    assert public_url.rstrip("/") == settings.public_url
    assert local == settings.is_local


def test_the_command_line_overrides_listen(folder, write, environ) -> None:
    """An override moves the address, and a public URL that was not written follows it."""
    write("gateway.toml", '[server]\nlisten = "127.0.0.1:8080"\n')
    settings = load(folder, environ, Overrides(listen="127.0.0.1:9999"))
    assert Listen("127.0.0.1", 9999) == settings.listen
    assert settings.public_url == "http://127.0.0.1:9999"


def test_a_command_overrides_the_database(folder, environ) -> None:
    """The files stay beside the database that is used."""
    settings = load(folder, environ, Overrides(database=Database(url="sqlite:///var/demo.db")))
    assert Path("var/demo.db") == settings.database.path
    assert Path("var/demo.db-files") == settings.files


def test_files_of_another_database(folder, write, environ) -> None:
    """Two databases never share a folder of files, since what one does not name is deleted."""
    write("gateway.toml", '[files]\nurl = "file:///srv/files"\n')
    settings = load(folder, environ, Overrides(database=Database(url="sqlite:///var/demo.db")))
    assert Path("var/demo.db-files") == settings.files


def test_what_is_taken_as_a_file(folder, write, environ) -> None:
    """Without a word the usual kinds are taken; the file may say less, or more."""
    assert load(folder, environ).limits == Limits()
    write("gateway.toml", '[files]\nmax_mb = 5.5\nmax_megapixels = 12\ntypes = ["image/png", "application/zip"]\n')
    few = frozenset({"image/png", "application/zip"})
    assert Limits(5_500_000, 12_000_000, few) == load(folder, environ).limits


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("max_mb = 0", "gateway.toml:2: files.max_mb: is too small; write more than 0"),
        ("max_megapixels = 1000", "gateway.toml:2: files.max_megapixels: is too large; write 200 or less"),
        ('max_mb = "5"', "gateway.toml:2: files.max_mb: is not a number; write it in digits, without quotes"),
        ("max_mb = nan", "gateway.toml:2: files.max_mb: is not a number; write it in digits, without quotes"),
        (
            "max_megapixels = inf",
            "gateway.toml:2: files.max_megapixels: is not a number; write it in digits, without quotes",
        ),
        (
            'types = ["image/jpg"]',
            'gateway.toml:2: files.types: is no type that can be taken; did you mean "image/jpeg"?',
        ),
        (
            'types = ["image/svg+xml"]',
            f"gateway.toml:2: files.types: is no type that can be taken; known here: {', '.join(sorted(KINDS))}",
        ),
        ('url = "file:///proc/x"', f"gateway.toml:2: files.url: is where only the system makes folders; {ELSEWHERE}"),
        (
            f'url = "file://{__file__}/x"',
            f"gateway.toml:2: files.url: cannot be made, as a file is in its way; {ELSEWHERE}",
        ),
        ("types = []", "gateway.toml:2: files.types: has too few entries; write at least 1"),
    ],
)
def test_faults_of_files(folder, write, environ, line: str, fault: str) -> None:
    """What cannot be a limit or a type is a fault in its line."""
    write("gateway.toml", f"[files]\n{line}\n")
    with pytest.raises(ConfigError) as raised:
        load(folder, environ)
    assert [fault] == [str(found).removeprefix(f"{folder}/") for found in raised.value.faults]


def test_the_rest_of_the_server(folder, write, environ) -> None:
    """Proxies are networks, and the operator's door is a second address."""
    write(
        "gateway.toml",
        '[server]\ntrusted_proxies = ["127.0.0.1", "10.0.0.0/8"]\noperator_listen = "127.0.0.1:9090"\n'
        '[database]\nurl = "sqlite:////srv/t.db"\n[files]\nurl = "file:///srv/files"\n',
    )
    settings = load(folder, environ)
    assert (ip_network("127.0.0.1"), ip_network("10.0.0.0/8")) == settings.trusted_proxies
    assert Listen("127.0.0.1", 9090) == settings.operator_listen
    assert Path("/srv/t.db") == settings.database.path
    assert Path("/srv/files") == settings.files


def test_a_secret_may_be_a_file(folder, write, environ) -> None:
    """A file is relative to the folder, and its last line break is not part of the secret."""
    write("token", "from-a-file\n")
    write("adapters/sms.toml", 'adapter = "parrot"\ntoken = { file = "token" }\n')
    settings = load(folder, environ)
    assert settings.channels["sms"].config.token.get_secret_value() == "from-a-file"
    assert frozenset({folder / "token"}) == settings.secret_files


def test_a_secret_may_be_two(folder, write, environ) -> None:
    """During a rotation a channel has two tokens."""
    write("adapters/sms.toml", 'adapter = "parrot"\ntoken = [{ env = "PARROT_TOKEN" }, { env = "NEW" }]\n')
    tokens = load(folder, environ | {"NEW": "n3w"}).channels["sms"].config.token
    assert ["s3cret", "n3w"] == [token.get_secret_value() for token in tokens]


def test_a_channel_that_is_turned_off_needs_no_secret(folder, write) -> None:
    """Its file is checked, its secrets are not asked for, and it is not among the channels."""
    write("adapters/sms.toml", 'adapter = "parrot"\nenabled = false\ntoken = { env = "PARROT_TOKEN" }\n')
    assert load(folder, {}).channels == {}


def test_whoever_needs_no_secret_is_asked_for_none(folder, write, environ) -> None:
    """Without secrets all else is read and checked, and there is no channel that could send under a stand-in."""
    settings = load(folder, {}, with_secrets=False)
    assert {} == settings.channels
    assert load(folder, environ).version == settings.version
    write("adapters/sms.toml", 'adapter = "parrot"\ntoken = "written out"\nnumbers = { "+1" = "nowhere" }\n')
    with pytest.raises(ConfigError) as caught:
        load(folder, {}, with_secrets=False)
    assert ["token", 'numbers."+1"'] == [fault.key for fault in caught.value.faults]


def test_files_of_an_editor_are_left_alone(folder, write, environ) -> None:
    """Dot files and what is not TOML are no channels."""
    write("adapters/.#sms.toml", "not TOML")
    write("adapters/sms.toml~", "not TOML")
    assert ["sms"] == list(load(folder, environ).channels)


def test_the_version_tells_configurations_apart(folder, write, environ) -> None:
    """It changes with what the files mean: not with comments, order, the address or a secret's value."""
    version = load(folder, environ).version
    gateway = (folder / "gateway.toml").read_text()
    write("gateway.toml", "# a comment\n" + gateway.replace("8080", "8081"))
    assert version == load(folder, environ | {"PARROT_TOKEN": "other"}, Overrides("127.0.0.1:1")).version
    write("gateway.toml", gateway.replace("care", "help"))
    assert version != load(folder, environ).version
    assert len(version) == 12


def test_what_a_team_says_of_bookings(folder, write, environ) -> None:
    """Its dates stand for the week's hours, and what its terms leave out has a default."""
    team = '[[team]]\nid = "a"\nname = "A"\ntimezone = "America/Denver"\nhours = { thu = ["07:00-21:00"] }\n'
    write("teams.toml", team + 'dates = { 2026-12-24 = ["09:00-12:00"] }\ncallbacks = { call = 1, lead_minutes = 0 }\n')
    (folder / "adapters/sms.toml").unlink()
    team = load(folder, environ).teams.by_id["a"]
    assert Callbacks(call=1, lead_minutes=0) == team.callbacks
    assert ((9 * 60, 12 * 60),) == team.days.spans(date(2026, 12, 24))
    assert ((7 * 60, 21 * 60),) == team.days.spans(date(2026, 12, 17))
