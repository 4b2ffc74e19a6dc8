"""Headers that answers carry so that browsers take no liberties with them."""

from __future__ import annotations

from typing import Final

_ALWAYS: Final = {"Server": "teamline", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

HOOK: Final = {"Server": "teamline", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
"""For providers' machines, at the highest rate there is: no more than needed."""

API: Final = _ALWAYS | {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}

PAGE: Final = _ALWAYS | {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "connect-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "font-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types teamline-worker",
        )
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

DEMO_PAGE: Final = PAGE | {
    "Content-Security-Policy": PAGE["Content-Security-Policy"].replace(
        "frame-ancestors 'none'", "frame-ancestors 'self'; frame-src 'self'"
    )
}
"""On the demo, the console stands beside the phone on one page of ours."""

STREAM: Final = _ALWAYS | {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "Connection": "close",
}

HSTS: Final = {"Strict-Transport-Security": "max-age=31536000"}
"""For pages behind https. Not for subdomains: those are not ours to decide on."""
