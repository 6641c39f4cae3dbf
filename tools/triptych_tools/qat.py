"""Quantisation-aware training: an expert learns to give its own velocities while its products are rounded to INT8.

``python -m triptych_tools.qat EXPERT_FOLDER OUT_FOLDER --samples SAMPLES --expert high_noise|low_noise --steps N``

ModelOpt's fake quantisers stand in for INT8 during training. What is written is the fine-tuned weights alone, in
diffusers layout: they are exported, calibrated and quantised the way the parent would be.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import WanTransformer3DModel
from diffusers.models.transformers.transformer_wan import WanAttention
from torch import Tensor

from triptych_tools.checkpoint import load_expert, save_part
from triptych_tools.command import InputError, progress, run
from triptych_tools.experts import velocity
from triptych_tools.loop import Plan, Trainer, seeded
from triptych_tools.products import DEEP, ENDS, OUTER
from triptych_tools.teacher import Samples, load_samples

NEVER = ("*patch_embedding*", "*time_embedder*", "*time_proj*")
"""Layers that the quantised graph computes in full precision: a convolution, and products of one row."""

Batch = tuple[Tensor, Tensor, Tensor]
"""Latents [B, C, T, H, W], timesteps [B], contexts [B, L, D]."""


def kept_layers(depth: int) -> tuple[str, ...]:
    """Patterns of layers that ``quantise`` would keep by default in an expert of this depth."""
    if depth < DEEP:
        return NEVER
    outer = (*range(OUTER), *range(depth - OUTER, depth))
    return (*NEVER, *ENDS, *(f"*blocks.{block}.*" for block in outer))


def fake_quantise(
    expert: WanTransformer3DModel, keep: Collection[str], forward: Callable[[torch.nn.Module], None]
) -> None:
    """Put INT8 fake quantisers into an expert in place: weights per output channel, activations per tensor.

    ``forward`` runs calibration batches through it.
    """
    # Imported here because it takes seconds.
    import modelopt.torch.quantization as mtq  # noqa: PLC0415
    from modelopt.torch.quantization.nn import QuantModuleRegistry  # noqa: PLC0415

    # Its attention, made for products of attention in FP8, has no gradient; these products stay as they are here.
    if QuantModuleRegistry.get(WanAttention):
        QuantModuleRegistry.unregister(WanAttention)
    activation, weight = {"num_bits": 8, "axis": None}, {"num_bits": 8, "axis": 0}
    rules: list[dict[str, Any]] = [
        {"quantizer_name": "*", "enable": False},
        {"quantizer_name": "*input_quantizer", "cfg": activation, "enable": True},
        {"quantizer_name": "*weight_quantizer", "cfg": weight, "enable": True},
        *({"quantizer_name": f"{pattern}quantizer", "enable": False} for pattern in keep),
    ]
    mtq.quantize(expert, {"quant_cfg": rules, "algorithm": "max"}, forward)


class Batches:
    """Random points of a teacher's paths at which one expert runs."""

    def __init__(self, samples: Samples, expert: str, size: int, empty: float, generator: np.random.Generator) -> None:
        self.samples, self.size, self.empty, self.generator = samples, size, empty, generator
        self.steps = samples.steps_of(expert)
        if not self.steps:
            raise InputError(f"{expert} makes no step in these samples", "record them on a finer grid")

    def draw(self) -> Batch:
        """A batch; a share ``empty`` of it sees the negative context."""
        data = self.samples
        rows = torch.from_numpy(self.generator.integers(0, len(data.points), self.size))
        index = torch.from_numpy(self.generator.choice(self.steps, self.size))
        contexts = data.contexts[rows].float()
        contexts[torch.from_numpy(self.generator.random(self.size) < self.empty)] = data.empty.float()
        return data.points[rows, index].float(), data.sigmas[index].float() * 1000, contexts


def train(parent: WanTransformer3DModel, plan: Plan, batches: Batches, work: Path, device: str) -> dict[str, Tensor]:
    """Weights of a student that gives the parent's velocities while it is rounded."""
    parent = parent.to(device)
    student = WanTransformer3DModel.from_config(parent.config)
    student.load_state_dict(parent.state_dict())
    names = set(student.state_dict())
    student.train().to(device)

    def draw() -> Batch:
        x, when, context = (tensor.to(device) for tensor in batches.draw())
        return x, when, context

    def calibrate(model: Any) -> None:
        with torch.no_grad():
            for _ in range(16):
                velocity(model, *draw())

    fake_quantise(student, kept_layers(parent.config.num_layers), calibrate)
    trainer = Trainer(plan, {"student": student}, work, batches.generator)

    def losses() -> dict[str, Tensor]:
        batch = draw()
        with torch.no_grad():
            wanted = velocity(parent, *batch)
        # The share of the velocity's power that rounding takes: it means the same at every noise level.
        return {"loss": (velocity(student, *batch) - wanted).square().mean() / wanted.square().mean()}

    trainer.run(losses)
    return {name: tensor.detach().cpu() for name, tensor in student.state_dict().items() if name in names}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("expert_folder", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--samples", type=Path, required=True, help="what triptych_tools.teacher wrote")
    parser.add_argument("--expert", choices=("high_noise", "low_noise"), required=True)
    parser.add_argument("--steps", type=int, required=True, help="training steps")
    parser.add_argument("--lr", type=float, default=1e-5, help="peak learning rate")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--empty", type=float, default=0.0, help="share of negative contexts; 0.5 for guided experts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    if options.target.exists():
        raise InputError(f"{options.target} exists already", "name a new folder")
    samples = load_samples(options.samples)
    parent = load_expert(options.expert_folder)
    plan = Plan("qat", options.steps, options.lr, warmup=min(50, options.steps), seed=options.seed)
    batches = Batches(samples, options.expert, options.batch, options.empty, seeded(plan))
    # A run that is stopped goes on from what it left here.
    work = options.target.with_name(f"{options.target.name}.partial")
    work.mkdir(parents=True, exist_ok=True)
    weights = train(parent, plan, batches, work, options.device)
    parent.load_state_dict(weights)
    save_part(parent, work)
    os.replace(work, options.target)
    progress(1, 1, options.target.name)


if __name__ == "__main__":
    run(main)
