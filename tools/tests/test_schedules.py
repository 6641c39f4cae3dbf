"""Holds the schedules that the SDK renders, played as the server plays them, to diffusers' own schedulers.

Both denoise the same noise with the same bent velocity function, a different one for each expert. The
files are kept up to date by ``src/diffusion/proof-data.test.ts``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler

from triptych_runtime.schedule import Row, initial_state, load_schedules

Array = npt.NDArray[np.floating[Any]]

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


def play(rows: tuple[Row, ...], state: Array) -> Array:
    """Do to a state what the served expert graphs do to it, in the state's own precision."""
    for row in rows:
        v = velocity(row.expert, float(row.timestep[0]), state[0])
        state = np.tensordot(row.coefficients.astype(state.dtype), np.concatenate([state, v[None]]), axes=1)
    last: Array = state[0]
    return last


def scheduler_for(rendered: dict[str, Any]) -> Any:
    """The diffusers scheduler that a schedule claims to be, timesteps set."""
    steps, shift = len(rendered["rows"]), rendered["shift"]
    if rendered["solver"] == "euler":
        scheduler = CLASSES["euler"](shift=shift)
        scheduler.set_timesteps(sigmas=list(np.linspace(1.0, 0.0, steps + 1)[:-1]))
        return scheduler
    flow = {"prediction_type": "flow_prediction", "use_flow_sigmas": True, "flow_shift": shift}
    scheduler = CLASSES[rendered["solver"]](solver_order=2, **flow)
    scheduler.set_timesteps(steps)
    return scheduler


def reference(rendered: dict[str, Any]) -> tuple[list[tuple[str, float]], npt.NDArray[np.float64]]:
    """What diffusers does: expert and timestep of each step, and the sample at the end."""
    scheduler = scheduler_for(rendered)
    x, steps = torch.from_numpy(NOISE), []
    for t in scheduler.timesteps:
        expert = "high_noise" if t >= rendered["boundary"] * 1000 else "low_noise"
        steps.append((expert, t.item()))
        v = torch.from_numpy(velocity(expert, t.item(), x.numpy()))
        x = scheduler.step(v, t, x, return_dict=False)[0]
    assert x.dtype == torch.float64
    return steps, x.numpy()


def difference(ours: Array, theirs: Array) -> float:
    """Largest difference, relative to the largest value of ``theirs``."""
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def rendered(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each rendered schedule in turn, as JSON."""
    data: dict[str, Any] = json.loads(request.param.read_text(encoding="utf-8"))
    return data


def served(rendered: dict[str, Any], folder: Path) -> tuple[tuple[Row, ...], npt.NDArray[np.float32]]:
    """Rows and first state as a served model reads them from its ``schedule.json``."""
    path = folder / "schedule.json"
    path.write_text(json.dumps({"stateSize": rendered["stateSize"], "schedules": [rendered]}), encoding="utf-8")
    schedules = load_schedules(path)
    assert schedules.offered == (rendered["steps"],)
    return schedules.rows[rendered["steps"]], initial_state(NOISE.astype(np.float32), schedules.state_size)


def test_there_are_schedules_of_every_solver() -> None:
    assert {json.loads(path.read_text(encoding="utf-8"))["solver"] for path in FILES} == set(CLASSES)


def test_agrees_with_diffusers(rendered: dict[str, Any], tmp_path: Path) -> None:
    steps, theirs = reference(rendered)
    rows, first = served(rendered, tmp_path)
    assert [(row.expert, float(row.timestep[0])) for row in rows] == steps
    exact = first.astype(np.float64)
    exact[0] = NOISE
    assert difference(play(rows, exact), theirs) <= TOLERANCE


def test_float32_state_is_enough(rendered: dict[str, Any], tmp_path: Path) -> None:
    rows, first = served(rendered, tmp_path)
    ours = play(rows, first)
    assert ours.dtype == np.float32
    assert difference(ours, reference(rendered)[1]) <= TOLERANCE
