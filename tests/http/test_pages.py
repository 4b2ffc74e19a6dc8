"""Pages, and what operators are shown."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import NoRoom, Unavailable
from gateway.http import health
from gateway.http.deps import DemoPhone, Reading
from gateway.http.server import make_operator_app
from gateway.store import attempts
from gateway.store.store import Store
from tests.http.running import Desk, listen, running

PHONE = DemoPhone("phone", "+13035550142", "+13035550199", "Front Range")


async def test_console(desk: Desk) -> None:
    """The console's page lets nothing in but our own files, and nobody frame it."""
    async with desk.http.get(f"{desk.url}/console") as response:
        policy = response.headers["Content-Security-Policy"].split("; ")
        assert (200, "text/html") == (response.status, response.content_type)
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} < set(policy)
    assert "require-trusted-types-for 'script'" in policy
    assert not [rule for rule in policy if "unsafe" in rule]
    assert ("nosniff", "no-referrer", "same-origin", False) == (
        response.headers["X-Content-Type-Options"],
        response.headers["Referrer-Policy"],
        response.headers["Cross-Origin-Opener-Policy"],
        "Strict-Transport-Security" in response.headers,
    )


async def test_https(engine: str, tmp_path: Path) -> None:
    """Behind https, browsers are told to stay there."""
    async with (
        running(tmp_path, "https://care.example.com", engine=engine) as desk,
        desk.http.get(f"{desk.url}/console") as response,
    ):
        assert "max-age=31536000" == response.headers["Strict-Transport-Security"]


async def test_home(desk: Desk) -> None:
    """The front door leads to the console."""
    async with desk.http.get(desk.url, allow_redirects=False) as response:
        assert (302, "/console") == (response.status, response.headers["Location"])


async def test_static(desk: Desk) -> None:
    """A file is sent once, and 304 while it has not changed; its type is right, since browsers may not guess."""
    url = f"{desk.url}/static/teamline.css"
    async with desk.http.get(url) as response:
        etag, size = response.headers["ETag"], len(await response.read())
        assert ("text/css; charset=utf-8", "no-cache") == (
            response.headers["Content-Type"],
            response.headers["Cache-Control"],
        )
    async with desk.http.get(url, headers={"If-None-Match": f'"other", W/{etag}'}) as response:
        assert (304, b"") == (response.status, await response.read())
    async with desk.http.head(url) as response:
        assert (200, str(size)) == (response.status, response.headers["Content-Length"])


@pytest.mark.parametrize("page", ["chat", "console"])
async def test_service_workers(desk: Desk, page: str) -> None:
    """A page's service worker may be for that page, is asked for anew each time, and may do what the page may."""
    async with desk.http.get(f"{desk.url}/static/{page}/worker.js") as response:
        assert (200, f"/{page}", "no-cache") == (
            response.status,
            response.headers["Service-Worker-Allowed"],
            response.headers["Cache-Control"],
        )
        assert {"worker-src 'self'", "connect-src 'self'"} < set(
            response.headers["Content-Security-Policy"].split("; ")
        )
    async with desk.http.get(f"{desk.url}/static/{page}/{'chat' if page == 'chat' else 'desk'}.js") as response:
        assert "Service-Worker-Allowed" not in response.headers


async def test_what_service_workers_share(desk: Desk) -> None:
    """What both import is asked for anew each time too, and is itself no page's worker."""
    async with desk.http.get(f"{desk.url}/static/console/push.js") as response:
        assert (200, "text/javascript; charset=utf-8", "no-cache") == (
            response.status,
            response.headers["Content-Type"],
            response.headers["Cache-Control"],
        )
        assert "Service-Worker-Allowed" not in response.headers


async def test_no_demo(desk: Desk) -> None:
    """There is no phone on the screen where there is no demo."""
    for path in ("/demo", "/demo/config.json"):
        async with desk.http.get(desk.url + path) as response:
            assert 404 == response.status


