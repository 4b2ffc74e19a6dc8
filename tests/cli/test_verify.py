"""`teamline verify` finds each kind of damage, made by hand, and names the first row that does not hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from gateway.channels.contract import Capabilities
from gateway.cli.proof import Broken, Tally, verify_chains
from gateway.domain.attachment import Owner
from gateway.files.store import LocalFiles, hash_of
from gateway.store import proof
from gateway.store.attachments import Kept, add_loose
from gateway.store.files import hold
from gateway.store.store import Tx
from tests.cli.conftest import Run
from tests.company import FRONT, LAKES, Company, Person, found
from tests.engines import copy, place_now
from tests.postgres import elsewhere
from tests.raw import damage, rows

COLUMNS = "team_id, thread_id, direction, identity_id, line_id, channel, agent_id, credential_id, body, salt, at"
SIX = "seq, message_id, agent_id, credential_id, digest, prev, hash"

# What is done by SQL -> the team, the link and message named, and why. Messages 2, 3, 5, 6, 8 and 9 are outbound.
DAMAGE: dict[str, tuple[str, str]] = {
    "body": (
        "UPDATE message SET body = 'Other words' WHERE id = 5",
        "front-range: link 3: message 5: its text, evidence, address or time is not what was signed",
    ),
    "salt": (
        "UPDATE message SET salt = x'00' WHERE id = 5",
        "front-range: link 3: message 5: its text, evidence, address or time is not what was signed",
    ),
    "time": (
        "UPDATE message SET at = at + 1 WHERE id = 5",
        "front-range: link 3: message 5: its text, evidence, address or time is not what was signed",
    ),
    "channel": (
        "UPDATE message SET channel = 'chat' WHERE id = 5; UPDATE delivery SET channel = 'chat' WHERE message_id = 5",
        "front-range: link 3: message 5: its text, evidence, address or time is not what was signed",
    ),
    "address": (
        "UPDATE identity SET address = '+13035559999' WHERE id = 1",
        "front-range: link 1: message 2: its text, evidence, address or time is not what was signed",
    ),
    "kind of address": (
        "UPDATE identity SET kind = 'whatsapp' WHERE id = 2",
        "great-lakes: link 1: message 8: its text, evidence, address or time is not what was signed",
    ),
    "identity": (
        "UPDATE message SET identity_id = 2 WHERE id = 5; UPDATE delivery SET identity_id = 2 WHERE message_id = 5",
        "front-range: link 3: message 5: its text, evidence, address or time is not what was signed",
    ),
    "delivery's identity": (
        "UPDATE delivery SET identity_id = 2 WHERE message_id = 5",
        "front-range: link 3: message 5: its delivery goes elsewhere than the message",
    ),
    "delivery's channel": (
        "UPDATE delivery SET channel = 'chat' WHERE message_id = 5",
        "front-range: link 3: message 5: its delivery goes elsewhere than the message",
    ),
    "delivery's own address": (
        "UPDATE delivery SET endpoint = '+19999999999' WHERE message_id = 5",
        "front-range: link 3: message 5: its delivery goes elsewhere than the message",
    ),
    "delivery's thread": (
        "UPDATE delivery SET thread_id = 2 WHERE message_id = 5",
        "front-range: link 3: message 5: its delivery is of another team or thread",
    ),
    "delivery's team": (
        "UPDATE delivery SET team_id = 'great-lakes' WHERE message_id = 5",
        "front-range: link 3: message 5: its delivery is of another team or thread",
    ),
    "delivery of another message": (
        (
            "UPDATE delivery SET message_id = -1 WHERE message_id = 5; "
            "UPDATE delivery SET message_id = 5 WHERE message_id = 8; "
            "UPDATE delivery SET message_id = 8 WHERE message_id = -1"
        ),
        "front-range: link 3: message 5: its delivery is of another team or thread",
    ),
    "thread": (
        "UPDATE message SET thread_id = 2 WHERE id = 5",
        "front-range: link 3: message 5: its thread is of another customer than its address",
    ),
    "thread of the same customer": (
        (
            "INSERT INTO thread (id, customer_id, team_id, created_at) VALUES (9, 1, 'great-lakes', 0); "
            "UPDATE message SET thread_id = 9 WHERE id = 5; UPDATE delivery SET thread_id = 9 WHERE message_id = 5"
        ),
        "front-range: link 3: message 5: its pair of addresses is another",
    ),
    "team": (
        "UPDATE message SET team_id = 'great-lakes' WHERE id = 5",
        "front-range: link 3: message 5: the message is of another team than its chain",
    ),
    "customer of the address": (
        "UPDATE identity SET customer_id = 2 WHERE id = 1",
        "front-range: link 1: message 2: its thread is of another customer than its address",
    ),
    "customer of the thread": (
        "UPDATE thread SET customer_id = 2 WHERE id = 1",
        "front-range: link 1: message 2: its thread is of another customer than its address",
    ),
    "line": (
        "UPDATE message SET line_id = 2 WHERE id = 5",
        "front-range: link 3: message 5: its text, evidence, address or time is not what was signed",
    ),
    "line of another address": (
        "UPDATE line SET endpoint = '+13035550100' WHERE id = 2; UPDATE message SET line_id = 2 WHERE id = 5",
        "front-range: link 3: message 5: its pair of addresses is another",
    ),
    "line of another channel": (
        "UPDATE line SET channel = 'chat' WHERE id = 1",
        "front-range: link 1: message 2: its pair of addresses is another",
    ),
    "line deleted": ("DELETE FROM line WHERE id = 2", "great-lakes: link 1: message 8: its line is gone"),
    "own address": (
        "UPDATE line SET endpoint = '+19999999999' WHERE id = 1; UPDATE delivery SET endpoint = '+19999999999'",
        "front-range: link 1: message 2: its text, evidence, address or time is not what was signed",
    ),
    "author": (
        "UPDATE message SET agent_id = 2, credential_id = 2 WHERE id = 5",
        "front-range: link 3: message 5: the message names another author or other evidence than was signed",
    ),
    "evidence": (
        "UPDATE message SET credential_id = 3 WHERE id = 5",
        "front-range: link 3: message 5: the message names another author or other evidence than was signed",
    ),
    "author in both": (
        (
            "UPDATE message SET agent_id = 2, credential_id = 2 WHERE id = 5; "
            "UPDATE authorship SET agent_id = 2, credential_id = 2 WHERE message_id = 5"
        ),
        "front-range: link 3: message 5: its hash does not fit what it says",
    ),
    "evidence of another kind": (
        "UPDATE credential SET kind = 'token' WHERE id = 1",
        "front-range: link 1: message 2: its text, evidence, address or time is not what was signed",
    ),
    "evidence revoked before": (
        "UPDATE credential SET revoked_at = 1 WHERE id = 1",
        "front-range: link 1: message 2: the evidence had ended before the message was written",
    ),
    "evidence expired before": (
        "UPDATE credential SET expires_at = 1 WHERE id = 1",
        "front-range: link 1: message 2: the evidence had ended before the message was written",
    ),
    "evidence made after": (
        "UPDATE credential SET created_at = created_at + 3600000000 WHERE id = 1",
        "front-range: link 1: message 2: the evidence is younger than the message",
    ),
    "evidence of another": (
        "UPDATE credential SET agent_id = 2 WHERE id = 1",
        "front-range: link 1: message 2: the evidence is another person's",
    ),
    "evidence deleted": (
        "DELETE FROM credential WHERE id = 1",
        "front-range: link 1: message 2: its evidence is gone",
    ),
    "token without may_reply": (
        "UPDATE credential SET may_reply = 0 WHERE id = 3",
        "front-range: link 4: message 6: the evidence did not allow replies",
    ),
    "person deleted": ("DELETE FROM agent WHERE id = 1", "front-range: link 1: message 2: its agent is gone"),
    "message deleted": ("DELETE FROM message WHERE id = 5", "front-range: link 3: message 5: the message is gone"),
    "newest message deleted": (
        "DELETE FROM message WHERE id = 9",
        "great-lakes: link 2: message 9: the message is gone",
    ),
    "thread deleted": ("DELETE FROM thread WHERE id = 2", "great-lakes: link 1: message 8: its thread is gone"),
    "delivery deleted": (
        "DELETE FROM delivery WHERE message_id = 5",
        "front-range: link 3: message 5: its delivery is gone",
    ),
    "direction": (
        "UPDATE message SET direction = 'note' WHERE id = 5",
        "front-range: link 3: message 5: the message is not outbound",
    ),
    "direction of a customer's": (
        "UPDATE message SET direction = 'out' WHERE id = 1",
        "front-range: message 1: it is in no authorship chain",
    ),
    "first link deleted": (
        "DELETE FROM authorship WHERE team_id = 'front-range' AND seq = 1",
        "front-range: link 2: message 3: link 1 is missing",
    ),
    "middle link deleted": (
        "DELETE FROM authorship WHERE team_id = 'front-range' AND seq = 2",
        "front-range: link 3: message 5: link 2 is missing",
    ),
    "last link deleted": (
        "DELETE FROM authorship WHERE team_id = 'front-range' AND seq = 4",
        "front-range: link 4: the chain ends before it, but its head says 4 links",
    ),
    "chain deleted": (
        "DELETE FROM authorship WHERE team_id = 'front-range'",
        "front-range: link 1: the chain ends before it, but its head says 4 links",
    ),
    "chain and head deleted": (
        (
            "DELETE FROM authorship WHERE team_id = 'front-range'; "
            "UPDATE team SET chain_seq = 0, chain_hash = x'' WHERE id = 'front-range'"
        ),
        "front-range: message 2: it is in no authorship chain",
    ),
    "two links swapped": (
        (
            "UPDATE authorship SET seq = 99 WHERE team_id = 'front-range' AND seq = 2; "
            "UPDATE authorship SET seq = 2 WHERE team_id = 'front-range' AND seq = 3; "
            "UPDATE authorship SET seq = 3 WHERE team_id = 'front-range' AND seq = 99"
        ),
        "front-range: link 2: message 5: it does not carry the hash of the link before",
    ),
    "hash": (
        "UPDATE authorship SET hash = x'00' WHERE message_id = 5",
        "front-range: link 3: message 5: its hash does not fit what it says",
    ),
    "hash of the last": (
        "UPDATE authorship SET hash = x'00' WHERE message_id = 9",
        "great-lakes: link 2: message 9: its hash does not fit what it says",
    ),
    "digest": (
        "UPDATE authorship SET digest = x'00' WHERE message_id = 5",
        "front-range: link 3: message 5: its hash does not fit what it says",
    ),
    "no link": (
        f"INSERT INTO message ({COLUMNS}) SELECT {COLUMNS} FROM message WHERE id = 5",
        "front-range: message 10: it is in no authorship chain",
    ),
    "link of no team": (
        f"INSERT INTO authorship (team_id, {SIX}) SELECT 'nobody', 1, 1, 1, 1, x'', x'', x''",
        "nobody: message 1: its team does not exist",
    ),
    "head's hash": (
        "UPDATE team SET chain_hash = x'00' WHERE id = 'great-lakes'",
        "great-lakes: link 2: the head of the chain is another",
    ),
    "head too far": (
        "UPDATE team SET chain_seq = 3 WHERE id = 'great-lakes'",
        "great-lakes: link 3: the chain ends before it, but its head says 3 links",
    ),
    "head set back": (
        (
            "UPDATE team SET chain_seq = 1, chain_hash = "
            "(SELECT hash FROM authorship WHERE team_id = 'great-lakes' AND seq = 1) WHERE id = 'great-lakes'"
        ),
        "great-lakes: link 2: the head of the chain says that there is none",
    ),
}


async def write(company: Company) -> None:
    """Nine messages: 1, 4 and 7 of customers; the answers 2, 3, 5 and 6 in one team's chain, 8 and 9 in another's."""
    ana, ben = await company.hire("ana", FRONT), await company.hire("ben", LAKES)
    token = await company.token(ana, may_reply=True)
    front = (await company.text()).thread
    for _ in range(2):
        await company.reply(ana.secret, front)
    await company.text()
    await company.reply(ana.secret, front)
    await company.reply(token, front)
    lakes = (await company.text(sender="+13125550142", team=LAKES, endpoint="+13125550100")).thread
    for _ in range(2):
        await company.reply(ben.secret, lakes)


@pytest.fixture(scope="session")
def histories(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder in which it was written, once on each engine."""

    async def written(engine: str, folder: Path) -> None:
        async with found(engine, folder) as company:
            await write(company)

    @cache
    def history(engine: str) -> Path:
        folder = tmp_path_factory.mktemp(f"history-{engine}")
        elsewhere(written(engine, folder))
        return folder

    return history


