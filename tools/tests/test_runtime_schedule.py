"""Reading ``schedule.json``, and the first state."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from triptych_runtime.schedule import initial_state, load_schedules


def test_schedules_are_read_for_every_offered_step_count(tmp_path: Path) -> None:
    row = {"expert": "high_noise", "timestep": 999, "sigma": 1, "coefficients": [[1, 0, -0.25], [0.5, 0, 0]]}
    late = {"expert": "low_noise", "timestep": 833.3333, "sigma": 0.8, "coefficients": [[1, 0, -0.8], [0, 1, 0]]}
    schedules = [{"steps": 2, "solver": "x", "rows": [row, late]}, {"steps": 1, "solver": "x", "rows": [row]}]
    path = tmp_path / "schedule.json"
    path.write_text(json.dumps({"stateSize": 2, "schedules": schedules}), encoding="utf-8")
    loaded = load_schedules(path)
    assert (loaded.offered, loaded.state_size) == ((2, 1), 2)
    assert [row.expert for row in loaded.rows[2]] == ["high_noise", "low_noise"]
    first, second = loaded.rows[2]
    assert first.timestep.dtype == first.coefficients.dtype == np.float32
    assert second.timestep.tolist() == [np.float32(833.3333)]
    assert first.coefficients.tolist() == [[1, 0, -0.25], [0.5, 0, 0]]
    assert len(loaded.rows[1]) == 1


def test_the_first_state_is_noise_and_no_history() -> None:
    noise = np.arange(6, dtype=np.float32).reshape(2, 3)
    state = initial_state(noise, 3)
    assert state.dtype == np.float32
    assert np.array_equal(state[0], noise)
    assert state.shape == (3, 2, 3)
    assert not state[1:].any()
