"""Playing a schedule over two experts: the loop that an ensemble cannot have."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

from triptych_runtime import inputs
from triptych_runtime.call import call, renamed
from triptych_runtime.config import ModelArguments
from triptych_runtime.noise import initial_noise
from triptych_runtime.outcome import Cancelled
from triptych_runtime.residency import Residency, make_residency
from triptych_runtime.schedule import Row, initial_state, load_schedules

EXPERTS = ("high_noise", "low_noise")
MAX_GUIDANCE = 30.0

CANCEL_INTERVAL = 0.05
"""Seconds between two questions to the server whether the caller has left: each takes about 0.2 ms, which is nothing
beside a step at full size and much beside one of a few milliseconds."""

Report = Callable[[str, int, int], None]
"""Called after each step with the expert's name, its step counted from 1, and its steps in all."""


@dataclass(frozen=True)
class Order:
    """What one request asks of the denoiser, checked."""

    seed: int
    steps: int
    guidance: dict[str, float]


def _quiet(_stage: str, _step: int, _steps: int) -> None:
    """No report."""


class CancelWatch:
    """Asks a request whether it was cancelled, at most every ``CANCEL_INTERVAL``."""

    def __init__(self, request: Any) -> None:
        self.request = request
        self.next = 0.0

    def stop_if_cancelled(self) -> None:
        """Raise ``Cancelled`` if the caller has left."""
        now = time.monotonic()
        if now < self.next:
            return
        self.next = now + CANCEL_INTERVAL
        if self.request.is_cancelled():
            raise Cancelled


class Denoiser:
    """Turns CONTEXT into LATENT with the schedules, experts and guidance of one variant."""

    def __init__(self, arguments: ModelArguments) -> None:
        self.schedules = load_schedules(arguments.file("schedule"))
        self.models = {expert: arguments.parameter(expert) for expert in EXPERTS}
        self.guidance = {
            expert: float(arguments.parameters[f"guidance_{expert}"])
            for expert in EXPERTS
            if f"guidance_{expert}" in arguments.parameters
        }
        self.latent_shape = tuple(int(size) for size in arguments.parameter("latent_shape").split(","))
        group = tuple(arguments.parameter("residency_group").split(","))
        self.residency: Residency = make_residency(arguments.parameter("residency"), group)

    def order(self, request: Any) -> Order:
        """Read and check a request's SEED, STEPS and guidance."""
        return Order(
            seed=inputs.seed(request),
            steps=inputs.steps(request, self.schedules.offered),
            guidance={
                expert: inputs.scale(request, f"GUIDANCE_{expert.upper()}", default, MAX_GUIDANCE)
                for expert, default in self.guidance.items()
            },
        )

    def run(self, request: Any, order: Order, context: Any, report: Report = _quiet) -> Any:
        """Play all steps; returns the tensor LATENT. Raises ``Cancelled`` between two steps."""
        rows = self.schedules.rows[order.steps]
        noise = initial_noise(order.seed, self.latent_shape)
        state: Any = pb_utils.Tensor("STATE", initial_state(noise, self.schedules.state_size))
        done = dict.fromkeys(EXPERTS, 0)
        share = {expert: sum(row.expert == expert for row in rows) for expert in EXPERTS}
        watch = CancelWatch(request)
        with self.residency.hold(request.is_cancelled) as use:
            for index, row in enumerate(rows):
                watch.stop_if_cancelled()
                use(self.models[row.expert])
                # Only the last step's latent leaves the loop, so only the last step copies it.
                wanted = "LATENT" if index == len(rows) - 1 else "NEXT_STATE"
                state = self._step(row, order, state, context, wanted)
                done[row.expert] += 1
                report(row.expert, done[row.expert], share[row.expert])
        _check_finite(state)
        return state

    def _step(self, row: Row, order: Order, state: Any, context: Any, wanted: str) -> Any:
        tensors = [
            renamed(state, "STATE"),
            pb_utils.Tensor("TIMESTEP", row.timestep),
            context,
            pb_utils.Tensor("COEFFICIENTS", row.coefficients),
        ]
        if row.expert in order.guidance:
            scale = np.array([order.guidance[row.expert]], dtype=np.float32)
            tensors.append(pb_utils.Tensor("GUIDANCE", scale))
        return call(self.models[row.expert], tensors, [wanted])[0]


def _check_finite(latent: Any) -> None:
    # On a GPU this would cost a copy to the host; there the video tells.
    if latent.is_cpu() and not np.isfinite(latent.as_numpy()).all():
        raise RuntimeError("the latent is not finite: an expert overflowed in its precision")
