"""An hour of two agents at one inbox: the server is restarted twice, and each of them loses the network twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, ViewportSize

from tests.gateway_process import NUMBER, Company, GatewayProcess, gateway_process, hire, run
from tests.journeys.agent import Agent
from tests.journeys.cable import Cable
from tests.journeys.cast import Customer, Provider, Server
from tests.journeys.conftest import profile
from tests.journeys.hour import DANA, HOUR, IVY, LEO, MARTA, OMAR
from tests.journeys.ledger import Ledger, Line
from tests.raw import rows
from tests.standins.twilio import TwilioStandIn

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs("chromium", "axe"), pytest.mark.timeout(300)]

DESK: Final[ViewportSize] = {"width": 1440, "height": 900}
PHONE: Final[ViewportSize] = {"width": 360, "height": 740}
CUSTOMERS: Final = (DANA, OMAR, MARTA, LEO, IVY)
SENT_TWICE: Final = "Yes, Leo, we are."
"""By Ana's decision, since it had failed."""

STORED: Final = """SELECT identity.address, message.direction, message.body
  FROM message JOIN thread ON thread.id = message.thread_id
  JOIN identity ON identity.customer_id = thread.customer_id
 ORDER BY message.id"""


@dataclass
class Office:
    gateway: GatewayProcess
    twilio: TwilioStandIn
    ledger: Ledger
    agents: dict[str, Agent]

    @property
    def cast(self) -> dict[str, Any]:
        customers = {name: Customer(name, self.twilio, self.ledger) for name in CUSTOMERS}
        return {"server": Server(self.gateway), "twilio": Provider(self.twilio), **customers, **self.agents}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Company:
    """Ana, an admin, and Ben."""
    folder = tmp_path_factory.mktemp("company")
    company = hire(folder, engine)
    ben = ("--login", "ben", "--name", "Ben Whitlock", "--team", "denver", "--password-file", "password")
    assert 0 == run(folder, "agent", "add", *ben).code
    return company


@asynccontextmanager
async def at_work(browser: Browser, company: Company, folder: Path, *screens: ViewportSize) -> AsyncIterator[Office]:
    """Ana and Ben, each with a browser profile, a screen and a network of their own."""
    async with AsyncExitStack() as stack:
        twilio = await stack.enter_async_context(TwilioStandIn())
        gateway = await stack.enter_async_context(gateway_process(folder, company, twilio.url))
        twilio.serves(NUMBER, f"{gateway.url}/hooks/sms/messages")
        ledger = Ledger()
        agents = {}
        for login, screen in zip(("ana", "ben"), screens, strict=True):
            cable = await stack.enter_async_context(Cable(gateway.port))
            context = await stack.enter_async_context(
                profile(browser, forgives={503}, viewport=screen, proxy={"server": cable.server})
            )
            agents[login] = Agent(login, context, await context.new_page(), cable, ledger, gateway.url)
        yield Office(gateway, twilio, ledger, agents)


async def play(office: Office) -> list[str]:
    """Line by line; answers where somebody lost the focus."""
    cast, lost = office.cast, []
    for minute, who, does, *what in HOUR:
        line = f"minute {minute}: {who} {does} {what}"
        try:
            await getattr(cast[who], does)(*what)
        except BaseException as error:
            error.add_note(line)
            raise
        focused = await asyncio.gather(*(agent.has_focus() for agent in office.agents.values()))
        lost += [f"{name}, {line}" for name, has in zip(office.agents, focused, strict=True) if not has]
    return lost


@pytest.mark.parametrize("screens", [(DESK, PHONE), (PHONE, DESK)], ids=["desk and phone", "phone and desk"])
async def test_hour(browser: Browser, company: Company, tmp_path: Path, screens: tuple[ViewportSize, ...]) -> None:
    """After the hour each text and reply is in both consoles, the database and at Twilio exactly once and in order,
    the authorship chain holds, and axe-core objected to nothing.

    Lived once more with the screens changed, so that every line is played, and every state looked at, in both widths.
    """
    async with at_work(browser, company, tmp_path / "office", *screens) as office:
        await live(office)


async def live(office: Office) -> None:
    """The hour, and the reckoning after it."""
    assert [] == await play(office)
    expected = {name: office.ledger.of(name) for name in CUSTOMERS}
    for agent in office.agents.values():
        assert sorted(CUSTOMERS) == sorted(await agent.lists())
        assert expected == {name: await agent.reads(name) for name in CUSTOMERS}
    assert expected == stored(office.gateway.place)
    assert sent(expected) == Counter((message.to, message.body) for message in office.twilio.accepted)
    assert 0 == (await office.gateway.cli("verify")).code
    objections = {state: found for agent in office.agents.values() for state, found in agent.found.items() if found}
    assert {} == objections


def stored(place: str) -> dict[str, list[Line]]:
    numbers = {name.replace(" ", ""): name for name in CUSTOMERS}
    lines: dict[str, list[Line]] = {name: [] for name in CUSTOMERS}
    for number, *line in rows(place, STORED):
        lines[numbers[number]].append(Line(*line))
    return lines


def sent(ledger: dict[str, list[Line]]) -> Counter[tuple[str, str]]:
    """What Twilio must have taken: each reply once."""
    replies = Counter(
        (name.replace(" ", ""), line.words) for name, lines in ledger.items() for line in lines if line.way == "out"
    )
    replies[LEO.replace(" ", ""), SENT_TWICE] += 1
    return replies
