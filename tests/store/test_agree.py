"""Where a statement is written once for each engine, the two do the same: one history gives the same rows on both."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.actions.receive import Arrival, Receipt, receive
from gateway.channels.contract import Inbound, Media
from gateway.domain import search as words
from gateway.domain.address import Address
from gateway.domain.author import AgentId
from gateway.domain.message import TeamId
from gateway.store import inbound, search
from gateway.store.agents import add_teams
from gateway.store.store import Store, Tx
from tests.engines import ENGINES, open_engine
from tests.store.marks import log_event

pytestmark = pytest.mark.needs("postgresql")

TEAMS: Final = (TeamId("east"), TeamId("west"))
VOCABULARY: Final = (
    *("storm", "Stormy", "stör", "call", "me", "back", "o'clock", "a\\b", "AND", "near", "x" * 3000, "naïve", "é"),
    *(
        "電話",
        "して",
        "電気",
        "ขอบคุณ",
        "안녕",
        "300",
        "+13035550101",
        "🙂",
        "don''t",
        ":*",
        "{}",
        '"quoted"',
        "%s",
        "?1",
    ),
)
START: Final = 1_700_000_000_000_000


def body(chance: random.Random) -> str:
    return " ".join(chance.choices(VOCABULARY, k=chance.randrange(7)))


def arrival(chance: random.Random, number: int) -> Arrival:
    """Of few customers at few of our numbers; some come late, some with files."""
    at = START + number * 1_000_000
    late = chance.random() < 0.15
    media = tuple(Media(f"https://media.example/{n}", "image/jpeg") for n in range(chance.choice([0, 0, 0, 1, 3])))
    came = Inbound(
        f"SM{number}",
        Address("sms", f"+1303555{chance.randrange(12):04}"),
        f"+1720555{chance.randrange(2):04}",
        body(chance),
        media,
        at=datetime.fromtimestamp(at / 1e6 - chance.randrange(90_000), UTC) if late else None,
        sender_name=chance.choice([None, "Zoë O'Neil", "安"]),
        opt=chance.choice([None] * 9 + ["out", "in"]),
        late=late,
    )
    return Arrival("sms", came, chance.choice(TEAMS), chance.random() < 0.5, at)


async def admin(tx: Tx) -> None:
    await add_teams(tx, TEAMS)
    await tx.run(
        "INSERT INTO agent (id, login, name, display_name, role, created_at) "
        "VALUES (1, 'dana', 'Dana', 'Dana', 'admin', 0)"
    )


DUMPS: Final = {
    "message": """SELECT message.provider_id, message.team_id, message.direction, message.channel, message.body,
                         message.media, message.at, message.files, message.sent_at, identity.address, line.endpoint
                    FROM message JOIN identity ON identity.id = message.identity_id
                    JOIN line ON line.id = message.line_id ORDER BY message.id""",
    "event": "SELECT team_id, seq, kind, at FROM event ORDER BY team_id, seq",
    "attachment": """SELECT message.provider_id, attachment.team_id, attachment.position, attachment.state,
                            attachment.name, attachment.type, attachment.source_url, attachment.channel,
                            attachment.due_at, attachment.created_at
                       FROM attachment JOIN message ON message.id = attachment.message_id ORDER BY attachment.id""",
    "thread": """SELECT thread.team_id, thread.created_at, thread.in_count, thread.done_at, message.provider_id,
                        line.endpoint, customer.name
                   FROM thread JOIN customer ON customer.id = thread.customer_id
                   JOIN message ON message.id = thread.last_message_id
                   JOIN line ON line.id = thread.last_line_id ORDER BY thread.id""",
    "line": """SELECT identity.address, line.channel, line.endpoint, line.created_at, line.opted_out_at
                 FROM line JOIN identity ON identity.id = line.identity_id ORDER BY line.id""",
    "reach": """SELECT message.provider_id, reach.holder, reach.waiting_since, reach.last_at
                  FROM reach JOIN thread ON thread.id = reach.thread_id
                  JOIN message ON message.id = thread.last_message_id ORDER BY reach.thread_id, reach.holder""",
    "opt_out": """SELECT identity.address, line.endpoint, opt_out.opt, opt_out.source, opt_out.at
                    FROM opt_out JOIN line ON line.id = opt_out.line_id
                    JOIN identity ON identity.id = line.identity_id ORDER BY opt_out.id""",
}
"""Without ids, of which PostgreSQL leaves some out, but in their order."""


async def dump(tx: Tx) -> dict[str, list[tuple[Any, ...]]]:
    return {table: [tuple(row) for row in await tx.all(sql)] for table, sql in DUMPS.items()}


async def named(tx: Tx, ids: Sequence[int]) -> list[str]:
    """Messages by the provider's names for them."""
    found = [await tx.one("SELECT provider_id FROM message WHERE id = ?1", id_) for id_ in ids]
    return [row["provider_id"] for row in found if row is not None]


