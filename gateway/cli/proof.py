"""Proof that every outbound message was written under a person's authentication, and that none was changed or lost.

What is proven: each outbound row has an author, the evidence was valid when it was written, its text and address are
what was signed, and each team's chain is unbroken up to the head that stands in the team's own row. What is not: that
nobody rewrote a whole chain with its head; keep the heads that `verify` prints elsewhere to rule that out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final

import orjson

from gateway.cli.carrying import told
from gateway.domain.chain import START, link_hash
from gateway.domain.message import TeamId, digest
from gateway.files.store import FileStore, hash_of
from gateway.store import proof
from gateway.store.store import Row, Store

SLACK: Final = timedelta(minutes=5) // timedelta(microseconds=1)
"""Microseconds by which the clocks of two nodes may differ."""

_REFERENCES: Final = {
    "agent": "agent",
    "thread": "thread",
    "identity": "identity",
    "line": "line",
    "delivery": "delivery",
    "evidence": "credential_agent",
}
"""What a message refers to, and the column that is NULL when it is gone."""

_AGREEMENTS: Final = {
    "the message is of another team than its chain": (("message_team", "link_team"),),
    "its thread is of another customer than its address": (("thread_customer", "identity_customer"),),
    "its pair of addresses is another": (
        ("line_identity", "identity_id"),
        ("line_channel", "channel"),
        ("line_thread", "thread_id"),
    ),
    "its delivery is of another team or thread": (
        ("delivery_team", "message_team"),
        ("delivery_thread", "thread_id"),
    ),
    "its delivery goes elsewhere than the message": (
        ("delivery_identity", "identity_id"),
        ("delivery_channel", "channel"),
        ("delivery_endpoint", "endpoint"),
    ),
}
"""What is wrong when two columns differ. The thread's own team is not compared: a thread may move after a message."""


class Broken(Exception):
    """The first row that does not hold, in words."""


@dataclass(slots=True)
class Tally:
    """What was verified."""

    sessions: int = 0
    tokens: int = 0
    demo: int = 0
    """Written by the demo's people: its past was made up, under sessions that nobody ever opened."""
    heads: dict[TeamId, tuple[int, str]] = field(default_factory=dict)
    """Of each team: how many links, and the hash of the last, hexadecimal."""

    def count(self, evidence: str, of_demo: bool) -> None:
        if of_demo:
            self.demo += 1
        elif evidence == "session":
            self.sessions += 1
        else:
            self.tokens += 1


async def verify_chains(store: Store, files: FileStore, progress: Callable[[int, int], None]) -> Tally:
    """Walk every chain with the files of its messages, then every message. `progress` hears (rows done, rows in all).
    Raises Broken."""
    tally = Tally()
    chains = await store.read(proof.chains)
    newest = await store.read(proof.newest_message)
    total, walked = sum(row["chain_seq"] for row in chains) + newest, 0
    if (stray := await store.read(proof.unknown_teams)) is not None:
        raise Broken(f"team {stray['team_id']}: message {stray['message_id']}: its team does not exist")
    for chain in chains:
        await _walk(store, files, TeamId(chain["id"]), tally, partial(_add, progress, walked, total))
        walked += chain["chain_seq"]
    for start in range(0, newest, proof.PAGE):
        missing = await store.read(proof.unsigned, start, start + proof.PAGE)
        if missing is not None:
            raise Broken(f"team {missing['team_id']}: message {missing['id']}: it is in no authorship chain")
        progress(walked + start, total)
    return tally


def _add(progress: Callable[[int, int], None], before: int, total: int, done: int) -> None:
    progress(before + done, total)


