"""Where a browser's push endpoint may lie, by its looks."""

from __future__ import annotations

import pytest

from adapters.app_push.hosts import PushHosts
from gateway.channels.reach import Refused

HOSTS = ("push.example.com", "http://127.0.0.1:9000")


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA_-",
        "https://autopush.prod.push.services.mozilla.com/wpush/v2/x",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAA%3d%3d",
        "https://web.push.apple.com/QGuQyavXutnMH",
        "https://api.push.apple.com:443/x",
        "https://push.example.com/x",
        "http://127.0.0.1:9000/x",
    ],
)
def test_where_browsers_are(endpoint: str) -> None:
    """The push services of the four browser makers, and what the config adds."""
    assert endpoint.replace(":443", "") == str(PushHosts(HOSTS).checked(endpoint)).replace(":443", "")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com./x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evilfcm.googleapis.com/x",
        "https://notify.windows.com.evil.example/x",
        "https://notify.windows.com/x",
        "https://evilnotify.windows.com/x",
        "https://.push.apple.com/x",
        "https://a..push.apple.com/x",
        "https://127.0.0.1%23.push.apple.com/x",
        "https://127.0.0.1/.push.apple.com",
        "https://127.0.0.1#.push.apple.com",
        "https://127.0.0.1?.push.apple.com",
        "https://127.0.0.1\\.push.apple.com/x",
        "https://fcm.googleapis.com@127.0.0.1/x",
        "https://user:word@fcm.googleapis.com/x",
        "https://sub.push.example.com/x",
        "http://push.example.com/x",
        "https://127.0.0.1:9000/x",
        "http://127.0.0.1:9001/x",
        "http://localhost:9000/x",
        "http://127.1:9000/x",
        "http://2130706433:9000/x",
        "http://[::1]:9000/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/x",
        "https://metadata.google.internal/x",
        "file:///etc/passwd",
        "https://fcm.googleapis.com/a b",
        "https://fcm.googleapis.com/\r\nHost: inside",
        "https://fcm.googleapis.com/é",
        "https://fcm.googleapis.com/" + "x" * 2048,
        "//fcm.googleapis.com/x",
        "fcm.googleapis.com/x",
        "https://",
        "",
    ],
)
def test_where_no_browser_is(endpoint: str) -> None:
    """No other host, scheme or port, no bare address, nothing that two readers may read in two ways."""
    with pytest.raises(Refused):
        PushHosts(HOSTS).checked(endpoint)
