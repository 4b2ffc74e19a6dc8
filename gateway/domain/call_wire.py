"""A call as JSON for the people of the team. Customers are told nothing of it: their phone rings."""

from __future__ import annotations

from gateway.domain.call import PhoneCall
from gateway.domain.instant import rfc3339
from gateway.domain.wire import Json


def beside(value: PhoneCall | None) -> Json:
    """What a booking's shape has of its latest call: `call`, or nothing."""
    return {} if value is None else {"call": call(value)}


def call(value: PhoneCall) -> Json:
    """A leg that nothing was heard of is None."""
    shape: Json = {
        "id": str(value.id),
        "state": value.state,
        "by": {"id": str(value.agent), "name": value.agent_name},
        "at": rfc3339(value.created_at),
        "agent": value.agent_leg,
        "customer": value.customer_leg,
    }
    for name, at in (("connected_at", value.connected_at), ("ended_at", value.ended_at)):
        if at is not None:
            shape[name] = rfc3339(at)
    if value.seconds is not None:
        shape["seconds"] = value.seconds
    return shape if value.detail is None else shape | {"detail": value.detail}