@pytest.fixture
def place(engine: str, tmp_path: Path, histories: Callable[[str], Path]) -> str:
    """A copy of it."""
    elsewhere(copy(engine, histories(engine), tmp_path))
    return place_now(engine, tmp_path)


def test_an_untouched_database_verifies(run: Run, place: str) -> None:
    """What nobody touched holds: every team's chain and head, and how much was written under what."""
    verified = run("verify")
    assert 0 == verified.exit_code
    *heads, total = verified.stdout.splitlines()
    assert "verified: 6 outbound messages, 5 under a session, 1 via token" == total
    stored = rows(place, "SELECT id, chain_seq, chain_hash FROM team ORDER BY id")
    assert [f"{team}: {seq} links, head {bytes(head).hex()[:16] or '-'}" for team, seq, head in stored] == heads


FILE_DAMAGE: dict[str, tuple[str, str]] = {
    "another file": (
        "UPDATE attachment SET hash = (SELECT hash FROM attachment WHERE id = 2) WHERE id = 1",
        "its text, files, evidence, address or time is not what was signed",
    ),
    "another order": (
        "UPDATE attachment SET position = 1 - position",
        "its text, files, evidence, address or time is not what was signed",
    ),
    "taken off": (
        "UPDATE attachment SET message_id = NULL, team_id = NULL WHERE id = 2",
        "it says that it has 2 files, and has 1",
    ),
    "forgotten": (
        "UPDATE attachment SET message_id = NULL, team_id = NULL; UPDATE message SET files = 0",
        "its text, evidence, address or time is not what was signed",
    ),
    "bytes lost": ("lost", "its file 1 is missing"),
    "bytes changed": ("changed", "its file 1 is not what was signed"),
}


