"""Recording in torch what served graphs would see: the same as playing the graphs themselves."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from triptych_tools import record
from triptych_tools.command import InputError
from triptych_tools.onnx_pipeline import Guidance, OnnxExperts, OnnxText, initial_noise, joined

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models" / "wan-tiny"
SCHEDULE = ROOT / "model-repository" / "wan-tiny" / "models" / "final_denoiser" / "1" / "schedule.json"
SHAPE, TOKENS, STEPS, SEED = (16, 5, 8, 8), 32, 10, 70_000_123
PROMPTS = ["a red circle moves right", "青い四角が上に動く"]
NEGATIVE = "a green triangle"


def arguments(tmp_path: Path, *more: str) -> list[str]:
    (tmp_path / "prompts.txt").write_text("\n".join(PROMPTS), encoding="utf-8")
    where = ["record", str(MODELS), str(tmp_path / "out"), "--prompts", str(tmp_path / "prompts.txt")]
    return [*where, "--latent", "16,5,8,8", "--tokens", str(TOKENS), "--device", "cpu", *more]


@pytest.fixture(scope="module")
def seen() -> dict[str, dict[str, np.ndarray]]:
    """What the served graphs see, by expert."""
    onnx = MODELS / "onnx"
    text = OnnxText(MODELS / "tokenizer" / "tokenizer.json", onnx / "text_encoder.fp32.onnx", TOKENS)
    high, low = (onnx / f"final_{expert}_noise.fp16.onnx" for expert in ("high", "low"))
    experts = OnnxExperts(high, low, SCHEDULE, Guidance(2.0, 1.5))
    rows: dict[str, list[dict[str, np.ndarray]]] = {}
    for index, prompt in enumerate(PROMPTS):
        noise = initial_noise(SEED + index, SHAPE)
        experts.denoise(text.context(prompt, NEGATIVE), noise, steps=STEPS, record=rows)
    return {expert: joined(steps) for expert, steps in rows.items()}


def test_torch_and_the_served_graphs_see_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: dict[str, dict[str, np.ndarray]]
) -> None:
    more = ["--schedule", str(SCHEDULE), "--steps", str(STEPS), "--seed", str(SEED), "--negative", NEGATIVE]
    monkeypatch.setattr(sys, "argv", arguments(tmp_path, *more, "--guidance", "2", "1.5"))
    record.main()
    for expert, theirs in seen.items():
        with np.load(tmp_path / "out" / f"{expert}.npz") as file:
            ours = dict(file)
        assert list(ours) == list(theirs) == ["STATE", "TIMESTEP", "CONTEXT", "COEFFICIENTS", "GUIDANCE"]
        for name, array in theirs.items():
            assert ours[name].dtype == array.dtype
            # There one prompt follows another, here one step: [prompts, steps, ...] against [steps, prompts, ...].
            by_prompt = array.reshape(len(PROMPTS), STEPS // 2, -1)
            by_step = ours[name].reshape(STEPS // 2, len(PROMPTS), -1)
            assert np.abs(by_prompt.swapaxes(0, 1) - by_step).max() <= 1e-3 * max(1.0, np.abs(array).max()), name


def test_an_expert_in_bf16_sees_nearly_the_same_beside_a_solver_in_fp32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: dict[str, dict[str, np.ndarray]]
) -> None:
    more = ["--schedule", str(SCHEDULE), "--steps", str(STEPS), "--seed", str(SEED), "--negative", NEGATIVE]
    monkeypatch.setattr(sys, "argv", arguments(tmp_path, *more, "--guidance", "2", "1.5", "--dtype", "bf16"))
    record.main()
    with np.load(tmp_path / "out" / "low_noise.npz") as file:
        ours = file["STATE"].reshape(STEPS // 2, len(PROMPTS), -1)
    theirs = seen["low_noise"]["STATE"].reshape(len(PROMPTS), STEPS // 2, -1).swapaxes(0, 1)
    assert 0 < np.linalg.norm(ours - theirs) / np.linalg.norm(theirs) < 0.05
    assert not np.array_equal(ours, ours.astype(np.float16).astype(np.float32))


def schedule(tmp_path: Path, *experts: str) -> str:
    row = {"timestep": 900, "coefficients": [[1.0, 0.5]]}
    rows = [{**row, "expert": expert} for expert in experts]
    path = tmp_path / "schedule.json"
    path.write_text(json.dumps({"stateSize": 1, "schedules": [{"steps": len(rows), "rows": rows}]}))
    return str(path)


def test_a_schedule_that_never_runs_an_expert_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = schedule(tmp_path, "low_noise", "low_noise")
    monkeypatch.setattr(sys, "argv", arguments(tmp_path, "--schedule", path))
    with pytest.raises(InputError, match="high_noise never runs in the 2 steps of"):
        record.main()
    assert not (tmp_path / "out").exists()


def test_a_schedule_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no schedule"):
        record.read_schedule(tmp_path / "none.json", None)
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(InputError, match="is no schedule"):
        record.read_schedule(tmp_path / "other.json", None)
    with pytest.raises(InputError, match="has no schedule of 3 steps") as caught:
        record.read_schedule(Path(schedule(tmp_path, "high_noise", "low_noise")), 3)
    assert caught.value.hint == "give --steps with one of 2"
