"""Apple's push service for tests: `apns.mjs`, an HTTP/2 server under Node that was given our public key."""

from __future__ import annotations

from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.standins.node_process import NodeProcess

KEY_ID = "ABC123DEFG"
TEAM_ID = "DEF123GHIJ"
TOPIC = "com.example.care"

Spoiled = Literal["hang", "goaway", "taken, then goaway", "reset", "as usual"]


class ApnsStandIn(NodeProcess):
    """`key` is the .p8 file that it believes. What `spoil` says comes true for the next pushes, one each."""

    def __init__(self) -> None:
        private = ec.generate_private_key(ec.SECP256R1())
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.key = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        super().__init__("apns.mjs", {"publicKey": public.decode(), "keyId": KEY_ID, "teamId": TEAM_ID, "topic": TOPIC})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def spoil(self, *next_ones: Spoiled | dict[str, Any]) -> None:
        """An answer is `{status, reason, headers?}`."""
        await self.ask(next=next_ones)

    async def set_clock(self, seconds_ahead: float) -> None:
        await self.ask(clock=int(seconds_ahead))

    async def taken(self) -> list[dict[str, Any]]:
        """`{device, headers, payload}` of each push that was in order."""
        found: list[dict[str, Any]] = (await self.ask())["taken"]
        return found

    async def counts(self) -> tuple[int, int]:
        """Connections made, and different provider tokens seen."""
        found = await self.ask()
        return found["connections"], found["tokens"]