@pytest.mark.parametrize("what", FILE_DAMAGE)
async def test_files(engine: str, tmp_path: Path, what: str) -> None:
    """Files are signed with the message: their bytes, their order and their number."""
    harm, fault = FILE_DAMAGE[what]
    files = LocalFiles(tmp_path / "files")
    async with found(engine, tmp_path) as company:
        ana = await company.hire("ana", FRONT)
        thread = (await company.text()).thread
        ids = tuple([await _upload(company, files, ana, content) for content in (b"one", b"two")])
        able = {"sms": Capabilities(max_files=2, max_file_bytes=10)}
        await company.reply(ana.secret, thread, channels=able, attachments=ids)
        assert 1 == (await verify_chains(company.store, files, lambda done, total: None)).sessions
        path = tmp_path / "files" / (one := hash_of(b"one"))[:2] / one[2:4] / one
        if harm == "lost":
            path.unlink()
        elif harm == "changed":
            path.write_bytes(b"One")
        else:
            for statement in harm.split("; "):
                await company.sql(statement)
        with pytest.raises(Broken, match=f"^team front-range: link 1: message 2: {fault}$"):
            await verify_chains(company.store, files, lambda done, total: None)


async def _upload(company: Company, files: LocalFiles, person: Person, content: bytes) -> int:
    async def name(tx: Tx) -> int:
        await hold(tx, (hash_of(content),), company.clock())
        kept = Kept(hash_of(content), "text/plain", len(content), "a.txt")
        return (await add_loose(tx, Owner.of_agent(person.id), kept, company.clock())).id

    await files.put(content)
    return await company.store.write(name)


