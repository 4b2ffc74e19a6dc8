"""How a command's process ends: when all that runs at exit has run, and before the interpreter is taken apart.

For obstore's sake. Its threads cannot be ended (0.12 has no call for it, and its stores none to close them), and they
still touch Python just after the last result was handed over. A thread that asks for Python's lock while the
interpreter is taken apart is ended by CPython 3.11 in the middle of Rust's code, which aborts the process: a good
backup came with exit code 134. https://docs.python.org/3.11/c-api/init.html#c.PyEval_RestoreThread
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from typing import NoReturn


def ending(work: Callable[[], object]) -> NoReturn:
    """Do the work, and end the process with its exit code; 1 for an error that nobody has told, which is told here."""
    code = _code(work)
    atexit._run_exitfuncs()  # noqa: SLF001  there is no other door to them
    os._exit(code if _flushed() else code or 1)


def _code(work: Callable[[], object]) -> int:
    try:
        work()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException as error:  # noqa: BLE001  a bug of ours: told as the interpreter would
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0


def _flushed() -> bool:
    """Whether all that was said is out. A stream that the caller has closed is None."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except OSError:
        return False
    return True
