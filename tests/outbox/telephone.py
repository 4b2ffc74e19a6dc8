"""A voice channel in the process that does as it is told, and a company that calls through it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

from gateway.actions import call as calling
from gateway.actions import call_report, take_back
from gateway.actions.call import Line, Order
from gateway.channels.contract import Reply, WebhookRequest
from gateway.channels.registry import Channels
from gateway.channels.voice import CallError, CallHook, CallReport, CallVerdict, Ring, Voice
from gateway.domain.booking import Booking, BookingId
from gateway.domain.call import PhoneCall
from gateway.domain.wire import Json
from gateway.outbox.dialer import Dialer
from gateway.store import calls
from gateway.store.store import Store, Tx
from tests.company import FRONT, Company, Person
from tests.outbox.provider import configure, until
from tests.promises import Promises

ANAS: Final = "+13035550177"
PREMIUM: Final = "+19005550100"


class Telephone(Voice):
    """By default every ring is taken, nothing is found, and nobody knows anything."""

    number = "+13035550100"

    def __init__(self) -> None:
        self.rung: list[Ring] = []
        self.found: list[Ring] = []
        self.asked: list[str] = []
        self.ended: list[str] = []
        self.on_ring: Callable[[Ring], Awaitable[str]] = self.take
        self.on_find: Callable[[Ring], Awaitable[tuple[str, ...]]] = self.find_nothing
        self.on_progress: Callable[[str], Awaitable[tuple[CallReport, ...]]] = self.know_nothing

    async def take(self, ring: Ring) -> str:
        return f"CA-{ring.reference}"

    async def find_nothing(self, ring: Ring) -> tuple[str, ...]:
        return ()

    async def know_nothing(self, reference: str) -> tuple[CallReport, ...]:
        return ()

    def allowed(self, number: str) -> str | None:
        return "A premium-rate number is never called" if number == PREMIUM else None

    async def ring(self, ring: Ring) -> str:
        self.rung.append(ring)
        return await self.on_ring(ring)

    async def find(self, ring: Ring) -> tuple[str, ...]:
        self.found.append(ring)
        return await self.on_find(ring)

    async def progress(self, reference: str, call_id: str) -> tuple[CallReport, ...]:
        self.asked.append(call_id)
        return await self.on_progress(reference)

    async def hang_up(self, call_id: str) -> None:
        self.ended.append(call_id)

    async def hook(self, request: WebhookRequest) -> CallHook:
        raise NotImplementedError

    def script(self, asked: Any, ring: Ring | None) -> Reply:
        return Reply()

    async def close(self) -> None:
        return None


def refuse(verdict: CallVerdict, code: str = "400", retry_after: timedelta | None = None) -> CallError:
    return CallError(verdict, f"The provider said {code}.", code=code, retry_after=retry_after)


class Exchange:
    """A company with a telephone, Ana, who has a phone of her own, and the dialer."""

    def __init__(self, company: Company, ana: Person) -> None:
        self.company, self.store, self.ana = company, company.store, ana
        self.promises = Promises(company)
        self.voice = Telephone()
        self.channels = Channels()
        self.dialer = self.another()
        self._numbers = iter(range(1, 1000))

    def another(self, store: Store | None = None) -> Dialer:
        """A dialer on the same database, or by another way to it."""
        company = self.company
        return Dialer(
            store or company.store, self.channels, company.doorbell, company.clock, lambda: self.promises.teams
        )

    async def open(self, *, only_node: bool = True) -> None:
        await configure(self.channels, {"voice": self.voice})
        await self.dialer.start(only_node=only_node)

    async def close(self) -> None:
        await self.dialer.close()
        await self.channels.close()

    async def phone(self, person: Person, number: str | None = ANAS) -> None:
        await self.company.sql("UPDATE agent SET phone = ?2 WHERE id = ?1", person.id, number)

    async def order(self, booking: BookingId, who: Person | None = None, *, by_hand: bool = False, **key: Any) -> Json:
        """Somebody presses Call; the booking as they see it."""
        secret = (who or self.ana).secret
        line = None if by_hand else Line("voice", self.voice.allowed)
        facts: dict[str, Any] = {"key": None, "fingerprint": b"the same request"} | key
        order = Order(secret, booking, line, f"ref{next(self._numbers)}", now=self.company.clock.tick(), **facts)
        return await self.store.write(calling.call, order, self.promises.teams)

    async def call(self, who: Person | None = None, **more: Any) -> BookingId:
        """Somebody wants to be called now, and Ana presses Call, or somebody else."""
        booking = await self.promises.now(**more)
        await self.order(booking, who)
        return booking

    async def colleague(self, login: str) -> Person:
        """Who has a phone too: the same as Ana's."""
        person = await self.company.hire(login, FRONT)
        await self.phone(person)
        return person

    async def get(self, booking: BookingId) -> PhoneCall:
        """Its latest call."""
        return (await self.store.read(calls.of_bookings, [booking]))[booking]

    async def let_go(self, booking: BookingId) -> Booking:
        """As who cancels it does first."""

        async def released(tx: Tx) -> Booking:
            held = await calls.hold_booking(tx, booking)
            return await take_back.let_go(tx, held, self.promises.teams, self.company.clock())

        return await self.store.write(released)

    async def say(
        self, booking: BookingId, *said: tuple[str, str], asks: bool = False, **more: Any
    ) -> call_report.Heard:
        """The provider reports (leg, state) of the latest call."""
        call = await self.get(booking)
        reference = more.pop("reference", call_report.reference(call))
        ids = {"agent": f"CA-{reference}", "customer": f"CB-{reference}"} | more.pop("ids", {})
        reports = tuple(
            CallReport(reference, leg, ids[leg], state, **more)  # type: ignore[arg-type]
            for leg, state in said
        )
        saying = call_report.Saying("voice", reference, reports, asks, self.company.clock.tick())
        return await self.store.write(call_report.report, saying, self.promises.teams)

    async def until(self, booking: BookingId, **facts: Any) -> None:
        """Wait until the latest call is so."""

        async def so() -> bool:
            call = await self.get(booking)
            return all(getattr(call, name) == fact for name, fact in facts.items())

        await until(so)

    async def fell_back(self, booking: BookingId) -> list[str]:
        """Why it did, each time."""
        return [said["why"] for said in await self.promises.told(booking) if said["what"] == "fell_back"]

    async def changes(self) -> int:
        """How often the team was told of a call."""
        return len(await self.company.rows("SELECT seq FROM event WHERE kind = 'call.changed'"))
