"""Phones and browsers are registered to be woken by a push, and let go: the same three paths for customers and agents.

Which channel signs a push is decided here: an app customer's own, else the first by name that has the platform.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.actions import devices, view
from gateway.channels.push import App
from gateway.domain.device import Platform
from gateway.domain.wire import Json
from gateway.errors import Invalid, NotFound
from gateway.http import customer_principal, headers
from gateway.http.agent_api import BASE
from gateway.http.customer_api import BASE as CUSTOMER
from gateway.http.deps import Deps
from gateway.http.push_keys import push_key, signers
from gateway.http.route import Call, Route
from gateway.http.shapes import Nothing, PushKey, Request, Text
from gateway.store import visitors
from gateway.store.visitors import Token

LONGEST: Final = 2_048
"""Characters of an address."""


class BrowserKeys(Request):
    """As `PushSubscription.toJSON()` has them (RFC 8291)."""

    p256dh: Annotated[Text, Field(max_length=255)]
    auth: Annotated[Text, Field(max_length=255)]


class NewDevice(Request):
    """A phone's `token`, or a browser's `endpoint` and `keys`."""

    platform: Literal["fcm", "apns", "webpush"]
    token: Annotated[Text, Field(max_length=LONGEST)] | None = None
    endpoint: Annotated[Text, Field(max_length=LONGEST)] | None = None
    keys: BrowserKeys | None = None


class Device(BaseModel):
    id: str
    platform: Literal["fcm", "apns", "webpush"]


async def register(call: Call[NewDevice, Nothing]) -> Json:
    """Registering again refreshes it; one that was somebody else's is theirs no more."""
    deps, token = call.deps, await customer_principal.token(call.request, call.deps)
    deps.paces.devices.take(token.bounded, call.now)
    await deps.store.read(visitors.authenticate, token, call.now)  # a stranger is not told what is set up
    name, app = _app(deps, call.body.platform, token)
    device = app.device(call.body.platform, call.body.model_dump(exclude={"platform"}))
    return await deps.store.write(devices.register_customers, token, name, device, call.now)


async def remove(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    token = await customer_principal.token(call.request, call.deps)
    await call.deps.store.write(devices.remove_customers, token, call.id, call.now)
    return web.Response(status=204, headers=headers.API)


async def customers_push_key(call: Call[Nothing, Nothing]) -> Json:
    token = await customer_principal.token(call.request, call.deps)
    await call.deps.store.read(visitors.authenticate, token, call.now)
    return _found(push_key(call.deps, token))


async def register_device(call: Call[NewDevice, Nothing]) -> Json:
    """The same for an agent; it goes with the session or token that it was registered under."""
    deps = call.deps
    deps.paces.devices.take(call.secret, call.now)
    await deps.store.read(view.me, call.secret, call.now)
    name, app = _app(deps, call.body.platform)
    device = app.device(call.body.platform, call.body.model_dump(exclude={"platform"}))
    return await deps.store.write(devices.register_agents, call.secret, name, device, call.now)


async def remove_device(call: Call[Nothing, Nothing]) -> web.StreamResponse:
    await call.deps.store.write(devices.remove_agents, call.secret, call.id, call.now)
    return web.Response(status=204, headers=headers.API)


async def agents_push_key(call: Call[Nothing, Nothing]) -> Json:
    await call.deps.store.read(view.me, call.secret, call.now)
    return _found(push_key(call.deps))


def _found(key: Json | None) -> Json:
    if key is None:
        raise NotFound("there is no Web Push here")
    return key


def _app(deps: Deps, platform: Platform, token: Token | None = None) -> tuple[str, App]:
    """Raises Invalid where no channel pushes to this platform."""
    for name, app in signers(deps, token):
        if platform in app.platforms:
            return name, app
    raise Invalid("nothing here pushes to that platform")


ROUTES: Final[tuple[Route[Any, Any], ...]] = (
    Route(
        "POST",
        f"{CUSTOMER}/devices",
        register,
        "Be woken on this phone or browser",
        NewDevice,
        Nothing,
        Device,
        status=201,
        problems=(422, 429),
        who="customer",
    ),
    Route(
        "DELETE",
        f"{CUSTOMER}/devices/{{id}}",
        remove,
        "Be woken there no more",
        Nothing,
        Nothing,
        None,
        status=204,
        problems=(404,),
        who="customer",
    ),
    Route(
        "GET",
        f"{CUSTOMER}/push-key",
        customers_push_key,
        "What a browser subscribes with",
        Nothing,
        Nothing,
        PushKey,
        problems=(403, 404),
        who="customer",
    ),
    Route(
        "POST",
        f"{BASE}/devices",
        register_device,
        "Be told on this phone or browser when a customer writes",
        NewDevice,
        Nothing,
        Device,
        status=201,
        problems=(422, 429),
    ),
    Route(
        "DELETE",
        f"{BASE}/devices/{{id}}",
        remove_device,
        "Be told there no more",
        Nothing,
        Nothing,
        None,
        status=204,
        problems=(404,),
    ),
    Route(
        "GET",
        f"{BASE}/push-key",
        agents_push_key,
        "What an agent's browser subscribes with",
        Nothing,
        Nothing,
        PushKey,
        problems=(404,),
    ),
)
