"""What this process counts for its operators (Prometheus). Labels are ours and few: channels, routes, statuses."""

from __future__ import annotations

from functools import cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

WAITS: Final = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)
"""Seconds that a customer may wait for a person."""


class Metrics:
    """The counters of one process. A label's child is looked up once and kept: `labels` costs more than `inc`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        inbound = self._counter("teamline_inbound_messages", "Messages from customers, committed", "channel")
        repeated = self._counter("teamline_inbound_repeats", "Messages that had been stored already", "channel")
        reports = self._counter("teamline_delivery_reports", "Delivery reports, committed", "channel")
        refused = self._counter("teamline_webhook_refusals", "Webhook requests refused", "channel", "status")
        requests = self._counter("teamline_http_requests", "HTTP requests by route", "route", "status")
        self.inbound = cache(inbound.labels)
        self.repeated = cache(repeated.labels)
        self.reports = cache(reports.labels)
        self.refused = cache(refused.labels)
        self.requests = cache(requests.labels)

        self.waited = Histogram(
            "teamline_request_to_human_seconds",
            "How long customers who wanted to be called now waited until a person began.",
            buckets=WAITS,
            registry=self.registry,
        )

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(name, words, labels, registry=self.registry)
