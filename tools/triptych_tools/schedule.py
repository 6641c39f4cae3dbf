"""Plays a denoising schedule, as the served loop does, in numpy.

A schedule is data that the SDK renders: for each step the expert, the timestep and the matrix of
``STATE' = COEFFICIENTS . [STATE; v]``. Nothing here knows a solver.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

Velocity = Callable[[str, float, Array], Array]
"""Predicts the guided flow velocity from the expert's name, the timestep in 0..1000 and the sample."""


@dataclass(frozen=True)
class Row:
    """One denoising step."""

    expert: str
    """``high_noise`` or ``low_noise``."""
    timestep: float
    coefficients: npt.NDArray[np.float64]
    """Weights, [S, S+1]; the last column is that of the velocity."""


@dataclass(frozen=True)
class Schedule:
    """A whole denoising run."""

    solver: str
    shift: float
    boundary: float
    rows: tuple[Row, ...]


def load_schedule(path: Path) -> Schedule:
    """Read a schedule that the SDK has rendered."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    rows = (Row(row["expert"], row["timestep"], np.array(row["coefficients"])) for row in data["rows"])
    return Schedule(data["solver"], data["shift"], data["boundary"], tuple(rows))


def play(schedule: Schedule, noise: Array, velocity: Velocity) -> Array:
    """Denoise ``noise``; the arithmetic is done in its dtype."""
    size = len(schedule.rows[0].coefficients)
    state = np.zeros((size, *noise.shape), noise.dtype)
    state[0] = noise
    for row in schedule.rows:
        v = velocity(row.expert, row.timestep, state[0])
        state = np.tensordot(row.coefficients.astype(noise.dtype), np.concatenate([state, v[None]]), axes=1)
    sample: Array = state[0]
    return sample
