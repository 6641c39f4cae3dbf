"""The networks of a pipeline as Triptych serves them: the model, and what is to happen beside its weights."""

from __future__ import annotations

import torch
from diffusers import AutoencoderKLWan
from torch import Tensor, nn

from triptych_tools.vae import decode_clip, decode_frame


class ExpertStep(nn.Module):
    """One denoising step: predict the velocity, apply guidance, update the state by a linear map.

    STATE [S, C, T, H, W], TIMESTEP [1], CONTEXT [2, L, D] (row 0 negative), COEFFICIENTS [S, S + 1] and, where
    guided, GUIDANCE [1] → NEXT_STATE [S, C, T, H, W], LATENT [C, T, H, W].

    All of them are FP32; only what goes through the transformer takes the ``dtype`` of its weights. The two passes
    of guidance make one batch, or with ``sequential`` come one after the other, with half the activations at a time.
    """

    extra_channels: Tensor | None

    def __init__(
        self,
        transformer: nn.Module,
        extra_channels: Tensor | None = None,
        *,
        sequential: bool = False,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.transformer = transformer
        self.register_buffer("extra_channels", extra_channels)
        self.sequential = sequential
        self.dtype = dtype

    def forward(
        self, state: Tensor, timestep: Tensor, context: Tensor, coefficients: Tensor, guidance: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Run the step."""
        x = state[0:1]
        if self.extra_channels is not None:
            x = torch.cat([x, self.extra_channels], dim=1)
        if guidance is not None:
            negative, positive = self._both(x, timestep, context)
            v = negative + guidance * (positive - negative)
        else:
            v = self._velocity(x, timestep, context[1:2])
        stack = torch.cat([state, v]).flatten(1)
        following = (coefficients @ stack).reshape(state.shape)
        return following, following[0]

    def _both(self, x: Tensor, timestep: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        if self.sequential:
            return self._velocity(x, timestep, context[0:1]), self._velocity(x, timestep, context[1:2])
        both = self._velocity(torch.cat([x, x]), torch.cat([timestep, timestep]), context)
        return both[0:1], both[1:2]

    def _velocity(self, x: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        output: Tensor = self.transformer(x.to(self.dtype), timestep, context.to(self.dtype), return_dict=False)[0]
        return output.float()


class TextEncoder(nn.Module):
    """TOKEN_IDS, TOKEN_MASK [2, L] → CONTEXT [2, L, D], zero where the mask is zero."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, token_ids: Tensor, token_mask: Tensor) -> Tensor:
        """Encode."""
        states: Tensor = self.encoder(input_ids=token_ids, attention_mask=token_mask).last_hidden_state
        return states.float() * token_mask[..., None].float()


class Latents(nn.Module):
    """The two ends of decoding: latents as the VAE takes them, and frames as bytes."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean.view(-1, 1, 1, 1))
        self.register_buffer("std", std.view(-1, 1, 1, 1))

    def raw(self, latent: Tensor) -> Tensor:
        """Latents [1, C, T, H, W] without their scaling, of LATENT [C, T, H, W]."""
        return (latent * self.std + self.mean)[None]

    def frames(self, video: Tensor) -> Tensor:
        """FRAMES UINT8 [F, H, W, 3] of a video [1, 3, F, H, W] in -1..1, what lies outside clamped."""
        unit = video[0].clamp(-1.0, 1.0) * 0.5 + 0.5
        return (unit * 255.0).round().to(torch.uint8).permute(1, 2, 3, 0)


class LatentDecoder(Latents):
    """LATENT [C, T, H, W] → FRAMES UINT8 [F, H', W', 3]."""

    def __init__(self, decode: nn.Module, mean: Tensor, std: Tensor) -> None:
        super().__init__(mean, std)
        self.decode = decode

    def forward(self, latent: Tensor) -> Tensor:
        """Undo the latent scaling, decode, and round to bytes."""
        return self.frames(self.decode(self.raw(latent)))


class FrameDecoder(Latents):
    """LATENT [C, 1, H, W] and caches → FRAMES UINT8 [F, H', W', 3] and caches.

    The first latent frame comes without caches and makes one frame; every later one comes with those that the one
    before returned, and makes four.
    """

    def __init__(self, decode: nn.Module, mean: Tensor, std: Tensor) -> None:
        super().__init__(mean, std)
        self.decode = decode

    def forward(self, latent: Tensor, *caches: Tensor) -> tuple[Tensor, ...]:
        """Undo the latent scaling, decode, and round to bytes."""
        video, *following = self.decode(self.raw(latent), *caches)
        return self.frames(video), *following


class WholeClip(nn.Module):
    """Raw latents [B, z, T, h, w] → video [B, 3, F, H, W], every layer over the whole clip."""

    def __init__(self, vae: AutoencoderKLWan) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, latents: Tensor) -> Tensor:
        """Decode."""
        return decode_clip(self.vae, latents)


class OneFrame(nn.Module):
    """Raw latents [B, z, 1, h, w] and caches → video [B, 3, F, H, W] and caches."""

    def __init__(self, vae: AutoencoderKLWan) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, latent: Tensor, *caches: Tensor) -> tuple[Tensor, ...]:
        """Decode."""
        video, following = decode_frame(self.vae, latent, caches)
        return video, *following


class FrameByFrame(nn.Module):
    """Raw latents [B, z, T, h, w] → video [B, 3, F, H, W], one latent frame after the other with its caches."""

    def __init__(self, vae: AutoencoderKLWan) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, latents: Tensor) -> Tensor:
        """Decode."""
        caches: list[Tensor] = []
        parts = []
        for latent in torch.split(latents, 1, dim=2):
            video, caches = decode_frame(self.vae, latent, caches)
            parts.append(video)
        return torch.cat(parts, dim=2)
