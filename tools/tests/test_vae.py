"""Encoding over a whole clip is what diffusers does frame by frame, and latents have unit variance."""

from __future__ import annotations

import pytest
import torch
from diffusers import AutoencoderKLWan
from torch import Tensor

from triptych_tools.wan_tiny.train_vae import denormalise, measure_latents, normalise
from triptych_tools.wan_tiny.vae import encode_clip, new_vae

SIDE = 32
TOLERANCE = 1e-5


def shaken(vae: AutoencoderKLWan) -> AutoencoderKLWan:
    """Every weight random, biases and scales too."""
    vae.eval().requires_grad_(False)
    for parameter in vae.parameters():
        parameter += 0.05 * torch.randn_like(parameter)
    return vae


@pytest.fixture(scope="module")
def vae() -> AutoencoderKLWan:
    """An autoencoder of wan-tiny."""
    torch.manual_seed(0)
    return shaken(new_vae())


def difference(ours: Tensor, theirs: Tensor) -> float:
    """Largest difference, relative to the largest value."""
    assert ours.shape == theirs.shape
    return float((ours - theirs).abs().max() / theirs.abs().max())


@pytest.mark.parametrize(("frames", "latent_frames"), [(9, 3), (17, 5)])
def test_encode_clip_is_encode(vae: AutoencoderKLWan, frames: int, latent_frames: int) -> None:
    video = torch.rand(2, 3, frames, SIDE, SIDE, generator=torch.Generator().manual_seed(frames)) * 2 - 1
    mean, log_variance = encode_clip(vae, video)
    theirs = vae.encode(video).latent_dist
    assert mean.shape == (2, 16, latent_frames, SIDE // 8, SIDE // 8)
    assert difference(mean, theirs.mean) <= TOLERANCE
    assert difference(log_variance, theirs.logvar) <= TOLERANCE


def test_normalise_gives_unit_variance_and_denormalise_undoes_it() -> None:
    vae = new_vae()
    scale = torch.linspace(0.5, 2.0, 16).view(1, -1, 1, 1, 1)
    raw = torch.randn(64, 16, 2, 4, 4, generator=torch.Generator().manual_seed(1)) * scale + scale
    measure_latents(vae, raw)
    unit = normalise(vae, raw)
    assert torch.allclose(unit.mean(dim=(0, 2, 3, 4)), torch.zeros(16), atol=1e-4)
    assert torch.allclose(unit.std(dim=(0, 2, 3, 4)), torch.ones(16), atol=1e-4)
    assert torch.allclose(denormalise(vae, unit), raw, atol=1e-5)