async def _walk(store: Store, files: FileStore, team: TeamId, tally: Tally, progress: Callable[[int], None]) -> None:
    """Up to the head as it stands when the end is reached, so that messages may be written meanwhile."""
    prev, seq, whole = START, 0, False
    while not whole:
        rows, head = await store.read(proof.links, team, seq)
        for row in rows:
            seq += 1
            if (fault := _fault(team, row, seq, prev) or await _file_fault(files, row)) is not None:
                raise Broken(f"team {team}: link {row['seq']}: message {row['message_id']}: {fault}")
            prev = bytes(row["hash"])
            tally.count(row["kind"], bool(row["demo"]))
        progress(seq)
        whole = len(rows) < proof.PAGE
        if whole and (fault := _head_fault(head, seq, prev)) is not None:
            raise Broken(f"team {team}: {fault}")
    tally.heads[team] = (seq, prev.hex())


def _head_fault(head: Row | None, seq: int, prev: bytes) -> str | None:
    if head is None:
        return "the team is gone"
    if head["chain_seq"] > seq:
        return f"link {seq + 1}: the chain ends before it, but its head says {head['chain_seq']} links"
    if head["chain_seq"] < seq:
        return f"link {head['chain_seq'] + 1}: the head of the chain says that there is none"
    return None if prev == bytes(head["chain_hash"]) else f"link {seq}: the head of the chain is another"


def _fault(team: TeamId, row: Row, seq: int, prev: bytes) -> str | None:
    """What is wrong with a link, or None."""
    return _chain_fault(team, row, seq, prev) or _message_fault(row) or _evidence_fault(row)


def _chain_fault(team: TeamId, row: Row, seq: int, prev: bytes) -> str | None:
    if row["seq"] != seq:
        return f"link {seq} is missing"
    if bytes(row["prev"]) != prev:
        return "it does not carry the hash of the link before"
    expected = link_hash(
        prev, team, seq, row["message_id"], row["agent_id"], row["credential_id"], bytes(row["digest"])
    )
    return None if bytes(row["hash"]) == expected else "its hash does not fit what it says"


def _message_fault(row: Row) -> str | None:
    if row["message"] is None:
        return "the message is gone"
    if row["direction"] != "out":
        return "the message is not outbound"
    if (row["message_agent"], row["message_credential"]) != (row["agent_id"], row["credential_id"]):
        return "the message names another author or other evidence than was signed"
    for reference, key in _REFERENCES.items():
        if row[key] is None:
            return f"its {reference} is gone"
    return _words_fault(row) or next(
        (fault for fault, pairs in _AGREEMENTS.items() if any(row[a] != row[b] for a, b in pairs)), None
    )


def _words_fault(row: Row) -> str | None:
    """Whether what the digest covers is what was signed."""
    hashes = _hashes(row)
    if len(hashes) != row["files"]:
        return f"it says that it has {row['files']} files, and has {len(hashes)}"
    ends = (row["identity_id"], row["address_kind"], row["address"], row["channel"], row["endpoint"])
    if digest(bytes(row["salt"] or b""), row["body"], row["kind"], *ends, row["at"], hashes) != bytes(row["digest"]):
        what = "its text, files, evidence" if hashes else "its text, evidence"
        return f"{what}, address or time is not what was signed"
    return None


def _hashes(row: Row) -> list[str]:
    """Of its files, in order; "" for one that says none."""
    return [hash_ or "" for hash_ in orjson.loads(row["hashes"])] if row["hashes"] else []


async def _file_fault(files: FileStore, row: Row) -> str | None:
    """Whether the bytes are there, and are those whose hash was signed."""
    for place, hash_ in enumerate(_hashes(row), 1):
        with told("a message's file cannot be read"):
            content = await files.get(hash_)
        if content is None:
            return f"its file {place} is missing"
        if hash_of(content) != hash_:
            return f"its file {place} is not what was signed"
    return None


def _evidence_fault(row: Row) -> str | None:
    if row["credential_agent"] != row["agent_id"]:
        return "the evidence is another person's"
    if not row["may_reply"]:
        return "the evidence did not allow replies"
    if row["created_at"] > row["at"] + SLACK:
        return "the evidence is younger than the message"
    ended = min(row["expires_at"] or 2**63 - 1, row["revoked_at"] or 2**63 - 1)
    return "the evidence had ended before the message was written" if ended < row["at"] - SLACK else None
