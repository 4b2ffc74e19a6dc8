"""Which channel signs a push to a device that is registered here, and the key that a browser subscribes with."""

from __future__ import annotations

from gateway.channels.push import App
from gateway.domain.wire import Json
from gateway.http.app_principal import apps
from gateway.http.deps import Deps
from gateway.store.visitors import Token


def signers(deps: Deps, token: Token | None = None) -> list[tuple[str, App]]:
    """By name. An app's customer is woken by their own app alone."""
    own = None if token is None or token.subject is None else token.channels
    return [(name, app) for name, app in apps(deps) if own is None or name in own]


def push_key(deps: Deps, token: Token | None = None) -> Json | None:
    """As it is told; None where no browser is pushed to."""
    return next(({"key": key} for _, app in signers(deps, token) if (key := app.push_key()) is not None), None)


def with_push(shape: Json, deps: Deps, token: Token | None = None) -> Json:
    """With `push`, where a browser can be pushed to."""
    key = push_key(deps, token)
    return shape if key is None else shape | {"push": key}
