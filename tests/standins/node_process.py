"""A stand-in that runs under Node and is spoken to line by line: one JSON command in, one JSON answer out."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
LONGEST_LINE = 16 * 1024 * 1024


class NodeProcess:
    """`script` beside this file, with `told` as its one argument. It first says where it listens, and ends with us."""

    def __init__(self, script: str, told: object) -> None:
        self._command = ["node", str(HERE / script), json.dumps(told)]
        self._process: Process
        self.port = 0

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE
        )
        self.port = (await self._answer())["port"]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def ask(self, **command: Any) -> dict[str, Any]:
        """Once it is carried out."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        return await self._answer()

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, f"{self._command[1]} has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer
