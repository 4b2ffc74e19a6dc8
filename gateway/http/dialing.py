"""Which numbers are taken for a call: what the voice channel says, where there is one; never one of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.channels import numbers
from gateway.channels.contract import Adapter
from gateway.channels.voice import Voice
from gateway.errors import Invalid
from gateway.http.deps import Deps


def voice(deps: Deps) -> tuple[str, Voice] | None:
    """The first voice channel by name that is live."""
    adapters = ((name, deps.channels.get(name)) for name in sorted(deps.channels))
    return next(((name, adapter) for name, adapter in adapters if isinstance(adapter, Voice)), None)


def dialer(deps: Deps) -> Callable[[str], str]:
    """Turns a number as people write it into E.164. Raises Invalid with the reason, and never repeats the number."""
    calls = voice(deps)
    near = _own_countries(deps) if calls is None else calls[1].countries

    def refusal(number: str) -> str | None:
        return numbers.refusal(number, near=near) if calls is None else calls[1].allowed(number)

    def dial(written: str) -> str:
        number = numbers.e164(written, near)
        why = refusal(written if number is None else number)
        if number is None or why is not None:
            raise Invalid(f"phone: {why or numbers.NO_NUMBER}")
        if is_ours(deps, number):
            raise Invalid("phone: This is one of our own numbers")
        return number

    return dial


def _own_countries(deps: Deps) -> tuple[str, ...]:
    """Where our own numbers are: how people write theirs there is understood."""
    found = {numbers.country(each) for each in _endpoints(_adapters(deps))}
    return tuple(sorted(country for country in found if country is not None))


def _adapters(deps: Deps) -> list[Adapter]:
    return [found for name in deps.channels if (found := deps.channels.get(name)) is not None]


def _endpoints(adapters: Iterable[Adapter]) -> set[str]:
    """Ours, without the service that stands before one."""
    return {endpoint.rpartition(":")[2] for adapter in adapters for endpoint in adapter.endpoints()}


def is_ours(deps: Deps, number: str) -> bool:
    """Whether it is a number that we ourselves have on any channel, whatever service stands before it."""
    adapters = _adapters(deps)
    listed = _endpoints(adapters)
    listed |= {adapter.number for adapter in adapters if isinstance(adapter, Voice)}
    return number in listed or any(adapter.destination(number) is not None for adapter in adapters)