async def test_demo(engine: str, tmp_path: Path) -> None:
    """The demo's phone learns its numbers, on this machine only."""
    async with running(tmp_path, engine=engine, demo=PHONE) as desk:
        url = f"{desk.url}/demo/config.json"
        expected = {
            "channel": "phone",
            "number": "+13035550142",
            "team_number": "+13035550199",
            "team_name": "Front Range",
            "console": "/console",
            "past": [],
        }
        async with desk.http.get(url) as response:
            assert expected == await response.json()
        for headers in ({"X-Forwarded-For": "192.0.2.1"}, {"Host": "demo.example.com"}):
            async with desk.http.get(url, headers=headers) as response:
                assert 404 == response.status


async def test_health(desk: Desk) -> None:
    """It is up, and it is ready on a version of the config."""
    async with desk.http.get(f"{desk.url}/healthz") as response:
        assert {"status": "up"} == await response.json()
    async with desk.http.get(f"{desk.url}/readyz") as response:
        config = {"version": desk.deps.settings().version, "faults": 0}
        assert {"status": "ready", "config": config} == await response.json()


async def test_not_ready(engine: str, tmp_path: Path) -> None:
    """Without a database it is up and not ready."""

    class Down:
        async def read(self, *_: Any) -> None:
            raise Unavailable

    async with running(tmp_path, engine=engine, wrap=lambda _store: Down()) as desk:
        async with desk.http.get(f"{desk.url}/readyz") as response:
            assert (503, "1") == (response.status, response.headers["Retry-After"])
        async with desk.http.get(f"{desk.url}/healthz") as response:
            assert 200 == response.status


async def test_a_look_is_shared(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks whether it is ready, and however often, costs the database one real write in a while, also when that
    fails."""
    monkeypatch.setattr(health, "READY_SECONDS", 60.0)
    looks: list[str] = []

    def counting(store: Store) -> Any:
        class Counting:
            def __getattr__(self, name: str) -> Any:
                return getattr(store, name)

            async def write(self, action: Any, *args: Any) -> Any:
                if action is attempts.pass_by:
                    looks.append("write")
                    if len(looks) == 1:
                        raise NoRoom
                return await store.write(action, *args)

        return Counting()

    async with running(tmp_path, engine=engine, wrap=counting) as desk:

        async def asked() -> int:
            async with desk.http.get(f"{desk.url}/readyz") as response:
                return response.status

        assert [503] * 9 == await asyncio.gather(*(asked() for _ in range(9)))
        assert ["write"] == looks
        monkeypatch.setattr(health, "READY_SECONDS", 0.0)
        assert 200 == await asked()
        assert ["write"] * 2 == looks


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X-Forwarded-For": "127.0.0.1"}, 404),
        ({"Forwarded": "x"}, 404),
        ({"Host": "care.example.com"}, 404),
    ],
)
async def test_metrics(desk: Desk, headers: dict[str, str], status: int) -> None:
    """Metrics are for a request of this machine itself; for all others there is no such thing."""
    async with desk.http.get(f"{desk.url}/metrics", headers=headers) as response:
        assert status == response.status


async def test_operator_listener(engine: str, tmp_path: Path) -> None:
    """The operators' listener shows metrics to whoever reaches it, others' readings too, and nothing else."""
    reading = Reading("teamline_things", "Things.", lambda: {"a": 1.0, "b": 2.0}, label="kind")
    async with running(tmp_path, engine=engine, readings=(reading,)) as desk, AsyncExitStack() as stack:
        url = await listen(stack, make_operator_app(desk.deps))
        async with desk.http.get(f"{url}/metrics", headers={"Host": "prometheus.example.com"}) as response:
            text = await response.text()
            assert {'teamline_things{kind="a"} 1.0', 'teamline_things{kind="b"} 2.0'} < set(text.splitlines())
        async with desk.http.get(f"{url}/console") as response:
            assert 404 == response.status
