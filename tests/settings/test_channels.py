"""The live channels: what is changed, added and removed while calls are under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from gateway.channels.registry import Channel, Channels
from gateway.errors import ConfigError, NotFound
from gateway.settings import load

URL = "https://care.example.com"


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def read(folder, write, environ):
    """The channels of the folder, after its sms.toml got these lines."""

    def lines(text: str = "") -> list[Channel]:
        write("adapters/sms.toml", f'adapter = "parrot"\ntoken = {{ env = "PARROT_TOKEN" }}\n{text}')
        return list(load(folder, environ).channels.values())

    return lines


async def test_an_adapter_gets_its_surroundings(read, http) -> None:
    """A channel knows its name, the public URL and the shared session."""
    channels = Channels()
    await channels.apply(read(), URL, http)
    adapter = channels.get("sms")
    assert ["sms"] == list(channels)
    assert adapter.context.hook_url("messages") == "https://care.example.com/hooks/sms/messages"
    assert http is adapter.context.http


async def test_an_unchanged_channel_is_kept(read, http) -> None:
    """Reading the same folder again changes no adapter."""
    channels = Channels()
    await channels.apply(read(), URL, http)
    before = channels.get("sms")
    await channels.apply(read("# a comment\n"), URL, http)
    assert before is channels.get("sms")
    assert before.closed == 0


async def test_a_changed_channel_waits_for_its_calls(read, http) -> None:
    """New calls go to the new adapter at once; the old one is closed when its last call ends, once."""
    channels = Channels()
    await channels.apply(read(), URL, http)
    async with channels.use("sms") as first:
        async with channels.use("sms") as second:
            await channels.apply(read("pace = 2\n"), URL, http)
            async with channels.use("sms") as new:
                assert new.config.pace == 2
            assert first is second
        assert first.closed == 0
    assert first.closed == 1
    assert new.closed == 0


async def test_a_removed_channel_is_gone_for_new_calls(read, http) -> None:
    """What is removed finishes its calls, and is not found any more."""
    channels = Channels()
    await channels.apply(read(), URL, http)
    async with channels.use("sms") as adapter:
        await channels.apply([], URL, http)
        assert channels.get("sms") is None
        with pytest.raises(NotFound):
            await channels.use("sms").__aenter__()
        assert adapter.closed == 0
    assert adapter.closed == 1


async def test_a_new_public_url_changes_every_channel(read, http) -> None:
    """Callback URLs are made from it, so nothing keeps the old one."""
    channels = Channels()
    await channels.apply(read(), URL, http)
    old = channels.get("sms")
    await channels.apply(read(), "https://help.example.com", http)
    assert channels.get("sms").context.public_url == "https://help.example.com"
    assert old.closed == 1


async def test_a_channel_that_cannot_start_changes_nothing(read, http) -> None:
    """An adapter that fails is a fault without its words, and the channels stay as they were."""
    channels = Channels()
    good = read()
    await channels.apply(good, URL, http)
    before = channels.get("sms")
    with pytest.raises(ConfigError) as caught:
        await channels.apply(read("pace = 666\n"), URL, http)
    right = "see the adapter's own documentation"
    assert f"config/adapters/sms.toml:0: adapter: cannot be started (RuntimeError); {right}" == str(caught.value)
    assert before is channels.get("sms")
    assert before.closed == 0


async def test_closing_waits_for_the_last_call(read, http) -> None:
    """At the end nothing is cut off."""
    channels = Channels()
    await channels.apply(read(), URL, http)
    async with channels.use("sms") as adapter:
        closing = asyncio.create_task(channels.close())
        done, _ = await asyncio.wait({closing}, timeout=0.01)
        assert set() == done
        assert adapter.closed == 0
    await closing
    assert adapter.closed == 1


async def test_a_failing_call_gives_its_lease_back(read, http) -> None:
    """However a call ends, cancellation included, it ends."""
    channels = Channels()
    await channels.apply(read(), URL, http)
    with pytest.raises(asyncio.CancelledError):
        async with channels.use("sms") as adapter:
            raise asyncio.CancelledError
    await channels.close()
    assert adapter.closed == 1
