"""Secrets, read from where a config file points. This file repeats no secret, and nothing that could be one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

LARGEST: Final = 64 * 1024
"""Bytes of one secret's file."""

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)
_FORM: Final = 'write { env = "NAME" } or { file = "PATH" }'


class SecretReader:
    """Turns `{ env = "NAME" }` and `{ file = "PATH" }` into their content, or raises ValueError("wrong; right")."""

    def __init__(self, folder: Path, environ: Mapping[str, str], way_out: str = "") -> None:
        self.folder = folder
        self.environ = environ
        self.way_out = way_out
        """What else can be done about a secret that is missing, from its comma on: a channel can be turned off."""
        self.files: set[Path] = set()
        """The files that were asked for, so that a change of one is noticed."""

    def __call__(self, value: object) -> str:
        kind, name = _source(value)
        content = self._variable(name) if kind == "env" else self._file(name)
        return content.strip()

    def _variable(self, name: str) -> str:
        # A secret pasted for a name does not look like one of these, and is not repeated.
        shown = f"the environment variable {name}" if _VARIABLE.fullmatch(name) else "its environment variable"
        content = self.environ.get(name)
        if content is None:
            raise ValueError(f"{shown} is not set; set it before starting{self.way_out}")
        if not content.strip():
            raise ValueError(f"{shown} is empty; put the secret into it{self.way_out}")
        return content

    def _file(self, name: str) -> str:
        path = self.folder / name
        self.files.add(path)
        try:
            if not path.is_file():
                raise ValueError("its file is not there; name one, relative to the config folder")
            with path.open("rb") as file:
                content = file.read(LARGEST + 1)
            text = content.decode()
        except OSError as error:
            raise ValueError(f"its file cannot be read ({error.strerror}); let this user read it") from None
        except UnicodeDecodeError:
            raise ValueError("its file is not UTF-8 text; name the file that holds the secret alone") from None
        if len(content) > LARGEST:
            raise ValueError("its file is too large; name the file that holds the secret alone")
        if not text.strip():
            raise ValueError(f"its file is empty; put the secret into it{self.way_out}")
        return text


def form_only(value: object) -> str:
    """For a channel that is turned off: its secrets are checked in form, and a stand-in is given."""
    _source(value)
    return "0" * 32


def _source(value: Any) -> tuple[str, str]:
    if isinstance(value, str):
        raise ValueError(f"is a secret written out; {_FORM}, so that it does not stand in this file")  # noqa: TRY004
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(f"does not say where the secret is; {_FORM}")
    kind, name = next(iter(value.items()))
    if kind not in {"env", "file"} or not isinstance(name, str) or not name or "\x00" in name:
        raise ValueError(f"does not say where the secret is; {_FORM}")
    return kind, name
