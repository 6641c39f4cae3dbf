"""The causal video VAE: the genuine ``AutoencoderKLWan``, run over a whole clip at once.

diffusers runs this autoencoder frame by frame with caches, which keeps memory small for long
clips. For 17 small frames the same arithmetic over the whole clip is several times faster and
makes a compact ONNX graph. ``encode_clip`` and ``decode_clip`` are that form; a test holds them
equal to ``AutoencoderKLWan.encode`` and ``.decode``.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import AutoencoderKLWan
from diffusers.models.autoencoders.autoencoder_kl_wan import patchify, unpatchify
from torch import Tensor

LATENT_CHANNELS = 16


def new_vae(**overrides: Any) -> AutoencoderKLWan:
    """An untrained wan-tiny autoencoder: 64x64x17 RGB to latents of 16x5x8x8."""
    config: dict[str, Any] = {
        "base_dim": 32,
        "decoder_base_dim": 32,
        "z_dim": LATENT_CHANNELS,
        "dim_mult": [1, 2, 2],
        "num_res_blocks": 1,
        "temperal_downsample": [True, True],
        "is_residual": True,
        "in_channels": 12,
        "out_channels": 12,
        "patch_size": 2,
        "scale_factor_spatial": 8,
        "scale_factor_temporal": 4,
        "latents_mean": [0.0] * LATENT_CHANNELS,
        "latents_std": [1.0] * LATENT_CHANNELS,
    }
    config.update(overrides)
    return AutoencoderKLWan(**config)


def _per_frame(layer: Any, x: Tensor) -> Tensor:
    batch, _, frames, _, _ = x.shape
    flat = x.transpose(1, 2).flatten(0, 1)
    y: Tensor = layer(flat)
    return y.unflatten(0, (batch, frames)).transpose(1, 2)  # type: ignore[no-untyped-call]


def _downsample(block: Any, x: Tensor) -> Tensor:
    x = _per_frame(block.resample, x)
    if block.mode == "downsample3d":
        x = torch.cat([x[:, :, :1], block.time_conv(x)], dim=2)
    return x


def _upsample(block: Any, x: Tensor) -> Tensor:
    if block.mode == "upsample3d":
        first, rest = x[:, :, :1], block.time_conv(x[:, :, 1:])
        channels = rest.shape[1] // 2
        rest = torch.stack([rest[:, :channels], rest[:, channels:]], dim=3).flatten(2, 3)
        x = torch.cat([first, rest], dim=2)
    return _per_frame(block.resample, x)


def encode_clip(vae: AutoencoderKLWan, video: Tensor) -> tuple[Tensor, Tensor]:
    """Posterior mean and log-variance, each [B, z, T, h, w], of video [B, 3, F, H, W] in -1..1."""
    encoder: Any = vae.encoder
    x = patchify(video, vae.config.patch_size)
    x = encoder.conv_in(x)
    for block in encoder.down_blocks:
        shortcut = block.avg_shortcut(x)
        for resnet in block.resnets:
            x = resnet(x)
        if block.downsampler is not None:
            x = _downsample(block.downsampler, x)
        x = x + shortcut
    x = encoder.mid_block(x)
    x = encoder.conv_out(encoder.nonlinearity(encoder.norm_out(x)))
    mean, log_variance = vae.quant_conv(x).chunk(2, dim=1)
    return mean, log_variance.clamp(-30.0, 20.0)


def decode_clip(vae: AutoencoderKLWan, latents: Tensor) -> Tensor:
    """Video [B, 3, F, H, W], not yet clamped to -1..1, of raw latents [B, z, T, h, w]."""
    decoder: Any = vae.decoder
    x = decoder.mid_block(decoder.conv_in(vae.post_quant_conv(latents)))
    for block in decoder.up_blocks:
        shortcut = None
        if block.avg_shortcut is not None:
            shortcut = block.avg_shortcut(x, first_chunk=True)
        for resnet in block.resnets:
            x = resnet(x)
        if block.upsampler is not None:
            x = _upsample(block.upsampler, x)
        if shortcut is not None:
            x = x + shortcut
    x = decoder.conv_out(decoder.nonlinearity(decoder.norm_out(x)))
    return unpatchify(x, vae.config.patch_size)
