"""The keys of a loopback channel's file. Refuses to run where anybody but this machine could reach it."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from gateway.channels.config import ChannelConfig, Destination, Place
from gateway.domain.address import is_e164


def _number(value: str) -> str:
    if not is_e164(value):
        raise ValueError('not an E.164 number; write it like "+13035550100"')
    return value


def _unpaced(destination: Destination) -> Destination:
    if destination.per_second is not None:
        raise ValueError("there is no provider to spare here; leave per_second out")
    return destination


Number = Annotated[str, AfterValidator(_number)]


class LoopbackConfig(ChannelConfig):
    """`adapters/<channel>.toml` with `adapter = "loopback"`. No provider, so no secret and no rate."""

    numbers: Annotated[
        dict[Number, Annotated[Place, AfterValidator(_unpaced)]],
        Field(min_length=1),
    ]
    """Our numbers, and whose customers each of them brings."""

    def teams(self) -> Iterable[tuple[tuple[str, ...], str]]:
        return [(("numbers", number), destination.team) for number, destination in self.numbers.items()]

    def problems(self, public_url: str, listen: str) -> Iterable[tuple[tuple[str, ...], str, str]]:
        if is_this_machine(listen) and is_this_machine(urlsplit(public_url).netloc):
            return ()
        problem = "anyone who reaches this server could write as any customer"
        remedy = 'set enabled = false, or keep both listen and public_url on this machine ("127.0.0.1:8080")'
        return [(("adapter",), problem, remedy)]


def is_this_machine(netloc: str) -> bool:
    """Whether "host" or "host:port" can only be reached from here: "localhost", 127.0.0.0/8 or [::1]."""
    try:
        host = urlsplit(f"//{netloc}").hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
