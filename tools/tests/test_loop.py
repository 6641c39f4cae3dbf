"""Training can be stopped and goes on as if it never had been; the same seed gives the same training."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from triptych_tools.loop import Losses, Plan, Trainer, averaged_copy, seeded

PLAN = Plan("tiny", steps=60, learning_rate=1e-2, warmup=5, weight_decay=0.01, ema=0.9, seed=3)
SAVE_EVERY = 10


class Stopped(Exception):
    """The machine went away."""


def run(work: Path, plan: Plan = PLAN, stop_at: int | None = None) -> dict[str, Tensor]:
    """Train two tiny modules on random data, with both generators in use; returns their weights."""
    work.mkdir(exist_ok=True)
    generator = seeded(plan)
    first, second = nn.Linear(4, 8), nn.Sequential(nn.Tanh(), nn.Linear(8, 1))
    trainer = Trainer(plan, {"first": first, "second": second}, work, generator, save_every=SAVE_EVERY)
    calls: Iterator[int] = count()

    def losses() -> Losses:
        if next(calls) == stop_at:
            raise Stopped
        x = torch.from_numpy(generator.standard_normal((16, 4))).float()
        noise = 0.1 * torch.randn(16, 1)
        return {"loss": (second(first(x)) - x[:, :1].square() + noise).square().mean()}

    trainer.run(losses, lambda: {"mean": float(trainer.averaged()[0].mean())}, probe_every=25)
    return {**first.state_dict(prefix="first."), **second.state_dict(prefix="second.")}


def curve(work: Path) -> list[dict[str, str]]:
    """The log without the one column that is no result."""
    with (work / "tiny.csv").open() as handle:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(handle)]


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("ema", [0.0, 0.9])
@pytest.mark.parametrize("stops", [[25], [10], [59], [15, 12, 3]], ids=str)
def test_stop_and_resume_change_nothing(tmp_path: Path, ema: float, stops: list[int]) -> None:
    plan = replace(PLAN, ema=ema)
    whole = run(tmp_path / "whole", plan)
    for stop in stops:
        with pytest.raises(Stopped):
            run(tmp_path / "parts", plan, stop)
        assert (tmp_path / "parts" / "tiny.state.pt").exists()
    assert same(run(tmp_path / "parts", plan), whole)
    assert curve(tmp_path / "parts") == curve(tmp_path / "whole")


def test_a_stop_before_the_first_save_starts_again(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        run(tmp_path, stop_at=SAVE_EVERY - 1)
    assert not (tmp_path / "tiny.state.pt").exists()
    assert same(run(tmp_path), run(tmp_path / "whole"))


def test_same_seed_same_curve_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        run(tmp_path / name, replace(PLAN, seed=seed))
    assert curve(tmp_path / "a") == curve(tmp_path / "b")
    assert curve(tmp_path / "a") != curve(tmp_path / "c")
    assert [row["step"] for row in curve(tmp_path / "a")] == ["25", "50", "60"]


def test_a_finished_training_leaves_its_log_and_no_state(tmp_path: Path) -> None:
    run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.csv"]


def test_the_average_is_what_is_kept(tmp_path: Path) -> None:
    assert not same(run(tmp_path / "averaged"), run(tmp_path / "live", replace(PLAN, ema=0.0)))


def test_the_rate_warms_up_and_decays() -> None:
    rates = [PLAN.rate(step) for step in range(PLAN.steps)]
    peak = rates.index(max(rates))
    assert peak == PLAN.warmup - 1
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] < 0.01 * PLAN.learning_rate


def test_averaged_copy_leaves_the_live_module_alone(tmp_path: Path) -> None:
    module = nn.Linear(2, 2)
    trainer = Trainer(PLAN, {"module": module}, tmp_path, seeded(PLAN))
    before = module.weight.detach().clone()
    trainer.average[0].fill_(5.0)
    twin = averaged_copy(trainer, module)
    assert isinstance(twin, nn.Linear)
    assert torch.equal(module.weight, before)
    assert torch.equal(twin.weight, torch.full((2, 2), 5.0))
    assert not twin.weight.requires_grad
