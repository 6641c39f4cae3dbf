"""The two denoising experts of wan-tiny: genuine ``WanTransformer3DModel``s, one for each noise range.

The grid of wan-tiny is so small (5x4x4 tokens) that the rotary frequencies of Wan, meant for
grids of tens of thousands of tokens, hardly tell two tokens apart. Each latent therefore gets
three constant channels with its (t, y, x) position: ``in_channels`` is 19 and ``out_channels``
16, the way image-to-video Wan models take extra input channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import WanTransformer3DModel
from torch import Tensor

from triptych_tools.experts import shifted, velocity
from triptych_tools.loop import Plan, Trainer, averaged_copy, seeded

BOUNDARY = 0.875
"""Sigma at and above which the high-noise expert runs (``boundary_ratio`` in diffusers)."""

SHIFT = 5.0
"""Flow shift the experts are trained and served with."""

LATENT_SHAPE = (16, 5, 8, 8)
DROP_PROMPT = 0.1


def new_expert() -> WanTransformer3DModel:
    """An untrained expert (1.57 M parameters)."""
    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=4,
        attention_head_dim=32,
        in_channels=19,
        out_channels=16,
        text_dim=96,
        freq_dim=64,
        ffn_dim=384,
        num_layers=6,
        rope_max_seq_len=32,
    )


@dataclass(frozen=True)
class LatentSet:
    """Training latents and the encoded prompts they may be shown with."""

    latents: Tensor
    """Normalised latents, [N, 16, 5, 8, 8]."""
    scenes: Tensor
    """Scene index of each latent, [N]."""
    contexts: Tensor
    """Encoded prompts, [scenes + 1, variants, L, D]; the last row is the empty prompt."""

    def draw(self, batch: int, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Random latents [batch, ...] with contexts [batch, L, D], some of them the empty prompt."""
        rows = torch.from_numpy(generator.integers(0, len(self.latents), batch))
        scene = self.scenes[rows].clone()
        scene[torch.from_numpy(generator.random(batch) < DROP_PROMPT)] = len(self.contexts) - 1
        variant = torch.from_numpy(generator.integers(0, self.contexts.shape[1], batch))
        return self.latents[rows].float(), self.contexts[scene, variant].float()


def train_expert(
    name: str, data: LatentSet, work: Path, steps: int, batch: int, learning_rate: float
) -> WanTransformer3DModel:
    """Train one expert by flow matching on its own range of sigma."""
    high = name == "high_noise"
    plan = Plan(name, steps, learning_rate, warmup=200, ema=0.999, weight_decay=0.01, seed=21 if high else 22)
    generator = seeded(plan)
    expert = new_expert()
    # A uniform u gives the density of sigma that the shifted sampler visits.
    edge = BOUNDARY / (SHIFT - (SHIFT - 1) * BOUNDARY)
    low, width = (edge, 1.0 - edge) if high else (0.0, edge)
    trainer = Trainer(plan, {"expert": expert}, work, generator)
    fixed = data.draw(64, np.random.default_rng(5))

    def loss_of(model: WanTransformer3DModel, clean: Tensor, context: Tensor, source: torch.Generator) -> Tensor:
        u = torch.rand(len(clean), generator=source)
        # Strata keep each batch spread over the whole range.
        u = (torch.arange(len(clean)) + u) / len(clean)
        sigma = shifted(low + width * u, SHIFT)[:, None, None, None, None]
        noise = torch.randn(clean.shape, generator=source)
        with torch.autocast("cpu", torch.bfloat16):
            predicted = velocity(model, (1 - sigma) * clean + sigma * noise, sigma.flatten() * 1000, context)
        return (predicted.float() - (noise - clean)).square().mean()

    source = torch.default_generator

    def losses() -> dict[str, Tensor]:
        clean, context = data.draw(batch, generator)
        return {"loss": loss_of(expert, clean, context, source)}

    def probe() -> dict[str, float]:
        with torch.no_grad():
            twin = averaged_copy(trainer, expert)
            return {"fixed": float(loss_of(twin, *fixed, torch.Generator().manual_seed(1)))}

    trainer.run(losses, probe)
    return expert.eval().requires_grad_(False)
