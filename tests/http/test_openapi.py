"""The OpenAPI document is valid, says what the routes do, and the routes do what it says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings, strategies
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.http.board_shapes import Board, Me
from gateway.http.booking_shapes import OwnBookings, Slots
from gateway.http.customer_shapes import CustomerMessages, CustomerThread
from gateway.http.openapi import document
from gateway.http.server import ROUTES
from gateway.http.shapes import Inbox, Messages, Thread
from tests.http.guest import CUSTOMER_API, guest
from tests.http.running import BASE, Desk

DOCUMENT = document(ROUTES, "teamline_session", "teamline_visitor")
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
_SCHEMA = schemathesis.openapi.from_dict(DOCUMENT).exclude(path_regex="/events$")  # which never ends
OPERATIONS: list[Any] = [result.ok() for result in _SCHEMA.get_all_operations() if isinstance(result, Ok)]


async def test_valid(desk: Desk) -> None:
    """The document is valid OpenAPI 3.1, and anyone may read it."""
    _, served = await desk.call(None, "GET", "/api/openapi.json")
    OpenAPIV31SpecValidator(served).validate()
    assert DOCUMENT == served


def test_every_route() -> None:
    """Every method of the table is in the document, under an id of its own."""
    ids = [operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()]
    assert (len(ROUTES), len(ROUTES)) == (len(ids), len(set(ids)))


OTHERS = {
    *(f"{BASE}/{path}" for path in ("attachments", "doors", "shifts")),
    *(f"{BASE}/threads/{{id}}/{path}" for path in ("opt-out", "slots", "booking-link")),
}
"""Beyond what every release keeps, and what is tested beside its own handlers."""


def test_contract() -> None:
    """The paths that the contract names are there."""
    threads = ("", "/messages", "/notes", "/claim", "/release", "/done", "/read", "/draft", "/presence")
    expected = {
        *(f"{BASE}/{path}" for path in ("session", "me", "threads", "events", "search", "counts", "status")),
        *(f"{BASE}/threads/{{id}}{path}" for path in threads),
        *(f"{BASE}/messages/{{id}}/{verb}" for verb in ("retry", "settle")),
    }
    customer = ("visitors", "visitors/renew", "visitors/me", "thread", "messages", "read", "received", "attachments")
    expected |= {f"{CUSTOMER_API}/{path}" for path in (*customer, "events")}
    both = ("devices", "devices/{id}", "push-key", "bookings", "bookings/{id}")
    expected |= {f"{base}/{path}" for base in (BASE, CUSTOMER_API) for path in both}
    expected |= {f"{BASE}/bookings/{{id}}/{verb}" for verb in ("claim", "release", "call", "outcome")}
    expected |= {f"{CUSTOMER_API}/{path}" for path in ("slots", "bookings/{id}.ics")}
    assert expected == {path for path in DOCUMENT["paths"] if path not in OTHERS}


ANSWERS: list[tuple[str, type[BaseModel]]] = [
    ("/me", Me),
    ("/bookings", Board),
    ("/threads/1/slots", Slots),
    ("/threads", Inbox),
    ("/threads/1", Thread),
    ("/threads/1/messages?include=notes,events", Messages),
]


@pytest.mark.parametrize(("path", "model"), ANSWERS)
async def test_answers(desk: Desk, path: str, model: type[BaseModel]) -> None:
    """What is answered has the keys that the document describes, and no others."""
    await desk.text("hello")
    await desk.call("ana", "POST", "/threads/1/messages", {"body": "hi"})
    await desk.call("ana", "POST", "/threads/1/notes", {"body": "a note"})
    await desk.call("ana", "POST", "/threads/1/claim")
    await desk.text("hello again")
    _, slots = await desk.call("ana", "GET", "/threads/1/slots?kind=call")
    booking = {"thread": "1", "slot": slots["items"][0]["id"], "kind": "call"}
    assert 201 == (await desk.call("ana", "POST", "/bookings", booking))[0]
    _, answer = await desk.call("ana", "GET", path)
    _holds(model, answer)


CUSTOMERS: list[tuple[str, type[BaseModel]]] = [
    ("/thread", CustomerThread),
    ("/messages", CustomerMessages),
    ("/slots", Slots),
    ("/bookings", OwnBookings),
]


@pytest.mark.parametrize(("path", "model"), CUSTOMERS)
async def test_customers_answers(desk: Desk, path: str, model: type[BaseModel]) -> None:
    """The same of what customers are answered."""
    ann = await guest(desk)
    await ann.say("hello")
    await desk.call("ana", "POST", "/threads/1/messages", {"body": "hi"})
    _, slots = await ann.call("GET", "/slots?kind=chat")
    booking = {"slot": slots["items"][0]["id"], "kind": "chat"}
    assert 201 == (await ann.call("POST", "/bookings", booking))[0]
    _, answer = await ann.call("GET", path)
    _holds(model, answer)


def _holds(model: type[BaseModel], answer: Any) -> None:
    described = model.model_validate(answer).model_dump(mode="json", exclude_unset=True)
    assert _keys(described) == _keys(answer)


def _keys(value: Any) -> Any:
    """The value with its keys only."""
    if isinstance(value, dict):
        return {key: _keys(one) for key, one in value.items()}
    return [_keys(one) for one in value] if isinstance(value, list) else None


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
async def test_robust(desk: Desk, operation: Any) -> None:
    """Whatever a client sends, the answer is one that the document describes, and never a 500."""
    await desk.text("hello")
    await desk.call("ana", "POST", "/threads/1/messages", {"body": "hi"})
    is_theirs = operation.path.startswith(CUSTOMER_API)
    token = (await guest(desk)).token if is_theirs else desk.tokens["ana"]
    headers = {"Authorization": f"Bearer {token}"}

    @settings(max_examples=10, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(), known=strategies.booleans())
    def attack(case: Any, known: bool) -> None:
        if known and case.path_parameters:
            case.path_parameters["id"] = "1"
        case.call_and_validate(base_url=desk.url, headers=headers, checks=CHECKS)

    await asyncio.to_thread(attack)
