"""What each part of an expert is worth: by the size of its weights, by their gradients, by leaving it out."""

from __future__ import annotations

import numpy as np
import torch
from diffusers import WanTransformer3DModel
from torch import Tensor, nn

from triptych_tools.recover import PROBES, Points, answer


def magnitude(expert: WanTransformer3DModel) -> dict[str, Tensor]:
    """Squares of all weights."""
    return {name: weight.detach().float().square() for name, weight in expert.named_parameters()}


def taylor(expert: WanTransformer3DModel, points: Points) -> dict[str, Tensor]:
    """How much the loss would change without each weight, to first order: |weight · gradient|, over batches.

    The loss is the distance from the path's own velocity. From the parent's it would be zero before
    the first cut, and so would its gradient.
    """
    generator = np.random.default_rng(7)
    worth = {name: torch.zeros_like(weight) for name, weight in expert.named_parameters()}
    expert.requires_grad_(True)
    for _ in range(PROBES):
        batch = points.draw(generator, prompt_share=1.0)
        expert.zero_grad(set_to_none=True)
        (answer(expert, batch) - batch.target).square().mean().backward()  # type: ignore[no-untyped-call]
        for name, weight in expert.named_parameters():
            assert weight.grad is not None
            worth[name] += (weight.detach() * weight.grad).abs()
    expert.zero_grad(set_to_none=True)
    expert.requires_grad_(False)
    return worth


@torch.no_grad()
def effects_of_blocks(expert: WanTransformer3DModel, points: Points) -> list[float]:
    """Mean squared change of the velocity when each block is skipped, over points that may be learnt from."""
    batches = [points.draw(np.random.default_rng(index)) for index in range(PROBES)]
    whole = [answer(expert, batch) for batch in batches]
    blocks = list(expert.blocks)
    effects = []
    for skipped in range(len(blocks)):
        expert.blocks = nn.ModuleList(block for index, block in enumerate(blocks) if index != skipped)
        changes = [(answer(expert, batch) - v).square().mean() for batch, v in zip(batches, whole, strict=True)]
        effects.append(float(torch.stack(changes).mean()))
    expert.blocks = nn.ModuleList(blocks)
    return effects