async def found(tx: Tx, whose: Sequence[str], text: str, limit: int) -> list[list[str]]:
    """All pages of a search."""
    pages: list[list[str]] = []
    before = None
    while ids := await search.find_messages(tx, AgentId(1), whose, text, before, limit):
        pages.append(await named(tx, ids))
        before = ids[-1]
    return pages


async def addresses(tx: Tx, text: str) -> list[list[str]]:
    """Of the customers that a search finds."""
    sql = """SELECT DISTINCT identity.address FROM line JOIN identity ON identity.id = line.identity_id
              WHERE line.thread_id = ?1 ORDER BY identity.address"""
    threads = await search.find_threads(tx, AgentId(1), (words.EVERYONE,), text, 5)
    return [[row["address"] for row in await tx.all(sql, thread)] for thread in threads]


def questions(chance: random.Random) -> list[str]:
    asked = [body(chance) for _ in range(8)] + [chance.choice(VOCABULARY)[: chance.randrange(1, 5)] for _ in range(8)]
    return [*asked, *VOCABULARY, "", " ", "sto", "sto ", "電", "電話して", "0", "3035550", "5550101", "Zoe O", "안"]


async def history(store: Store, seed: int) -> list[object]:
    """Lists of arrivals, of all lengths; what each said, what there is then, and what is found of it."""
    chance = random.Random(seed)
    await store.write(admin)
    told: list[object] = []
    came: list[Arrival] = []
    for length in (1, 2, 30, 1, 40, 25):
        for _ in range(length):
            came.append(arrival(chance, len(came)))
        arrivals = came[-length:] + chance.sample(came, chance.randrange(length))  # some come again, some at once
        receipts = await store.write(receive, arrivals)
        told.append(await store.read(as_told, receipts))
        told.append(sorted(await store.read(inbound.known, "sms", [f"SM{n}" for n in range(0, len(came) + 9, 3)])))
        while chance.random() < 0.7 and await store.read(search.behind):
            told.append(await store.write(search.index_messages, 11))
            told.append(await store.write(search.index_lines, 3))
    await store.write(log_event, *TEAMS, TEAMS[0])
    while await store.read(search.behind):
        await store.write(search.index_messages, 50)
        await store.write(search.index_lines, 50)
    told.append(await store.read(dump))
    for text in questions(chance):
        told.append((text, await store.read(found, (words.EVERYONE,), text, 7), await store.read(addresses, text)))
        told.append((text, await store.read(found, TEAMS[:1], text, 100)))
    return told


async def as_told(tx: Tx, receipts: Sequence[Receipt]) -> list[list[str]]:
    return [await named(tx, [one.message] if one.message else []) for one in receipts]


@pytest.mark.parametrize("seed", range(3))
async def test_engines_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Lists with pairs old and new, doubles, late ones, files and opt-outs leave the same rows, and the same is found
    of them."""
    monkeypatch.setattr(words, "STRETCH", 32)
    monkeypatch.setattr(words, "SHORT_STRETCH", 8)
    said = []
    for engine in ENGINES:
        store = await open_engine(engine, tmp_path)
        try:
            said.append(await history(store, seed))
        finally:
            await store.close()
    for sqlite, postgresql in zip(*said, strict=True):
        assert sqlite == postgresql
