"""A customer or an agent lets a phone or a browser be woken, and no longer. Nobody touches another's."""

from __future__ import annotations

from gateway.domain.author import AgentId
from gateway.domain.device import Device
from gateway.domain.wire import Json
from gateway.errors import NotFound
from gateway.store import agents, credentials, devices, visitors
from gateway.store.devices import Holder
from gateway.store.store import Tx
from gateway.store.visitors import Token


async def register_customers(tx: Tx, token: Token, channel: str, device: Device, now: int) -> Json:
    """Registered again it is the same device, and was seen now. Raises Unauthenticated."""
    visitor = await visitors.held(tx, token, now)
    holder = Holder(customer=visitor.customer, visitor=visitor.id)
    return _shape(await devices.register(tx, holder, channel, device, now), device)


async def remove_customers(tx: Tx, token: Token, device: int, now: int) -> None:
    """Raises Unauthenticated, and NotFound also for another's."""
    visitor = await visitors.authenticate(tx, token, now)
    if not await devices.remove(tx, Holder(customer=visitor.customer), device):
        raise NotFound


async def register_agents(tx: Tx, secret: bytes, channel: str, device: Device, now: int) -> Json:
    """The same for an agent; the device goes with the session or token. Raises Unauthenticated."""
    agent = await _held(tx, secret, now)
    principal = await credentials.authenticate(tx, secret, now)
    holder = Holder(agent=agent, credential=principal.author.evidence.credential)
    return _shape(await devices.register(tx, holder, channel, device, now), device)


async def remove_agents(tx: Tx, secret: bytes, device: int, now: int) -> None:
    """Raises Unauthenticated, and NotFound also for another's."""
    principal = await credentials.authenticate(tx, secret, now)
    if not await devices.remove(tx, Holder(agent=principal.agent), device):
        raise NotFound


async def _held(tx: Tx, secret: bytes, now: int) -> AgentId:
    """Until the transaction ends nobody signs this person out, or counts their devices."""
    agent = (await credentials.authenticate(tx, secret, now)).agent
    await agents.hold_agent(tx, agent)
    return agent


def _shape(id_: int, device: Device) -> Json:
    return {"id": str(id_), "platform": device.platform}
