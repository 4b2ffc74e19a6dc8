"""The ways to a customer: what is closed says so before anything is written, and what can be reached is offered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.actions.receive import Arrival, receive
from gateway.actions.report import Saying, report
from gateway.channels.contract import DeliveryReport, Inbound
from gateway.domain.address import Address
from gateway.domain.message import TeamId
from gateway.errors import Unavailable
from gateway.store.store import Lane, Tx
from tests.http.running import CONFIG, CUSTOMER, DENVER, POOL, RENO, Desk, running, signed, text_form

CONSENT = {"who": "Ann Lee", "when": "2026-11-01T09:00:00-07:00", "how": "on the order form"}
OTHER, AGENT = "whatsapp:+13035550101", "rcs:brand_agent"


async def says(desk: Desk, body: str, endpoint: str = DENVER, **meaning: Any) -> None:
    """A text with what it means to the carrier."""
    inbound = Inbound(f"X{desk.clock()}", Address("sms", CUSTOMER), endpoint, body, **meaning)
    arrival = Arrival("sms", inbound, TeamId("denver"), False, desk.clock())
    await desk.store.write_each(receive, arrival, Lane.INGEST)


async def ways(desk: Desk) -> list[dict[str, Any]]:
    _, thread = await desk.call("ana", "GET", f"/threads/{await desk.thread('ana')}")
    found: list[dict[str, Any]] = thread["ways"]
    return found


async def test_ways_of_a_thread(desk: Desk) -> None:
    """A thread says where the customer last wrote, what fits there, and nothing of a problem where there is none."""
    await desk.text("hello")
    (way,) = await ways(desk)
    expected = {"id": "1", "channel": "sms", "kind": "sms", "address": CUSTOMER, "endpoint": DENVER}
    assert expected | {"last": True, "ok": True} == {
        name: value for name, value in way.items() if not name.startswith(("max_", "file_"))
    }
    assert 1600 == way["max_body"]


async def test_a_closed_way(desk: Desk) -> None:
    """After STOP a reply is 409 with its own type, the way says since when, and a later text that they wrote again."""
    await desk.text("hello")
    await says(desk, "STOP", opt="out", answered=True)
    path = f"/threads/{await desk.thread('ana')}"
    status, problem = await desk.call("ana", "POST", f"{path}/messages", {"body": "hi"})
    assert (409, "/problems/opted-out") == (status, problem["type"])
    (way,) = await ways(desk)
    assert (False, "opted-out", True, False) == (way["ok"], way["problem"], "since" in way, "wrote_again" in way)
    _, thread = await desk.call("ana", "GET", path)
    assert None is thread["reply_to"]
    await desk.text("hello again")
    (way,) = await ways(desk)
    assert (False, True) == (way["ok"], way["wrote_again"])
    await says(desk, "START", opt="in")
    assert 202 == (await desk.call("ana", "POST", f"{path}/messages", {"body": "hi"}))[0]
    _, page = await desk.call("ana", "GET", f"{path}/messages?include=events")
    events = [(item["event"], item["author"]["name"]) for item in page["items"] if "event" in item]
    assert [("line.opted_out", CUSTOMER), ("line.opted_in", CUSTOMER)] == events


async def test_another_way_may_be_picked(desk: Desk) -> None:
    """A reply takes the way that is named, and an unknown one is 409 like a channel that leads nowhere."""
    await desk.text("hello", to=POOL)
    await desk.text("hello")
    path = f"/threads/{await desk.thread('ana')}/messages"
    last, other = await ways(desk)
    assert (True, DENVER, False, POOL) == (last["last"], last["endpoint"], other["last"], other["endpoint"])
    status, _ = await desk.call("ana", "POST", path, {"body": "hi", "way": other["id"]})
    assert 202 == status
    status, problem = await desk.call("ana", "POST", path, {"body": "hi", "way": "77"})
    assert (409, "/problems/unreachable") == (status, problem["type"])
    assert 422 == (await desk.call("ana", "POST", path, {"body": "hi", "way": "x"}))[0]


async def test_opt_out_by_hand(desk: Desk) -> None:
    """A person closes a way with a note on how they were asked; others' threads and ways are not there."""
    await desk.text("please stop writing to me")
    path = f"/threads/{await desk.thread('ana')}/opt-out"
    note = {"way": "1", "note": "asked in words"}
    assert 404 == (await desk.call("ben", "POST", path, note))[0]
    assert 404 == (await desk.call("ana", "POST", path, note | {"way": "2"}))[0]
    assert 422 == (await desk.call("ana", "POST", path, note | {"note": " "}))[0]
    status, answer = await desk.call("ana", "POST", path, note)
    assert (200, ["opted-out"]) == (status, [way["problem"] for way in answer["ways"]])