async def test_a_thread_that_moved_verifies(engine: str, tmp_path: Path) -> None:
    """A thread may move to another team: what was written before stays in the chain of the team that wrote it."""
    async with found(engine, tmp_path) as company:
        ana, ben = await company.hire("ana", FRONT), await company.hire("ben", LAKES)
        thread = (await company.text()).thread
        await company.reply(ana.secret, thread)
        await company.move(thread, LAKES)
        await company.reply(ben.secret, thread)
        tally = await verify_chains(company.store, LocalFiles(company.folder / "files"), lambda done, total: None)
        assert {FRONT: 1, LAKES: 1} == {team: links for team, (links, _) in tally.heads.items() if links}


def test_what_the_demo_wrote_is_counted_apart(run: Run, place: str) -> None:
    """Messages of the demo's people are not told as written under a session or token."""
    assert 1 == damage(place, "UPDATE agent SET demo = 1 WHERE login = 'ana'")
    *_, total = run("verify").stdout.splitlines()
    assert "verified: 6 outbound messages, 2 under a session, 0 via token, 4 of the demo" == total


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_found_and_named(run: Run, place: str, kind: str) -> None:
    """Each kind of damage ends with exit code 1 and the first row that does not hold."""
    script, said = DAMAGE[kind]
    assert damage(place, script) > 0
    verified = run("verify")
    assert (1, f"broken: team {said}\n") == (verified.exit_code, verified.stdout)


async def test_it_is_right_while_messages_are_written(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chains that grow while they are walked, a few links at a time, verify up to where they stood."""
    monkeypatch.setattr(proof, "PAGE", 3)
    async with found(engine, tmp_path) as company:
        ana = await company.hire("ana", FRONT, LAKES)
        threads = [(await company.text(team=team, endpoint=team)).thread for team in (FRONT, LAKES)]
        flowing = True

        async def answer() -> None:
            while flowing:
                await asyncio.gather(*(company.reply(ana.secret, thread) for thread in threads))

        pouring = asyncio.create_task(answer())
        tallies: list[Tally] = [
            await verify_chains(company.store, LocalFiles(company.folder / "files"), lambda done, total: None)
            for _ in range(8)
        ]
        flowing = False
        await pouring
        counts = [tally.sessions for tally in tallies]
        assert sorted(counts) == counts
        whole = await verify_chains(company.store, LocalFiles(company.folder / "files"), lambda done, total: None)
        assert [(whole.sessions,)] == await company.rows("SELECT count(*) FROM message WHERE direction = 'out'")
