"""The OpenAPI document is valid, says what the routes do, and the routes do what it says."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.openapi.checks import response_schema_conformance, status_code_conformance

from gateway.http.openapi import document
from gateway.http.server import ROUTES
from tests.http.running import BASE, Desk

DOCUMENT = document(ROUTES, "teamline_session")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)


async def test_valid(desk: Desk) -> None:
    """The document is valid OpenAPI 3.1, and anyone may read it."""
    _, served = await desk.call(None, "GET", "/api/openapi.json")
    OpenAPIV31SpecValidator(served).validate()
    assert DOCUMENT == served


def test_every_route() -> None:
    """Every method of the table is in the document, under an id of its own."""
    ids = [operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()]
    assert (len(ROUTES), len(ROUTES)) == (len(ids), len(set(ids)))


def test_contract() -> None:
    """The paths that the contract names are there."""
    expected = {
        f"{BASE}/{path}"
        for path in (
            "session me threads threads/{id} threads/{id}/messages messages/{id}/retry messages/{id}/settle "
            "threads/{id}/notes threads/{id}/claim threads/{id}/release threads/{id}/done threads/{id}/read events"
        ).split()
    }
    assert expected == set(DOCUMENT["paths"])
