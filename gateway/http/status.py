"""The status of the whole gateway, for admins and for `teamline status`: what the process and the database know."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from gateway.actions.overview import NOTHING_UNDER_WAY, Overview, facts, held_notice
from gateway.domain.instant import rfc3339
from gateway.domain.traffic import Seen
from gateway.domain.wire import Json
from gateway.http.deps import Deps
from gateway.http.route import answer


def status(deps: Deps, known: Overview) -> Json:
    settings, config = deps.settings(), deps.config()
    return {
        "version": settings.version,
        "listen": str(settings.listen),
        "faults": [asdict(fault) for fault in config.faults],
        "notices": [*config.notices, *held_notice(known)],
        "started_at": rfc3339(deps.started_at),
        "streams": len(deps.feed),
        "channels": [
            {"name": name, "adapter": channel.config.adapter}
            | _traffic(deps.channels.traffic.seen().get(name, Seen()), known.traffic.get(name, Seen()))
            | known.under_way.get(name, NOTHING_UNDER_WAY)
            | {"configuration": [_error(deps, name, one) for one in known.misconfigured.get(name, ())]}
            for name, channel in sorted(settings.channels.items())
        ],
        "people": known.people,
        "tokens": known.tokens,
    }


def _error(deps: Deps, channel: str, known: Json) -> Json:
    """With the provider's own page about it, where there is one."""
    adapter = deps.channels.get(channel)
    link = adapter.error_page(known["code"]) if adapter is not None and known["code"] else None
    return known if link is None else known | {"link": link}


def _traffic(now: Seen, before: Seen) -> Json:
    """The newest, of what this process has seen and of what was written down, by other nodes too."""
    shape: Json = {}
    for name in ("last_in", "last_out"):
        at = max(getattr(now, name) or 0, getattr(before, name) or 0)
        if at:
            shape[name] = rfc3339(at)
    error = max(now, before, key=lambda seen: seen.last_error or 0)
    if error.last_error is not None:
        shape["last_error"] = {"at": rfc3339(error.last_error), "detail": error.error_detail or ""}
        if error.error_code is not None:
            shape["last_error"]["code"] = error.error_code
    return shape


class LocalStatus:
    """/status.json, for `teamline status` on this machine."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    async def status(self, _request: web.Request) -> web.StreamResponse:
        return answer(status(self._deps, await self._deps.store.read(facts)))
