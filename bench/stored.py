"""After every writing run: what was acknowledged is in the database, once. Ends the whole bench with 1 otherwise."""

from __future__ import annotations

from typing import Final

from rich.console import Console

from bench.database import Database
from gateway.store.statement import Sql

_REPLIED: Final = """SELECT idempotency.key, message.id FROM idempotency
  JOIN message ON message.id = {id}
  JOIN authorship ON authorship.message_id = message.id
  JOIN delivery ON delivery.message_id = message.id AND delivery.state = 'sent'
 WHERE message.direction = 'out' AND message.body = {body}"""
_ANSWERED: Final = Sql(
    _REPLIED.format(
        id="CAST(json_extract(idempotency.answer, '$.id') AS INTEGER)",
        body="json_extract(idempotency.answer, '$.body')",
    ),
    _REPLIED.format(id="(idempotency.answer::json ->> 'id')::bigint", body="idempotency.answer::json ->> 'body'"),
)


async def check_received(console: Console, database: Database, acknowledged: set[str], refused: int) -> None:
    """Customers' messages, by the provider's ids."""
    rows = await database.rows("SELECT provider_id FROM message WHERE channel = 'sms' AND provider_id IS NOT NULL")
    stored = [row[0] for row in rows]
    _say(
        console, "messages", len(acknowledged), len(acknowledged - set(stored)), len(stored) - len(set(stored)), refused
    )


async def check_on_web(console: Console, database: Database, acknowledged: set[str], refused: int) -> None:
    """Visitors' messages, by their idempotency keys."""
    rows = await database.rows("SELECT provider_id FROM message WHERE channel = 'web' AND direction = 'in'")
    stored = [row[0].partition(":")[2] for row in rows]
    _say(
        console, "messages", len(acknowledged), len(acknowledged - set(stored)), len(stored) - len(set(stored)), refused
    )


async def check_replied(console: Console, database: Database, acknowledged: set[str], refused: int) -> None:
    """Replies, by their idempotency keys: each names a message of its own that has its author's link in the chain and
    one delivery that was made; and there is no reply besides."""
    rows = await database.rows(_ANSWERED)
    replies = await database.value("SELECT count(*) FROM message WHERE direction = 'out'")
    missing = len(acknowledged - {key for key, _ in rows})
    _say(console, "replies", len(acknowledged), missing, replies - len({message for _, message in rows}), refused)


def _say(console: Console, what: str, acknowledged: int, missing: int, twice: int, refused: int) -> None:
    console.print(f"{acknowledged:,} {what} acknowledged, {missing:,} missing, {twice:,} twice, {refused:,} refused")
    if missing or twice:
        raise SystemExit(1)
