"""The README's path to a real number is walked as it stands: its files written, its commands run, and a text sent."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from base64 import b64encode
from hashlib import sha1
from hmac import digest
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## When one machine is not enough\n")[0]
"""Up to where it becomes many: see test_readme_scale.py."""
COMMANDS = "".join(re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)).splitlines()
FILES = dict(re.findall(r"^```toml\n# (\S+\.toml)\n(.*?)^```", README, re.MULTILINE | re.DOTALL))
TEXT = {
    "AccountSid": "AC00000000000000000000000000000000",
    "MessageSid": "SM00000000000000000000000000000001",
    "From": "+13035550142",
    "To": "+13035550100",
    "Body": "Hello",
    "NumMedia": "0",
}


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("make ")])
def test_make(command: str) -> None:
    """Each `make` that the README names is a target."""
    subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, check=True, capture_output=True)


def test_commands_are_walked() -> None:
    """The README's path has the steps that the test below takes, and `serve` is its last."""
    walked = [line for line in COMMANDS if not line.startswith("make ")]
    assert ["check", "agent", "serve"] == [line.split()[1] for line in walked if line.startswith("teamline ")]
    assert "teamline serve" == walked[-1]
    assert {"care/gateway.toml", "care/teams.toml", "care/adapters/sms.toml"} == set(FILES)


def test_walk(tmp_path: Path) -> None:
    """Whoever writes the README's files and types its commands serves a number: a signed text is taken."""
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    script = [line for line in COMMANDS if not line.startswith("make ")]
    script[-1] = f"exec {script[-1]} --listen 127.0.0.1:0"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    with subprocess.Popen(
        ["bash", "-euc", "\n".join(script)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as gateway:
        try:
            assert 200 == send_text(_listening(gateway))
        finally:
            gateway.send_signal(signal.SIGTERM)
            gateway.communicate(timeout=30)
    assert 0 == gateway.returncode


def _listening(gateway: subprocess.Popen[str]) -> str:
    """Wait for the line that says where it listens."""
    assert gateway.stdout is not None
    assert gateway.stderr is not None
    for line in gateway.stdout:
        if line.startswith("listening on "):
            return line.split()[-1]
    raise AssertionError(gateway.stderr.read())


def send_text(url: str) -> int:
    """What Twilio does: a form, signed over the public URL (https://www.twilio.com/docs/usage/security)."""
    signed = "https://care.example.com/hooks/sms/messages" + "".join(key + TEXT[key] for key in sorted(TEXT))
    headers = {"X-Twilio-Signature": b64encode(digest(b"your-token", signed.encode(), sha1)).decode()}
    request = Request(f"{url}/hooks/sms/messages", urlencode(TEXT).encode(), headers)
    with urlopen(request, timeout=10) as answer:
        return int(answer.status)
