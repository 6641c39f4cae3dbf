"""Recovery brings a lightened expert back to its parent, from the points that are its own."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import TOKENS, ask, tiny_expert, tiny_samples
from torch import Tensor

from triptych_tools.command import InputError
from triptych_tools.loop import Plan
from triptych_tools.recover import PROBES, Points, answer, distance, open_work, read_points, recover
from triptych_tools.teacher import Samples


def marked(paths: int) -> Samples:
    """Paths whose points say which path (tens) and which point (ones) they are."""
    samples = tiny_samples(paths)
    rows, points = torch.arange(paths), torch.arange(5)
    samples.points[:] = (10 * rows[:, None] + points)[..., None, None, None, None]
    samples.contexts[:] = (rows + 1.0)[:, None, None]
    return samples


def marks(points: Points, draws: int = 20, share: float = 0.5) -> tuple[Tensor, Tensor, Tensor]:
    """Path, point and context's mark of what is drawn."""
    generator = np.random.default_rng(0)
    batches = [points.draw(generator, share) for _ in range(draws)]
    values = torch.cat([batch.x[:, 0, 0, 0, 0] for batch in batches]).long()
    return values // 10, values % 10, torch.cat([batch.context[:, 0, 0] for batch in batches])


@pytest.mark.parametrize(("expert", "steps"), [("high_noise", {0, 1}), ("low_noise", {2, 3})])
def test_an_expert_is_asked_at_its_own_steps_only(expert: str, steps: set[int]) -> None:
    _, points, _ = marks(Points(marked(16), expert, "cpu", 8))
    assert set(points.tolist()) == steps


def test_half_of_the_points_have_the_negative_prompt_and_half_their_own() -> None:
    paths, _, contexts = marks(Points(marked(16), "high_noise", "cpu", 32))
    negative = contexts == 0
    assert 0.4 < float(negative.float().mean()) < 0.6
    assert torch.equal(contexts[~negative].long(), paths[~negative] + 1)


def test_what_is_measured_is_never_learnt_from() -> None:
    points = Points(marked(16), "high_noise", "cpu", 32)
    learnt = set(marks(points)[0].tolist())
    measured = {int(v) // 10 for batch in points.probe() for v in batch.x[:, 0, 0, 0, 0]}
    assert learnt == set(range(14)) and measured == {14, 15}
    assert len(points.probe()) == PROBES


def test_a_point_knows_its_noise_level_and_where_its_path_goes() -> None:
    batch = Points(marked(16), "low_noise", "cpu", 16).draw(np.random.default_rng(3))
    point = batch.x[:, 0, 0, 0, 0].long() % 10
    level = torch.tensor([1.0, 0.95, 0.8, 0.4, 0.0])
    assert torch.allclose(batch.timestep, level[point] * 1000)
    # Each point's mark is one more than the last one's.
    assert torch.allclose(batch.target[:, 0, 0, 0, 0], 1 / (level[point + 1] - level[point]))
    assert batch.context.shape == (16, TOKENS, 32)


def test_recovery_comes_closer_to_the_parent_and_leaves_it_alone(tmp_path: Path) -> None:
    parent, expert = tiny_expert(), tiny_expert()
    for block in expert.blocks:
        block.ffn.net[2].weight.data *= 0.3
    points = Points(tiny_samples(), "high_noise", "cpu", 8)
    whole, before = ask(parent), distance(expert, parent, points)
    recover(expert, parent, points, Plan("recover", 40, 2e-3, warmup=4), tmp_path)
    assert distance(expert, parent, points) < 0.5 * before
    assert torch.equal(ask(parent), whole)
    assert not expert.training and not any(weight.requires_grad for weight in expert.parameters())


def test_distance_is_a_share_of_the_parents_velocity() -> None:
    parent, half = tiny_expert(), tiny_expert()
    half.proj_out.weight.data *= 0.5
    half.proj_out.bias.data *= 0.5
    points = Points(tiny_samples(), "low_noise", "cpu", 8)
    assert distance(parent, parent, points) == 0.0
    assert distance(half, parent, points) == pytest.approx(0.25, rel=1e-2)
    assert answer(half, points.probe()[0]).dtype == torch.float32


def test_a_work_folder_is_taken_up_again_by_the_same_options_only(tmp_path: Path) -> None:
    open_work(tmp_path / "work", {"ffn": 0.3})
    open_work(tmp_path / "work", {"ffn": 0.3})
    with pytest.raises(InputError, match="other options"):
        open_work(tmp_path / "work", {"ffn": 0.4})


def options(**values: object) -> argparse.Namespace:
    common = {"samples": None, "expert": None, "recover": 0, "device": "cpu", "batch": 4}
    return argparse.Namespace(**{**common, **values})


def test_samples_and_what_they_need(tmp_path: Path) -> None:
    file = tmp_path / "samples.safetensors"
    tiny_samples().save(file)
    assert read_points(options()) is None
    found = read_points(options(samples=file, expert="high_noise"))
    assert found is not None and found.steps == [0, 1]
    with pytest.raises(InputError, match="needs --samples"):
        read_points(options(recover=5))
    with pytest.raises(InputError, match="needs --expert"):
        read_points(options(samples=file))
    tiny_samples(1).save(file)
    with pytest.raises(InputError, match="too little"):
        read_points(options(samples=file, expert="high_noise"))
