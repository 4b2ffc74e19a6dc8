"""All faults of a folder in one pass: none hides another, and none is told twice."""

from __future__ import annotations

import pytest

from gateway.settings import load
from tests.settings.test_faults import CHANNEL, DAY, HOURS, LISTEN, NOT_SET, ROBOT, TEAM, WRITTEN, faults

RENAME = 'rename it to 1 to 40 of a-z, 0-9 and "-", such as "sms.toml"'


def test_all_faults_come_in_one_pass(folder, write, environ) -> None:
    """Every fault of the folder is named at once, by file and line, and one does not cause another."""
    write("gateway.toml", '[server]\nlisten = "x"\npublic_ur = "y"\n')
    write("teams.toml", TEAM.replace("America/Denver", "Nowhere/At-All") + 'hours = { mo = [] }\ngreeting = "Hi"\n')
    write("adapters/sms.toml", 'adapter = "parrot"\ntoken = "s"\npace = "x"\n[numbers]\n"+1" = "front-range"\n')
    write("adapters/Wrong_Name.toml", CHANNEL)
    write("adapters/_x.toml", CHANNEL + '[numbers]\n"+1" = "front-rage"\n')
    assert [
        f"config/adapters/Wrong_Name.toml:0: file: has a name that cannot be a channel's; {RENAME}",
        "config/adapters/_x.toml:0: file: has a reserved name; let its name start with a letter or a digit",
        'config/adapters/_x.toml:4: numbers."+1": is no team; did you mean "front-range"?',
        f"config/adapters/sms.toml:2: token: {WRITTEN}",
        "config/adapters/sms.toml:3: pace: is not a whole number; write it in digits, without quotes",
        f"config/gateway.toml:2: server.listen: {LISTEN}",
        'config/gateway.toml:3: server.public_ur: is not a known key; did you mean "public_url"?',
        'config/teams.toml:4: team.timezone: is no time zone; write such as "America/Denver"',
        f"config/teams.toml:5: team.hours.mo: is not a day; {DAY}",
        f"config/teams.toml:6: team.greeting: {ROBOT}",
    ] == faults(folder, environ)


def test_every_day_is_judged(folder, write, environ) -> None:
    """A day in the wrong form hides no mistake of another."""
    write("adapters/sms.toml", CHANNEL)
    write("teams.toml", TEAM + 'hours = { mon-fry = ["07:00-21:00"], sat = ["25:00-26:00"], sun = "x" }\n')
    assert [
        f"config/teams.toml:5: team.hours.mon-fry: is not a day; {DAY}",
        f"config/teams.toml:5: team.hours.sat: is not a range of hours; {HOURS}",
        "config/teams.toml:5: team.hours.sun: is not a list; write it in square brackets",
    ] == faults(folder, environ)


@pytest.mark.parametrize("pace", ["pace = 1", 'pace = "fast"'])
def test_a_secret_that_is_missing_hides_no_team(folder, write, pace) -> None:
    """An unknown team is named beside whatever else is wrong with the file."""
    numbers = '"+1" = "front-rage"\n"+2" = { team = "by-regon" }\n"+3" = 3\n"+4" = { team = 4 }\n'
    write("adapters/sms.toml", f"{CHANNEL}{pace}\n[numbers]\n{numbers}")
    found = faults(folder, {})
    assert f"config/adapters/sms.toml:2: token: the environment variable PARROT_TOKEN {NOT_SET}" in found
    assert 'config/adapters/sms.toml:5: numbers."+1": is no team; did you mean "front-range"?' in found
    assert 'config/adapters/sms.toml:6: numbers."+2": is no team; did you mean "by-region"?' in found


def test_a_team_is_judged_once_the_secret_is_set_aside(folder, write) -> None:
    """What the model alone knows, such as a problem with the listen address, waits for no secret."""
    write("adapters/sms.toml", CHANNEL + "pace = 13\n")
    assert [
        f"config/adapters/sms.toml:2: token: the environment variable PARROT_TOKEN {NOT_SET}",
        "config/adapters/sms.toml:3: pace: is unlucky on 127.0.0.1:8080; write 12",
    ] == faults(folder, {})


def test_an_address_belongs_to_one_channel(folder, write, environ) -> None:
    """Two files that are turned on and claim the same address are a fault: one text would become two messages."""
    claim = CHANNEL + '[numbers]\n"+13035550100" = "front-range"\n'
    write("adapters/sms.toml", claim)
    write("adapters/two.toml", claim)
    wrong = 'numbers."+13035550100": is claimed by config/adapters/sms.toml already'
    right = "name it in one file, or one message would become two"
    assert [f"config/adapters/two.toml:4: {wrong}; {right}"] == faults(folder, environ)
    write("adapters/sms.toml", "enabled = false\n" + claim)
    assert ["two"] == list(load(folder, environ).channels)
