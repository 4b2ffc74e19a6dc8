"""What the parts of a running gateway count by themselves, under the names that operators see it by."""

from __future__ import annotations

from gateway.catch_up import CatchUp
from gateway.feed.follow import Feed
from gateway.http.deps import Reading
from gateway.outbox.dialer import Dialer
from gateway.outbox.worker import Outbox
from gateway.scheduler import Nodes
from gateway.settings.watch import Watcher
from gateway.store.store import Store


def readings(
    store: Store, feed: Feed, outbox: Outbox, dialer: Dialer, catch_up: CatchUp, watcher: Watcher, nodes: Nodes
) -> tuple[Reading, ...]:
    def waiting() -> dict[str, float]:
        stats = store.stats()
        return {
            "people": stats.people_waiting,
            "ingest": stats.ingest_waiting,
            "reads": stats.reads_waiting,
        }

    return (
        Reading("teamline_store_waiting", "Calls that wait for the database.", waiting, label="lane"),
        Reading(
            "teamline_store_actions_total",
            "Transactions committed.",
            lambda: {"": store.stats().actions},
            kind="counter",
        ),
        Reading("teamline_store_batches_total", "Group commits.", lambda: {"": store.stats().batches}, kind="counter"),
        Reading("teamline_store_wal_bytes", "Size of the write-ahead log.", lambda: {"": store.stats().wal_bytes}),
        Reading("teamline_feed_streams", "Open event streams.", lambda: {"": len(feed)}),
        Reading(
            "teamline_outbox_attempts_total",
            "Attempts to send, by how they ended.",
            lambda: dict(outbox.endings),
            label="ending",
            kind="counter",
        ),
        Reading(
            "teamline_dialer_attempts_total",
            "Attempts to ring an agent's phone for a call, by how they ended.",
            lambda: dict(dialer.endings),
            label="ending",
            kind="counter",
        ),
        Reading(
            "teamline_caught_up_messages_total",
            "Messages that an outage had kept out, brought in from the provider's list.",
            lambda: dict(catch_up.brought),
            label="channel",
            kind="counter",
        ),
        Reading("teamline_outbox_sending", "Sends and look-ups under way.", outbox.sending, label="channel"),
        Reading(
            "teamline_config_faults",
            "Faults that kept a changed config out.",
            lambda: {"": len(watcher.faults)},
        ),
        Reading("teamline_nodes", "Nodes that serve this database, this one included.", lambda: {"": len(nodes)}),
        Reading(
            "teamline_config_differs",
            "Nodes of this database that run on another version of the config than this one.",
            lambda: {"": sum(nodes.others.values())},
        ),
    )
