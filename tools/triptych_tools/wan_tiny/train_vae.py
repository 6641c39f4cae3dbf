"""Training of the autoencoder, and the scale of its latents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKLWan
from torch import Tensor

from triptych_tools.loop import Plan, Trainer, averaged_copy, seeded
from triptych_tools.vae import decode_clip
from triptych_tools.wan_tiny.captions import SCENES
from triptych_tools.wan_tiny.clips import make_clip
from triptych_tools.wan_tiny.vae import encode_clip, new_vae

BATCH = 4
KL_WEIGHT = 1e-5
L1_WEIGHT = 0.1


def draw_clips(count: int, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Random clips [count, 3, F, H, W] in -1..1 and their scene indices [count]."""
    scenes = generator.integers(0, len(SCENES), count)
    clips = np.stack([make_clip(SCENES[scene], generator) for scene in scenes])
    return torch.from_numpy(clips).permute(0, 4, 1, 2, 3).contiguous() * 2 - 1, torch.from_numpy(scenes)


def mean_psnr(vae: AutoencoderKLWan, clips: Tensor) -> dict[str, float]:
    """Mean and least PSNR in dB of encode and decode over clips."""
    with torch.no_grad():
        rows = [decode_clip(vae, encode_clip(vae, clip[None])[0]).clamp(-1, 1) for clip in clips]
    error = ((torch.cat(rows) - clips) ** 2).flatten(1).mean(1)
    values = 10 * torch.log10(4 / error)
    return {"psnr": float(values.mean()), "psnr_min": float(values.min())}


def _pixel_loss(video: Tensor, target: Tensor) -> Tensor:
    return (video - target).square().mean() + L1_WEIGHT * (video - target).abs().mean()


def train_vae(work: Path, steps: int) -> AutoencoderKLWan:
    """Train encoder and decoder together on clips made on the fly."""
    plan = Plan("vae", steps, learning_rate=2.5e-3, ema=0.995, seed=31)
    generator = seeded(plan)
    vae = new_vae()
    probe_clips, _ = draw_clips(12, np.random.default_rng(9))
    trainer = Trainer(plan, {"vae": vae}, work, generator)

    def losses() -> dict[str, Tensor]:
        clips, _ = draw_clips(BATCH, generator)
        with torch.autocast("cpu", torch.bfloat16):
            mean, log_variance = (part.float() for part in encode_clip(vae, clips))
            latents = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
            video = decode_clip(vae, latents).float()
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
        pixels = _pixel_loss(video, clips)
        return {"loss": pixels + KL_WEIGHT * divergence, "pixels": pixels, "kl": divergence}

    trainer.run(losses, lambda: mean_psnr(averaged_copy(trainer, vae), probe_clips))
    return vae.eval().requires_grad_(False)


def measure_latents(vae: AutoencoderKLWan, latents: Tensor) -> None:
    """Write per-channel mean and std of raw latents [N, C, T, H, W] into the VAE's config."""
    mean = latents.mean(dim=(0, 2, 3, 4))
    std = latents.std(dim=(0, 2, 3, 4))
    vae.register_to_config(
        latents_mean=[round(float(value), 6) for value in mean],
        latents_std=[round(float(value), 6) for value in std],
    )


def normalise(vae: AutoencoderKLWan, latents: Tensor) -> Tensor:
    """Raw latents to the scale of the experts: zero mean, unit variance per channel."""
    mean, std = _statistics(vae)
    return (latents - mean) / std


def denormalise(vae: AutoencoderKLWan, latents: Tensor) -> Tensor:
    """The inverse of :func:`normalise`: what the decoder expects."""
    mean, std = _statistics(vae)
    return latents * std + mean


def _statistics(vae: AutoencoderKLWan) -> tuple[Tensor, Tensor]:
    shape = (1, -1, 1, 1, 1)
    return torch.tensor(vae.config.latents_mean).view(shape), torch.tensor(vae.config.latents_std).view(shape)
