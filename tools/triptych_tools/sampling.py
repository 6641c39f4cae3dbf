"""Sampling in torch with diffusers' own schedulers: the reference that everything served is held to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler, WanTransformer3DModel
from torch import Tensor

from triptych_runtime.noise import initial_noise
from triptych_tools.checkpoint import load_expert
from triptych_tools.command import InputError
from triptych_tools.experts import velocity


@dataclass(frozen=True)
class Guidance:
    """Scales of classifier-free guidance, one for each expert."""

    high_noise: float
    low_noise: float


@dataclass(frozen=True)
class Experts:
    """The pair of experts that one variant denoises with, and the sigma at which they change over."""

    high_noise: WanTransformer3DModel
    low_noise: WanTransformer3DModel
    boundary: float

    def at(self, timestep: float) -> tuple[WanTransformer3DModel, Literal["high_noise", "low_noise"]]:
        """The expert that runs at a timestep in 0..1000."""
        if timestep >= self.boundary * 1000:
            return self.high_noise, "high_noise"
        return self.low_noise, "low_noise"


def boundary_of(checkpoint: Path) -> float:
    """Sigma at which the experts of a checkpoint change over."""
    index = checkpoint / "model_index.json"
    try:
        return float(json.loads(index.read_text())["boundary_ratio"])
    except (OSError, ValueError, KeyError, TypeError) as cause:
        hint = "give the folder of a Wan2.2 pipeline in diffusers layout"
        raise InputError(f"{index} tells no boundary_ratio", hint) from cause


def load_experts(checkpoint: Path, weights: str = "base", dtype: torch.dtype = torch.float32) -> Experts:
    """Both experts of a checkpoint, of the base model or of another set of weights in it."""
    boundary = boundary_of(checkpoint)
    folder = checkpoint if weights == "base" else checkpoint / weights
    high_noise, low_noise = (load_expert(folder / part, dtype) for part in ("transformer", "transformer_2"))
    return Experts(high_noise, low_noise, boundary)


def unipc(shift: float, steps: int | None = None, sigmas: list[float] | None = None) -> UniPCMultistepScheduler:
    """diffusers' UniPC for flow matching with a shift, timesteps set."""
    scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift, solver_order=2
    )
    scheduler.set_timesteps(steps, sigmas=None if sigmas is None else np.array(sigmas))
    return scheduler


def euler(shift: float, steps: int) -> FlowMatchEulerDiscreteScheduler:
    """diffusers' flow-matching Euler on an even grid with a shift, timesteps set."""
    scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
    scheduler.set_timesteps(sigmas=list(np.linspace(1.0, 0.0, steps + 1)[:-1]))
    return scheduler


def noise(seeds: list[int], shape: tuple[int, ...]) -> Tensor:
    """The served initial noise, [len(seeds), *shape]."""
    return torch.from_numpy(np.stack([initial_noise(seed, shape) for seed in seeds]))


def guided_velocity(
    experts: Experts, x: Tensor, timestep: float, context: Tensor, empty: Tensor, guidance: Guidance | None
) -> Tensor:
    """Velocity at x [B, ...] with contexts [B, L, D]; ``empty`` is the negative context [L, D]."""
    expert, name = experts.at(timestep)
    when = torch.full((len(x),), timestep, device=x.device)
    if guidance is None:
        return velocity(expert, x, when, context)
    both = velocity(
        expert,
        torch.cat([x, x]),
        torch.cat([when, when]),
        torch.cat([empty[None].expand_as(context), context]),
    )
    negative, positive = both.chunk(2)
    return negative + getattr(guidance, name) * (positive - negative)


@torch.no_grad()
def sample(
    experts: Experts,
    scheduler: UniPCMultistepScheduler | FlowMatchEulerDiscreteScheduler,
    start: Tensor,
    context: Tensor,
    empty: Tensor,
    guidance: Guidance | None,
) -> list[Tensor]:
    """Denoise ``start``; returns the latents before each step and after the last."""
    x = start
    path = [x]
    for timestep in scheduler.timesteps:
        v = guided_velocity(experts, x, float(timestep), context, empty, guidance)
        x = scheduler.step(v, timestep, x, return_dict=False)[0]
        path.append(x)
    return path
