"""Which experts are in memory: both all the time, or one at a time.

A relay needs Triton's explicit model control. Only one relay may run on a server at a time: two
would unload each other's expert. The turn is a lock file that all models of one server share.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

import triton_python_backend_utils as pb_utils

UNLOAD_DEADLINE_S = 300.0
POLL_S = 0.02

Use = Callable[[str], None]
"""Makes sure that a model can be called now."""


class Residency(Protocol):
    """How a denoiser gets at its experts."""

    def hold(self) -> AbstractContextManager[Use]:
        """Take the experts for one run."""
        ...


class Resident:
    """Both experts are loaded all the time."""

    def hold(self) -> AbstractContextManager[Use]:
        """Nothing to take."""
        return nullcontext(_no_need)


def _no_need(_model: str) -> None:
    """A resident model can always be called."""


class Relay:
    """One expert is loaded at a time: unload, wait until it is gone, load the other."""

    def __init__(self, group: tuple[str, ...]) -> None:
        self.group = group
        # All models of one server are children of the same Triton process.
        self.lock = Path(tempfile.gettempdir()) / f"triptych-relay-{os.getppid()}.lock"

    @contextmanager
    def hold(self) -> Iterator[Use]:
        """Wait for the turn, and keep it for one run."""
        with self.lock.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            try:
                yield self._use
            finally:
                fcntl.flock(handle, fcntl.LOCK_UN)

    def _use(self, model: str) -> None:
        if pb_utils.is_model_ready(model):
            return
        for other in self.group:
            if other != model and pb_utils.is_model_ready(other):
                pb_utils.unload_model(other)
                _wait_until_gone(other)
        pb_utils.load_model(model)


def _wait_until_gone(model: str) -> None:
    # unload_model returns before the memory is free.
    deadline = time.monotonic() + UNLOAD_DEADLINE_S
    while pb_utils.is_model_ready(model):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{model} was not unloaded within {UNLOAD_DEADLINE_S:g} s")
        time.sleep(POLL_S)


def make_residency(kind: str, group: tuple[str, ...]) -> Residency:
    """``resident``, or ``relay`` over a group: all experts that share the memory, of every variant."""
    if kind == "resident":
        return Resident()
    if kind == "relay":
        return Relay(group)
    raise ValueError(f"parameter residency: expected resident or relay, got {kind!r}")
