"""Which experts are in memory: both all the time, or one at a time.

A relay needs Triton's explicit model control. Only one relay may run on a server at a time: two
would unload each other's expert. The turn is a socket name that all models of one server know and only one can have.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

import triton_python_backend_utils as pb_utils

from triptych_runtime.outcome import Cancelled
from triptych_runtime.server_process import http_port, model_states, server_arguments

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
        self.port = http_port(server_arguments())
        # A name in the abstract namespace: it leaves no file, and the kernel frees it when its holder dies. It is
        # as far-reaching as the port, so that servers in two network namespaces do not wait for each other.
        self.turn = f"\0triptych-relay-{self.port}"

    @contextmanager
    def hold(self, abandoned: Abandoned) -> Iterator[Use]:
        """Wait for the turn, and keep it for one run."""
        with socket.socket(socket.AF_UNIX) as holder:
            _wait_for_turn(holder, self.turn, abandoned)
            yield self._use

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


def _wait_for_turn(holder: socket.socket, turn: str, abandoned: Abandoned) -> None:
    while True:
        try:
            holder.bind(turn)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
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
