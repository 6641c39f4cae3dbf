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

from triptych_runtime.outcome import Cancelled
from triptych_runtime.server_process import find_server, http_port, model_states

UNLOAD_DEADLINE_S = 300.0
POLL_S = 0.02

Use = Callable[[str], None]
"""Makes sure that a model can be called now."""

Abandoned = Callable[[], bool]
"""True once nobody waits for the outcome any more."""


class Residency(Protocol):
    """How a denoiser gets at its experts."""

    def hold(self, abandoned: Abandoned) -> AbstractContextManager[Use]:
        """Take the experts for one run; raise ``Cancelled`` if the caller leaves before it is its turn."""
        ...


class Resident:
    """Both experts are loaded all the time."""

    def hold(self, abandoned: Abandoned) -> AbstractContextManager[Use]:
        """Nothing to take."""
        return nullcontext(_no_need)


def _no_need(_model: str) -> None:
    """A resident model can always be called."""


class Relay:
    """One expert is loaded at a time: unload, wait until it is gone, load the other."""

    def __init__(self, group: tuple[str, ...]) -> None:
        self.group = group
        # All models of one server are children of the same Triton process.
        pid, arguments = find_server()
        self.port = http_port(arguments)
        self.lock = Path(tempfile.gettempdir()) / f"triptych-relay-{os.getuid()}-{pid}.lock"

    @contextmanager
    def hold(self, abandoned: Abandoned) -> Iterator[Use]:
        """Wait for the turn, and keep it for one run."""
        # The name can be guessed: a link that somebody put there is not followed.
        descriptor = os.open(self.lock, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+") as handle:
            _wait_for_turn(handle.fileno(), abandoned)
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
        self._wait_for_room(model)
        pb_utils.load_model(model)

    def _wait_for_room(self, model: str) -> None:
        # unload_model returns before the memory is free, and an earlier run may have left one on its way out.
        others = [other for other in self.group if other != model]
        deadline = time.monotonic() + UNLOAD_DEADLINE_S
        while going := _still_there(others, model_states(self.port)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{', '.join(going)} was not unloaded within {UNLOAD_DEADLINE_S:g} s")
            time.sleep(POLL_S)


def _still_there(models: list[str], states: dict[str, str]) -> list[str]:
    return [model for model in models if states.get(model, "UNAVAILABLE") != "UNAVAILABLE"]


def _wait_for_turn(descriptor: int, abandoned: Abandoned) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if abandoned():
                raise Cancelled from None
            time.sleep(POLL_S)
        else:
            return


def make_residency(kind: str, group: tuple[str, ...]) -> Residency:
    """``resident``, or ``relay`` over a group: all experts that share the memory, of every variant."""
    if kind == "resident":
        return Resident()
    if kind == "relay":
        return Relay(group)
    raise ValueError(f"parameter residency: expected resident or relay, got {kind!r}")
