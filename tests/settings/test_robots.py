"""Which keys are refused because a program would write with them, and which are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.channels.config import ChannelConfig, Destination
from gateway.settings.document import read
from gateway.settings.models import GatewayFile, Server, TeamsFile, TeamTable
from gateway.settings.robots import is_robot, robots
from gateway.settings.storage import Database, Files

REFUSED = """
auto_reply autoreply AUTO-REPLY autoReply auto_replies auto_response auto_respond auto_answer auto_message
automatic_reply automated-response out_of_office out-of-office-message OutOfOffice ooo away_message away_text
welcome_message welcome-text greeting greetings GREETING_TEXT keyword keywords keyword_replies keyword-flow menu menus
ivr_menu bot bots chat_bot chatbot_url robot template templates message_template canned canned_responses
suggestions suggested_replies
smart_replies quick_replies
reply_text replyText replyBody response_text answer_message
typing_indicator typingIndicator after_hours_text vacation_responder offline_message flow
flows prompt llm ai macros snippets responses replies closed_message holiday_notice
"""
ALLOWED = """
account_sid auth_token messaging_service_sid api_base_url numbers audience jwks_url kid alg public_key subject
private_key service_account key_id topic environment origins callbacks call chat slot_minutes lead_minutes horizon_days
number secret bot_token reply_to status_callback max_body greenhouse mail maildir available botany mon-fri +13035550100
"""


@pytest.mark.parametrize("key", REFUSED.split())
def test_automatic_words_are_refused_in_any_spelling(key: str) -> None:
    """Whatever it is called, a key for words that nobody writes is refused."""
    assert is_robot(key)


@pytest.mark.parametrize(
    ("text", "line"),
    [('[auto]\nreply = "Hi"\n', 2), ('[reply]\ntext = "Hi"\n', 2), ('auto.x.y = 1\nout.of.office = "Hi"\n', 2)],
)
def test_a_key_is_read_with_its_tables(tmp_path: Path, text: str, line: int) -> None:
    """A name that is spread over a table and its key is the same name."""
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    assert [line] == [fault.line for _, fault in robots(read(tmp_path / "a.toml"))]


def test_nothing_else_is() -> None:
    """Neither the contract's keys, of this step or a later one, nor those that only look alike."""
    models = (ChannelConfig, Destination, Server, Database, Files, GatewayFile, TeamsFile, TeamTable)
    ours = [key for model in models for key in model.model_fields]
    assert [] == [key for key in [*ALLOWED.split(), *ours] if is_robot(key)]
