"""Recovery: an expert that was made lighter learns to answer again as its parent does.

It is asked at points of a teacher's paths, at every noise level that the expert serves, half of
the time with the prompt and half with the negative one: guidance needs both. The loss is the
mean squared difference between its velocity and the parent's. Its work folder keeps the state of
training, so that the same command resumes.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import WanTransformer3DModel
from torch import Tensor

from triptych_tools.command import InputError
from triptych_tools.experts import velocity
from triptych_tools.loop import Plan, Trainer, seeded
from triptych_tools.teacher import Samples, load_samples

PROBES = 8
"""Batches that a distance is measured over."""


@dataclass(frozen=True)
class Batch:
    """Points of paths."""

    x: Tensor
    """Latents [B, C, T, H, W]."""
    timestep: Tensor
    """[B] in 0..1000."""
    context: Tensor
    """[B, L, D]."""
    target: Tensor
    """Mean velocity of the path from the point to its next one, [B, C, T, H, W]."""


class Points:
    """Where one expert is asked on the paths of a teacher; the last eighth of the paths is kept for measuring."""

    def __init__(self, samples: Samples, expert: str, device: str, size: int) -> None:
        self.samples = samples
        self.steps = samples.steps_of(expert)
        self.device = device
        self.size = size
        self.edge = len(samples.points) - max(1, len(samples.points) // 8)
        if not self.steps or not self.edge:
            raise InputError(f"the samples hold too little for {expert}", "record more steps and at least two paths")

    def draw(self, generator: np.random.Generator, prompt_share: float = 0.5) -> Batch:
        """A batch of the paths that may be learnt from."""
        return self._batch(generator, (0, self.edge), prompt_share)

    def probe(self) -> list[Batch]:
        """The batches that distances are measured over, always the same."""
        generator = np.random.default_rng(5)
        return [self._batch(generator, (self.edge, len(self.samples.points)), 0.5) for _ in range(PROBES)]

    def _batch(self, generator: np.random.Generator, rows: tuple[int, int], prompt_share: float) -> Batch:
        data, sigma = self.samples, self.samples.sigmas
        row = torch.from_numpy(generator.integers(*rows, self.size))
        step = torch.from_numpy(generator.choice(self.steps, self.size))
        prompted = torch.from_numpy(generator.random(self.size) < prompt_share)
        now, then = data.points[row, step].float(), data.points[row, step + 1].float()
        span = (sigma[step + 1] - sigma[step])[:, None, None, None, None]
        context = torch.where(prompted[:, None, None], data.contexts[row], data.empty).float()
        parts = (now, sigma[step] * 1000, context, (then - now) / span)
        return Batch(*(part.to(self.device) for part in parts))


def answer(expert: WanTransformer3DModel, batch: Batch) -> Tensor:
    """Velocity at a batch, computed in BF16 where that is safe, as FP32."""
    with torch.autocast(batch.x.device.type, torch.bfloat16):
        return velocity(expert, batch.x, batch.timestep, batch.context).float()


@torch.no_grad()
def distance(expert: WanTransformer3DModel, parent: WanTransformer3DModel, points: Points) -> float:
    """Mean squared difference of both velocities at held-out points, as a share of the parent's mean square."""
    pairs = [(answer(expert, batch), answer(parent, batch)) for batch in points.probe()]
    error = sum(float((ours - theirs).square().mean()) for ours, theirs in pairs)
    return error / sum(float(theirs.square().mean()) for _, theirs in pairs)


def recover(
    expert: WanTransformer3DModel, parent: WanTransformer3DModel, points: Points, plan: Plan, work: Path
) -> None:
    """Fine-tune an expert in place; it is left frozen, in evaluation mode."""
    generator = seeded(plan)
    expert.train().requires_grad_(True)
    trainer = Trainer(plan, {"expert": expert}, work, generator)

    def losses() -> dict[str, Tensor]:
        batch = points.draw(generator)
        with torch.no_grad():
            wanted = answer(parent, batch)
        return {"loss": (answer(expert, batch) - wanted).square().mean()}

    trainer.run(losses)
    expert.eval().requires_grad_(False)


def recovery_plan(name: str, options: argparse.Namespace, steps: int) -> Plan:
    """A plan of some steps at the rate and seed of the command line."""
    return Plan(name, steps, options.lr, warmup=min(50, steps // 10 + 1), seed=options.seed)


def open_work(folder: Path, settings: dict[str, Any]) -> None:
    """Make a work folder, or take one up again if the same settings made it."""
    file = folder / "settings.json"
    text = json.dumps(settings, indent=2, default=str) + "\n"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    elif file.read_text() != text:
        raise InputError(f"{folder} belongs to a run with other options", "repeat its options, or remove the folder")


def add_recovery_options(parser: argparse.ArgumentParser) -> None:
    """Options of every tool that recovers."""
    parser.add_argument("--expert", choices=["high_noise", "low_noise"], help="which expert the folder holds")
    parser.add_argument("--samples", type=Path, help="paths of a teacher, made by triptych_tools.teacher")
    parser.add_argument("--recover", type=int, default=0, metavar="STEPS", help="steps of recovery in all")
    parser.add_argument("--lr", type=float, default=5e-4, help="peak learning rate of recovery")
    parser.add_argument("--batch", type=int, default=32, help="points in a batch")
    parser.add_argument("--seed", type=int, default=0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=device, help=f"where the expert runs (default here: {device})")


def read_points(options: argparse.Namespace) -> Points | None:
    """The points that the command line names, or none."""
    if options.samples is None:
        if options.recover:
            raise InputError("--recover needs --samples", "record them with triptych_tools.teacher")
        return None
    if options.expert is None:
        raise InputError("--samples needs --expert", "say high_noise for transformer, low_noise for transformer_2")
    return Points(load_samples(options.samples), options.expert, options.device, options.batch)
