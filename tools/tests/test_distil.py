"""Distillation of a tiny pair of experts: each stage and each loss term moves it where it should."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny import DIM, LATENT, TOKENS, arguments, saved, tiny_expert, tiny_samples
from torch import Tensor

from triptych_tools import distil
from triptych_tools.checkpoint import load_expert
from triptych_tools.command import InputError
from triptych_tools.distil import Critic, match_steps, roll_out
from triptych_tools.experts import velocity
from triptych_tools.sampling import Experts, Guidance
from triptych_tools.teacher import Samples, grid, record

SHIFT = 5.0


def teacher() -> Experts:
    """Two experts with weights of their own."""
    return Experts(tiny_expert(0), tiny_expert(1), 0.9)


@pytest.fixture(scope="module")
def paths() -> Samples:
    """The teacher's own paths, with guidance, at a grid of two steps: one of each expert."""
    source = torch.Generator().manual_seed(3)
    contexts, empty = torch.randn(24, TOKENS, DIM, generator=source), torch.zeros(TOKENS, DIM)
    points = record(teacher(), contexts, empty, Guidance(2.0, 1.5), LATENT, shift=SHIFT, steps=2, refine=4)
    return Samples(points, grid(2, SHIFT), contexts, empty, 0.9)


def test_a_students_own_path_is_what_euler_makes_of_it() -> None:
    contexts = torch.randn(2, TOKENS, DIM, generator=torch.Generator().manual_seed(3))
    empty = torch.zeros(TOKENS, DIM)
    points = record(teacher(), contexts, empty, None, LATENT, shift=SHIFT, steps=2, refine=1, solver="euler")
    pair, sigma = teacher(), grid(2, SHIFT)
    x = points[:, 0].float()
    for i, expert in enumerate((pair.high_noise, pair.low_noise)):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            v = velocity(expert, x, sigma[i].expand(len(x)) * 1000, contexts).float()
        x = x + (sigma[i + 1] - sigma[i]) * v
        assert torch.allclose(points[:, i + 1].float(), x, atol=0.02)


def matching_error(expert: torch.nn.Module, paths: Samples, step: int) -> float:
    """Distance to the mean velocity of a step of the paths."""
    sigma = paths.sigmas
    now, then = paths.points[:, step].float(), paths.points[:, step + 1].float()
    with torch.no_grad():
        v = velocity(expert, now, sigma[step].expand(len(now)) * 1000, paths.contexts)
    return float((v - (then - now) / (sigma[step + 1] - sigma[step])).square().mean())


def end_error(pair: Experts, paths: Samples) -> float:
    """Distance of where the pair ends to where the paths end."""
    x, sigma = paths.points[:, 0].float(), paths.sigmas
    with torch.no_grad():
        for i, expert in enumerate((pair.high_noise, pair.low_noise)):
            v = velocity(expert, x, sigma[i].expand(len(x)) * 1000, paths.contexts)
            x = x + (sigma[i + 1] - sigma[i]) * v
    return float((x - paths.points[:, -1].float()).square().mean())


@pytest.mark.parametrize(("name", "step"), [("high_noise", 0), ("low_noise", 1)])
def test_matching_learns_the_big_step_with_its_guidance(paths: Samples, tmp_path: Path, name: str, step: int) -> None:
    parent = getattr(teacher(), name)
    student = match_steps(name, parent, paths, tmp_path, 60)
    assert matching_error(student, paths, step) < 0.6 * matching_error(parent, paths, step)
    # The teacher is not changed by what its student learns.
    assert torch.equal(parent.proj_out.weight, getattr(teacher(), name).proj_out.weight)


def test_the_roll_out_brings_both_to_where_the_teacher_ends(paths: Samples, tmp_path: Path) -> None:
    before = end_error(teacher(), paths)
    pair = roll_out(*_both(teacher()), paths, tmp_path, 60)
    assert end_error(pair, paths) < 0.7 * before


def _both(pair: Experts) -> tuple[torch.nn.Module, torch.nn.Module]:
    return pair.high_noise, pair.low_noise


def constant(value: float, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Lets the teacher say one velocity everywhere, and the model of the student none."""
    sigmas: list[float] = []

    def say(experts: Experts, x: Tensor, timestep: float, *_: object) -> Tensor:
        sigmas.append(timestep / 1000)
        return torch.full_like(x, value if experts.boundary == 0.5 else 0.0)

    monkeypatch.setattr(distil, "guided_velocity", say)
    return sigmas


def test_the_critic_moves_a_clip_towards_what_the_teacher_finds_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    sigmas = constant(2.0, monkeypatch)
    real, other = replace(teacher(), boundary=0.5), teacher()
    critic = Critic(real, None, other, torch.zeros(TOKENS, DIM))
    end = torch.zeros(2, *LATENT, requires_grad=True)
    torch.manual_seed(0)
    critic.student_loss(end, torch.zeros(2, TOKENS, DIM)).backward()  # type: ignore[no-untyped-call]
    # A velocity points from clip to noise: where the teacher's is larger, the clip it sees lies lower.
    assert end.grad is not None and (end.grad > 0).all()
    assert 0.0 < sigmas[0] < 1.0


def test_the_critic_leaves_a_clip_that_both_agree_about(monkeypatch: pytest.MonkeyPatch) -> None:
    constant(0.0, monkeypatch)
    critic = Critic(replace(teacher(), boundary=0.5), None, teacher(), torch.zeros(TOKENS, DIM))
    end = torch.ones(2, *LATENT, requires_grad=True)
    critic.student_loss(end, torch.zeros(2, TOKENS, DIM)).backward()  # type: ignore[no-untyped-call]
    assert end.grad is not None and float(end.grad.abs().max()) < 1e-6


def test_distribution_matching_trains_student_and_critic(paths: Samples, tmp_path: Path) -> None:
    critic = Critic.of(teacher(), Guidance(2.0, 1.5), paths.empty)
    before = critic.student_model.low_noise.proj_out.weight.clone()
    pair = roll_out(*_both(teacher()), paths, tmp_path, 5, ["distribution"], critic)
    assert not torch.equal(critic.student_model.low_noise.proj_out.weight, before)
    assert not torch.equal(pair.low_noise.proj_out.weight, teacher().low_noise.proj_out.weight)
    assert torch.isfinite(torch.tensor(end_error(pair, paths)))


def test_the_command_writes_a_pair_in_diffusers_layout(
    paths: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.save(tmp_path / "paths.safetensors")
    folders = [saved(expert, tmp_path / name) for expert, name in zip(_both(teacher()), "ab", strict=True)]
    options = ["--samples", tmp_path / "paths.safetensors", "--match", 3, "--roll-out", 2]
    arguments(monkeypatch, *folders, tmp_path / "fast", *options, "--losses", "trajectory,distribution")
    distil.main()
    for part in ("transformer", "transformer_2"):
        assert load_expert(tmp_path / "fast" / part).config.num_layers == 3
    assert not (tmp_path / "fast.work").exists()
    with pytest.raises(InputError, match="exists already"):
        distil.main()


def test_samples_without_a_step_of_an_expert_are_refused() -> None:
    distil._check(tiny_samples(), 1, 1)
    with pytest.raises(InputError, match="high_noise expert makes none of the 4 steps"):
        distil._check(replace(tiny_samples(), boundary=1.5), 1, 1)
