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
from tests.cli.damages import DAMAGE
from tests.company import FRONT, LAKES, Company, Person, found
from tests.engines import copy, place_now
from tests.postgres import elsewhere
from tests.raw import damage, rows


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