async def test_writing_first(desk: Desk) -> None:
    """With a consent, a first message makes the thread and the message, once for each key; both are as in a list."""
    order = {"channel": "sms", "address": "+17205550177", "body": "Your part is here", "consent": CONSENT}
    made: dict[str, Any] = {}
    for _ in range(2):
        status, made = await desk.call("ana", "POST", "/threads", order, headers={"Idempotency-Key": "k"})
        assert (201, "denver", "queued") == (status, made["thread"]["team"], made["message"]["delivery"]["state"])
    _, inbox = await desk.call("ana", "GET", "/threads?view=all")
    assert [made["thread"]] == inbox["items"]
    _, thread = await desk.call("ana", "GET", f"/threads/{made['thread']['id']}")
    (consent,) = thread["consents"]
    assert ("Ann Lee", "2026-11-01T16:00:00.000000Z", "Ana") == (
        consent["who"],
        consent["when"],
        consent["recorded_by"]["name"],
    )
    assert DENVER == thread["reply_to"]["endpoint"]


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"consent": None}, 422, "invalid"),
    ({"consent": CONSENT | {"how": ""}}, 422, "invalid"),
    ({"consent": CONSENT | {"when": "yesterday"}}, 422, "invalid"),
    ({"consent": CONSENT | {"when": "2026-11-01T09:00:00"}}, 422, "invalid"),
    ({"consent": CONSENT | {"when": "2030-11-01T09:00:00Z"}}, 422, "invalid"),
    ({"consent": CONSENT | {"when": "1989-12-31T23:59:59Z"}}, 422, "invalid"),
    ({"consent": CONSENT | {"when": "0001-01-01T00:00:00+14:00"}}, 422, "invalid"),
    ({"consent": CONSENT | {"when": "9999-12-31T23:59:59-14:00"}}, 422, "invalid"),
    ({"address": DENVER}, 422, "invalid"),
    ({"address": f"whatsapp:{POOL}"}, 422, "invalid"),
    ({"address": "+13035550199"}, 422, "invalid"),
    ({"address": "rcs:+17205550177"}, 409, "unreachable"),
    ({"from": f"whatsapp:{DENVER}"}, 409, "unreachable"),
    ({"address": "+17755550177", "from": POOL}, 409, "unreachable"),
    ({"address": "+17755550177", "from": POOL, "team": "denver"}, 409, "unreachable"),
    ({"address": "nobody"}, 422, "invalid"),
    ({"from": "+19995550100"}, 422, "invalid"),
    ({"body": "x" * 1601}, 422, "invalid"),
    ({"body": ""}, 422, "invalid"),
    ({"channel": "phone"}, 409, "unreachable"),
    ({"channel": "pigeon"}, 409, "unreachable"),
    ({"from": RENO}, 409, "unreachable"),
    ({"team": "reno"}, 409, "unreachable"),
    ({"address": CUSTOMER}, 409, "opted-out"),
]


@pytest.mark.parametrize(("change", "expected", "slug"), REFUSED)
async def test_writing_first_is_refused(desk: Desk, change: dict[str, Any], expected: int, slug: str) -> None:
    """Without consent, without a way, for an opt-out: refused by type, and nothing is sent."""
    await says(desk, "STOP", opt="out")
    order = {"channel": "sms", "address": "+17205550177", "body": "Your part is here", "consent": CONSENT} | change
    order = {name: value for name, value in order.items() if value is not None}
    status, problem = await desk.call("ana", "POST", "/threads", order)
    assert (expected, f"/problems/{slug}") == (status, problem["type"])
    _, inbox = await desk.call("ana", "GET", "/threads?view=all")
    assert ["in"] == [row["last_message"]["direction"] for row in inbox["items"]]


async def test_our_own_set_up(desk: Desk) -> None:
    """An admin sees what is wrong with our set-up, with the provider's page where the adapter knows one."""
    await desk.person("dana", role="admin")
    said = DeliveryReport("failed", "SM" + "0" * 32, None, "30034", "Not registered.", "configuration")
    await desk.store.write_each(report, Saying("sms", said, desk.clock()), Lane.INGEST)
    _, answer = await desk.call("dana", "GET", "/status")
    channels = {row["name"]: row["configuration"] for row in answer["channels"]}
    (known,) = channels["sms"]
    assert ("30034", "Not registered.", 1, []) == (known["code"], known["detail"], known["count"], channels["phone"])
    assert known["link"].startswith("https://www.twilio.com/docs/")


async def test_a_webhook_that_was_not_taken_is_remembered(engine: str, tmp_path: Path) -> None:
    """A 503 by our fault tells whoever looks for missed messages; a refusal by theirs does not."""
    noticed: list[bool] = []

    class Full:
        def __init__(self, store: Any) -> None:
            self._store = store

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

        async def write_each(self, *_: Any) -> None:
            raise Unavailable

    async with running(tmp_path, engine=engine, wrap=Full, outage=lambda: noticed.append(True)) as desk:
        assert 403 == await desk.text("hello", token="wrong")
        assert [] == noticed
        assert 503 == await desk.text("hello")
        assert [True] == noticed


