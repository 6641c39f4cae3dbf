"""Decoding with the genuine ``AutoencoderKLWan``, over a whole clip at once or one latent frame at a time.

diffusers runs this autoencoder frame by frame with caches, which keeps memory small for long
clips. ``decode_clip`` is the same arithmetic over the whole clip, in few operations;
``decode_frame`` is one turn of diffusers' own loop with its caches as plain tensors. Both know the
two layouts of the class: that of A14B, and the residual one. A test holds them equal to
``AutoencoderKLWan.decode``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKLWan
from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d, unpatchify
from torch import Tensor

CACHED_FRAMES = 2
"""Frames that a causal convolution looks back on."""


def per_frame(layer: Any, x: Tensor) -> Tensor:
    """Apply a layer for images to each frame of x [B, C, T, H, W]."""
    batch, _, frames, _, _ = x.shape
    flat = x.transpose(1, 2).flatten(0, 1)
    y: Tensor = layer(flat)
    return y.unflatten(0, (batch, frames)).transpose(1, 2)  # type: ignore[no-untyped-call]


def decode_clip(vae: AutoencoderKLWan, latents: Tensor) -> Tensor:
    """Video [B, 3, F, H, W], not yet clamped to -1..1, of raw latents [B, z, T, h, w]."""
    decoder: Any = vae.decoder
    x = decoder.mid_block(decoder.conv_in(vae.post_quant_conv(latents)))
    for block in decoder.up_blocks:
        shortcut = getattr(block, "avg_shortcut", None)
        added = None if shortcut is None else shortcut(x, first_chunk=True)
        for resnet in block.resnets:
            x = resnet(x)
        upsampler = _upsampler(block)
        if upsampler is not None:
            x = _upsample(upsampler, x)
        if added is not None:
            x = x + added
    x = decoder.conv_out(decoder.nonlinearity(decoder.norm_out(x)))
    return _pixels(vae, x)


def largest_tensor(vae: AutoencoderKLWan, latent: tuple[int, int, int, int]) -> int:
    """Elements of the largest tensor that ``decode_clip`` makes of a latent (z, t, h, w).

    It is inside an upsampler, which makes all pixels of a frame before a convolution lessens the channels.
    """
    decoder: Any = vae.decoder
    _, frames, height, width = latent
    upsamplers = enumerate(_upsampler(block) for block in decoder.up_blocks)
    widest = max(upsampler.dim * 4 ** (level + 1) for level, upsampler in upsamplers if upsampler is not None)
    return widest * (4 * frames - 3) * height * width


def decode_frame(vae: AutoencoderKLWan, latent: Tensor, caches: Sequence[Tensor] = ()) -> tuple[Tensor, list[Tensor]]:
    """Video and caches of one latent frame [B, z, 1, h, w] behind those whose caches are given.

    The first latent frame has no caches and makes one frame [B, 3, 1, H, W], every other makes several (four in
    Wan). Each cache is [B, C, 2, h', w'] and is to be given back with the next latent frame. The video is not yet
    clamped to -1..1.
    """
    decoder: Any = vae.decoder
    slots = sum(isinstance(module, WanCausalConv3d) for module in decoder.modules())
    held: list[Any] = [*caches, *[None] * (slots - len(caches))]
    used = [0]
    x = decoder(vae.post_quant_conv(latent), feat_cache=held, feat_idx=used, first_chunk=not caches)
    following = held[: used[0]]
    return _pixels(vae, x), following if caches else _whole_caches(vae, latent, following)


def _whole_caches(vae: AutoencoderKLWan, latent: Tensor, held: list[Any]) -> list[Tensor]:
    """Caches of the first latent frame, made as long as all later ones.

    A convolution that has seen one frame holds that; before it lies the padding, which is zero. An upsampler that
    doubles time only notes that it saw a frame and did nothing: the next time all before it is zero.
    """
    batch, _, _, height, width = latent.shape
    upsamplers = iter(_upsamplers_in_time(vae))
    whole = []
    for cache in held:
        if isinstance(cache, Tensor):
            whole.append(F.pad(cache, (0, 0, 0, 0, CACHED_FRAMES - cache.shape[2], 0)))
        else:
            channels, scale = next(upsamplers)
            whole.append(latent.new_zeros(batch, channels, CACHED_FRAMES, height * scale, width * scale))
    return whole


def _upsamplers_in_time(vae: AutoencoderKLWan) -> Iterator[tuple[int, int]]:
    """Channels that each upsampler in time takes, and the scale of its input against the latent's."""
    decoder: Any = vae.decoder
    for level, block in enumerate(decoder.up_blocks):
        upsampler = _upsampler(block)
        if upsampler is not None and upsampler.mode == "upsample3d":
            yield upsampler.dim, 2**level


def _upsampler(block: Any) -> Any:
    """The upsampler of a block: the layouts of the class keep it under two names."""
    if hasattr(block, "upsampler"):
        return block.upsampler
    return None if block.upsamplers is None else block.upsamplers[0]


def _upsample(block: Any, x: Tensor) -> Tensor:
    if block.mode == "upsample3d" and x.shape[2] > 1:
        first, rest = x[:, :, :1], block.time_conv(x[:, :, 1:])
        channels = rest.shape[1] // 2
        rest = torch.stack([rest[:, :channels], rest[:, channels:]], dim=3).flatten(2, 3)
        x = torch.cat([first, rest], dim=2)
    return per_frame(block.resample, x)


def _pixels(vae: AutoencoderKLWan, x: Tensor) -> Tensor:
    return unpatchify(x, vae.config.patch_size or 1)
