"""Running an expert: a ``WanTransformer3DModel`` at latents, timesteps and contexts."""

from __future__ import annotations

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor

COORDINATE_SCALE = 1.7


def coordinates(shape: tuple[int, int, int]) -> Tensor:
    """Constant position channels of a latent grid (t, y, x): [1, 3, T, H, W], each from -1.7 to 1.7.

    An expert with more input than output channels gets them behind its latents, the way
    image-to-video Wan models take extra input channels.
    """
    axes = [torch.linspace(-1.0, 1.0, size) * COORDINATE_SCALE for size in shape]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"))[None]


def extra_channels(expert: WanTransformer3DModel, shape: tuple[int, int, int]) -> Tensor | None:
    """What an expert takes behind latents of a grid (t, y, x), or nothing."""
    extra = expert.config.in_channels - expert.config.out_channels
    if extra not in (0, 3):
        raise ValueError(f"an expert with {extra} extra input channels: only 3, for positions, are known")
    return coordinates(shape) if extra else None


def velocity(expert: WanTransformer3DModel, x: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
    """Predicted flow velocity [B, C, T, H, W] at latents x, timestep [B] in 0..1000, context [B, L, D]."""
    extra = extra_channels(expert, (x.shape[2], x.shape[3], x.shape[4]))
    if extra is not None:
        x = torch.cat([x, extra.to(x).expand(x.shape[0], -1, -1, -1, -1)], dim=1)
    output: Tensor = expert(x, timestep, context, return_dict=False)[0]
    return output


def shifted(u: Tensor, shift: float) -> Tensor:
    """Sigma of a uniform time u: ``shift*u / (1 + (shift-1)*u)``."""
    return shift * u / (1 + (shift - 1) * u)
