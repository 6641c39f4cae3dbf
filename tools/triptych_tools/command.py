"""What every tool of this package says and how it ends, so that people and programs can follow it.

A tool prints ``done/total what`` lines while it works. For input that cannot be used it prints
``error:`` and ``hint:`` lines to standard error and exits with 2; anything else that goes wrong
is a mistake of the tool itself and keeps its traceback.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

PARENT = "TRIPTYCH_PARENT"
"""Variable with the process that a tool must not outlive."""


class InputError(Exception):
    """Input that a tool cannot use, with what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def progress(done: int, total: int, what: str) -> None:
    """Tell how far the tool is, in whole parts of its work."""
    print(f"{done}/{total} {what}", flush=True)


def end_with_parent() -> None:
    """On Linux, end when the process that started this one ends, even by SIGKILL, if it has asked for that.

    Else its next run would train in the same folder at the same time.
    """
    set_death_signal = 1
    if sys.platform == "linux" and os.environ.get(PARENT) == str(os.getppid()):
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)


def run(main: Callable[[], None]) -> None:
    """Run the body of a command; bad input ends the program with 2 and two lines instead of a traceback."""
    end_with_parent()
    try:
        main()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        raise SystemExit(2) from None


def read_prompts(path: Path) -> list[str]:
    """Prompts of a text file, one a line; blank lines and ``#`` comments are skipped."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        raise InputError(f"{path} cannot be read: {cause}", "give a UTF-8 text file with one prompt a line") from cause
    lines = [line.strip() for line in text.splitlines()]
    prompts = [line for line in lines if line and not line.startswith("#")]
    if not prompts:
        raise InputError(f"{path} holds no prompt", "write one prompt a line")
    return prompts
