"""Domain values in the contract's shapes."""

from __future__ import annotations

import dataclasses

from gateway.domain import wire
from gateway.domain.author import AgentId, Author, CredentialId, CustomerId, Evidence, Principal
from gateway.domain.message import Message, MessageId, TeamId, ThreadId, Writer
from gateway.domain.thread import Claim, Thread

CUSTOMER = Writer("customer", 3, "+13035550142", "+13035550142")
AGENT = Writer("agent", 4, "Ana Ortiz", "Ana")
TEXT = Message(MessageId(1), ThreadId(2), "in", CUSTOMER, "sms", "Hello", ("image/jpeg",), 0, None, None, None)
ANSWER = Message(
    MessageId(5), ThreadId(2), "out", AGENT, "sms", "Hi", (), 1_000_000, "failed", "They opted out.", 2_000_000
)
EMPTY = Thread(
    ThreadId(2), TeamId("front"), CustomerId(3), "+13035550142", "texts", "whatsapp", None, None, None, None, 4, 1
)


def test_a_text_has_the_contract_s_shape() -> None:
    """An inbound message has no delivery, and says of what came with it only the type."""
    expected = {
        "id": "1",
        "thread": "2",
        "direction": "in",
        "author": {"kind": "customer", "id": "3", "name": "+13035550142"},
        "channel": "sms",
        "body": "Hello",
        "attachments": [],
        "media": [{"content_type": "image/jpeg"}],
        "at": "1970-01-01T00:00:00.000000Z",
    }
    assert expected == wire.message(TEXT)


def test_an_answer_says_what_became_of_it() -> None:
    """An outbound message carries its delivery's state, since when, and why where there is a reason."""
    expected = {"state": "failed", "detail": "They opted out.", "at": "1970-01-01T00:00:02.000000Z"}
    assert expected == wire.message(ANSWER)["delivery"]
    sent = dataclasses.replace(ANSWER, state="sent", detail=None)
    assert {"state": "sent", "at": "1970-01-01T00:00:02.000000Z"} == wire.message(sent)["delivery"]


def test_a_token_s_words_are_marked() -> None:
    """What was written under a personal token says so; what was written under a session does not."""
    assert {"kind": "agent", "id": "4", "name": "Ana Ortiz"} == wire.message(ANSWER)["author"]
    by_token = dataclasses.replace(ANSWER, author=dataclasses.replace(AGENT, via_token=True))
    assert "token" == wire.message(by_token)["author"]["via"]


def test_an_inbox_row_leaves_out_what_is_not_so() -> None:
    """Who is waited for, done and claimed stand in a row only when they are so."""
    expected = {
        "id": "2",
        "customer": {"id": "3", "name": "+13035550142"},
        "team": "front",
        "channel": "texts",
        "kind": "whatsapp",
        "last_message": None,
        "unread": 3,
    }
    assert expected == wire.own_thread(EMPTY)
    full = dataclasses.replace(EMPTY, waiting_since=0, done_at=1, last=TEXT, claim=Claim(AgentId(4), "Ana Ortiz"))
    shape = wire.thread(full)
    assert "1970-01-01T00:00:00.000000Z" == shape["waiting_since"]
    assert "1970-01-01T00:00:00.000001Z" == shape["done_at"]
    assert {"id": "4", "name": "Ana Ortiz"} == shape["claimed_by"]
    assert wire.message(TEXT) == shape["last_message"]
    assert "unread" not in shape


def test_an_agent_sees_who_they_are() -> None:
    """Who am I: the person, their role and teams, and whether this credential may reply."""
    author = Author.human(AgentId(4), "Ana Ortiz", "Ana", Evidence("token", CredentialId(9)))
    expected = {
        "id": "4",
        "login": "ana",
        "name": "Ana Ortiz",
        "display_name": "Ana",
        "role": "lead",
        "may_reply": False,
        "teams": [{"id": "front", "name": "Front Range"}],
    }
    teams = [{"id": "front", "name": "Front Range"}]
    assert expected == wire.agent(Principal(author, "ana", "lead", may_reply=False), teams)
