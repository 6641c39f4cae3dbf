"""Holds the schedules that the SDK renders to diffusers' own schedulers.

Both denoise the same noise with the same bent velocity function, a different one for each expert. The
files are kept up to date by ``src/diffusion/proof-data.test.ts``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler

from triptych_tools.schedule import Array, Schedule, load_schedule, play

FILES = sorted((Path(__file__).parent / "data" / "schedules").glob("*.json"))
TOLERANCE = 1e-5
"""Largest difference over largest value."""

CELLS = 64
SOURCE = np.random.RandomState(7)
NOISE: npt.NDArray[np.float64] = SOURCE.standard_normal((1, CELLS))
MAPS = {name: SOURCE.standard_normal((CELLS, CELLS)) / np.sqrt(CELLS) for name in ("high_noise", "low_noise")}

CLASSES: dict[str, Any] = {
    "euler": FlowMatchEulerDiscreteScheduler,
    "unipc": UniPCMultistepScheduler,
    "dpmpp2m": DPMSolverMultistepScheduler,
}


def velocity(expert: str, timestep: float, x: Array) -> Array:
    """A velocity that depends on sample, time and expert, none of them linearly."""
    bent: Array = np.tanh(x @ MAPS[expert].astype(x.dtype)) + np.sin(timestep / 150).astype(x.dtype)
    return bent


def scheduler_for(schedule: Schedule) -> Any:
    """The diffusers scheduler that a schedule claims to be, timesteps set."""
    steps = len(schedule.rows)
    if schedule.solver == "euler":
        scheduler = CLASSES["euler"](shift=schedule.shift)
        scheduler.set_timesteps(sigmas=list(np.linspace(1.0, 0.0, steps + 1)[:-1]))
        return scheduler
    flow = {"prediction_type": "flow_prediction", "use_flow_sigmas": True, "flow_shift": schedule.shift}
    scheduler = CLASSES[schedule.solver](solver_order=2, **flow)
    scheduler.set_timesteps(steps)
    return scheduler


def reference(schedule: Schedule) -> tuple[list[tuple[str, float]], npt.NDArray[np.float64]]:
    """What diffusers does: expert and timestep of each step, and the sample at the end."""
    scheduler = scheduler_for(schedule)
    x, steps = torch.from_numpy(NOISE), []
    for t in scheduler.timesteps:
        expert = "high_noise" if t >= schedule.boundary * 1000 else "low_noise"
        steps.append((expert, t.item()))
        v = torch.from_numpy(velocity(expert, t.item(), x.numpy()))
        x = scheduler.step(v, t, x, return_dict=False)[0]
    assert x.dtype == torch.float64
    return steps, x.numpy()


def difference(ours: Array, theirs: Array) -> float:
    """Largest difference, relative to the largest value of ``theirs``."""
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def schedule(request: pytest.FixtureRequest) -> Schedule:
    """Each rendered schedule in turn."""
    return load_schedule(request.param)


def test_there_are_schedules_of_every_solver() -> None:
    assert {load_schedule(path).solver for path in FILES} == set(CLASSES)


def test_agrees_with_diffusers(schedule: Schedule) -> None:
    steps, theirs = reference(schedule)
    assert [(row.expert, row.timestep) for row in schedule.rows] == steps
    assert difference(play(schedule, NOISE, velocity), theirs) <= TOLERANCE


def test_float32_state_is_enough(schedule: Schedule) -> None:
    exact = play(schedule, NOISE, velocity)
    served = play(schedule, NOISE.astype(np.float32), velocity)
    assert served.dtype == np.float32
    assert difference(served, exact) <= TOLERANCE