async def test_where_one_may_write_first_from(desk: Desk) -> None:
    """The doors are those addresses of ours, of channels that can be written from first, that fit one's own teams."""
    _, hers = await desk.call("ana", "GET", "/doors")
    assert ["sms"] == [door["channel"] for door in hers["items"]]
    _, his = await desk.call("ben", "GET", "/doors")
    assert ({DENVER, POOL}, {RENO, POOL}) == tuple(set(mine["items"][0]["endpoints"]) for mine in (hers, his))
    assert 401 == (await desk.call(None, "GET", "/doors"))[0]


SENDERS = [
    ((), "+17205550177", "", DENVER),
    ((), "whatsapp:+17205550177", "", f"whatsapp:{DENVER}"),
    ((), "whatsapp:+17205550177", DENVER, f"whatsapp:{DENVER}"),
    ((OTHER,), "+17205550177", "", DENVER),
    ((OTHER,), "whatsapp:+17205550177", "", OTHER),
    ((OTHER,), "whatsapp:+17205550177", DENVER, None),
    ((OTHER,), "+17205550177", OTHER, None),
    ((OTHER, AGENT), "rcs:+17205550177", "", AGENT),
    ((OTHER, AGENT), "+17205550177", AGENT, None),
    ((OTHER,), "+17755550177", "", DENVER),
]


@pytest.mark.parametrize(("also", "address", "sender", "expected"), SENDERS)
async def test_the_sender_is_of_the_kind_of_the_address(
    engine: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    also: tuple[str, ...],
    address: str,
    sender: str,
    expected: str,
) -> None:
    """A text leaves from a number that texts, WhatsApp from the WhatsApp number, RCS from its agent; where no WhatsApp
    number is listed, the plain one has its account there."""
    listed = "".join(f'"{each}" = "denver"\n' for each in also)
    service = f'messaging_service_sid = "MG{"2" * 32}"\n[numbers]'
    monkeypatch.setitem(CONFIG, "adapters/sms.toml", CONFIG["adapters/sms.toml"].replace("[numbers]", service) + listed)
    async with running(tmp_path, engine=engine) as desk:
        await desk.person("ana", "denver")
        order = {"channel": "sms", "address": address, "body": "hi", "consent": CONSENT}
        status, made = await desk.call("ana", "POST", "/threads", order | ({"from": sender} if sender else {}))
        if expected is None:
            assert (409, "/problems/unreachable") == (status, made["type"])
        else:
            _, thread = await desk.call("ana", "GET", f"/threads/{made['thread']['id']}")
            assert [expected] == [way["endpoint"] for way in thread["ways"]]


@pytest.mark.parametrize("sender", [None, DENVER, f"whatsapp:{DENVER}"])
async def test_another_team_s_customer_is_out_of_reach(desk: Desk, sender: str | None) -> None:
    """Whoever wrote to another team is theirs, by whatever number and service one tries; nothing is made."""
    await desk.text("hello", to=RENO)
    for address in (CUSTOMER, f"whatsapp:{CUSTOMER}"):
        order = {"channel": "sms", "address": address, "body": "hi", "consent": CONSENT}
        status, problem = await desk.call("ana", "POST", "/threads", order | ({"from": sender} if sender else {}))
        assert (409, "/problems/unreachable") == (status, problem["type"])
    assert [] == (await desk.call("ana", "GET", "/threads?view=all"))[1]["items"]


async def test_a_bad_time_in_a_row_breaks_no_page(desk: Desk) -> None:
    """A consent that an earlier version took from before the calendar is shown as its first moment."""
    order = {"channel": "sms", "address": "+17205550177", "body": "hi", "consent": CONSENT}
    _, made = await desk.call("ana", "POST", "/threads", order)

    async def spoil(tx: Tx) -> None:
        await tx.run("UPDATE consent SET given_at = ?1", -(2**62))

    await desk.store.write(spoil)
    status, thread = await desk.call("ana", "GET", f"/threads/{made['thread']['id']}")
    assert (200, "0001-01-01T00:00:00.000000Z") == (status, thread["consents"][0]["when"])


async def test_a_text_survives_its_bad_file(desk: Desk) -> None:
    """A signed form with a MediaUrl that is none: the text is in the thread, its file beside it, the URL nowhere."""
    form = text_form("look at this") | {"NumMedia": "1", "MediaUrl0": "file:///etc/passwd", "MediaContentType0": "<b>"}
    headers = signed(f"{desk.deps.settings().public_url}/hooks/sms/messages", form)
    async with desk.http.post(f"{desk.url}/hooks/sms/messages", data=form, headers=headers) as response:
        assert 200 == response.status
    _, page = await desk.call("ana", "GET", f"/threads/{await desk.thread('ana')}/messages")
    (message,) = page["items"]
    (file,) = message["attachments"]
    assert ("look at this", "application/octet-stream") == (message["body"], file["type"])
    assert "passwd" not in str(page)
