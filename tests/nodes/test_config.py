"""Nodes know of one another, and a node whose config differs says so wherever an operator looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.scheduler import nodes as scheduler
from gateway.store import nodes as stored
from gateway.store.store import Tx
from tests.nodes.conftest import Node, serving, settings_of
from tests.outbox.provider import until


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "BEAT", 0.05)


async def ready(node: Node) -> dict[str, Any]:
    async with node.http.get(f"{node.url}/readyz") as answer:
        assert 200 == answer.status
        config: dict[str, Any] = (await answer.json())["config"]
        return config


async def gauges(node: Node) -> list[float]:
    async with node.http.get(f"{node.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    names = ("teamline_nodes ", "teamline_config_differs ")
    return [float(line.rpartition(" ")[2]) for name in names for line in lines if line.startswith(name)]


async def test_nodes_of_one_config_agree(pair: tuple[Node, Node]) -> None:
    """Two nodes that listen elsewhere have the same config: both are counted, and nobody is told of a difference."""
    here, there = pair
    await until(lambda: [2, 2] == [len(node.gateway.nodes) for node in pair])
    for node in pair:
        assert {"version": node.gateway.settings.version, "faults": 0} == await ready(node)
        assert [2, 0] == await gauges(node)
    assert here.gateway.settings.version == there.gateway.settings.version


async def test_another_config_is_told_of(tmp_path: Path) -> None:
    """A node with another version says which and how many run on it, until it leaves, and is ready all the same."""
    async with serving(await settings_of(tmp_path)) as here:
        await here.person("dana", role="admin")
        async with serving(await settings_of(tmp_path, "two")) as there:
            await until(lambda: len(here.gateway.nodes) == 2)
            other = there.gateway.settings.version
            own = here.gateway.settings.version
            assert {"version": own, "faults": 0, "others": {other: 1}} == await ready(here)
            assert [2, 1] == await gauges(here)
            _, status = await here.call("dana", "GET", "/status")
            assert [f"another node runs on config {other}, and this one on {own}"] == status["notices"]
        await until(lambda: len(here.gateway.nodes) == 1)
        assert [1, 0] == await gauges(here)


async def test_a_node_that_waits_for_a_restart_says_so(pair: tuple[Node, Node]) -> None:
    """A node that has taken over a config and still uses the database of the one before does not look like one that was
    restarted with it."""
    here, _ = pair
    watcher = here.gateway.watcher
    toml = watcher.current.folder / "gateway.toml"
    before = toml.read_text(encoding="utf-8")
    toml.write_text(before.replace("[files]", 'password = { file = "teams.toml" }\n[files]'), encoding="utf-8")
    await watcher.reload()
    version = watcher.current.version
    shape = {"version": version, "faults": 0, "needs_restart": ["database.password"]}
    assert shape == {key: value for key, value in (await ready(here)).items() if key != "others"}
    toml.write_text(before, encoding="utf-8")
    await watcher.reload()
    assert "needs_restart" not in await ready(here)


async def test_it_is_not_another_of_its_own(pair: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch) -> None:
    """From when a node takes up another config until its next word to the others, it does not count its own former
    version as somebody else's."""
    here, _ = pair
    nodes = here.gateway.nodes
    await until(lambda: nodes.configs == {nodes._version(): 2})
    before = nodes._version()
    monkeypatch.setattr(scheduler, "BEAT", 3_600)
    await nodes.beat()
    monkeypatch.setattr(nodes, "_version", lambda: "new")
    assert {before: 1} == nodes.others


async def test_who_is_silent_is_forgotten(pair: tuple[Node, Node]) -> None:
    """A node that died is counted until it has been silent for a minute."""
    here, _ = pair
    store = here.store
    await store.write(stored.seen, "dead", "old")
    await until(lambda: here.gateway.nodes.others == {"old": 1})

    async def age(tx: Tx) -> None:
        await tx.run("UPDATE node SET seen_at = seen_at - ?1 WHERE id = 'dead'", stored.SILENT)

    await store.write(age)
    await until(lambda: here.gateway.nodes.others == {})
