"""The sampling schedule as data: which expert, at which timestep, with which linear map.

Triptych computes the rows offline for every step count a request may ask for. Nothing here
knows a solver; a row is played the same way whatever it came from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Row:
    """One denoising step."""

    expert: str
    timestep: FloatArray
    """[1], in 0..1000."""
    coefficients: FloatArray
    """[S, S + 1]: the next state is this times (state, velocity)."""


@dataclass(frozen=True)
class Schedules:
    """All schedules of one variant."""

    offered: tuple[int, ...]
    """Step counts a request may ask for; the first is the default."""
    state_size: int
    rows: dict[int, tuple[Row, ...]]


def load_schedules(path: Path) -> Schedules:
    """Read ``schedule.json``."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    schedules = data["schedules"]
    return Schedules(
        offered=tuple(int(schedule["steps"]) for schedule in schedules),
        state_size=int(data["stateSize"]),
        rows={int(schedule["steps"]): tuple(map(_row, schedule["rows"])) for schedule in schedules},
    )


def _row(data: dict[str, Any]) -> Row:
    return Row(
        expert=data["expert"],
        timestep=np.array([data["timestep"]], dtype=np.float32),
        coefficients=np.array(data["coefficients"], dtype=np.float32),
    )


def initial_state(noise: FloatArray, size: int) -> FloatArray:
    """STATE before the first row: the noise, then zeros where history will stand."""
    state = np.zeros((size, *noise.shape), dtype=np.float32)
    state[0] = noise
    return state
