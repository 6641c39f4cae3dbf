"""Parts of Wan2.2-T2V-A14B at their own widths and with random weights: what export is proven on without 126 GB.

They are cut in depth only. Each comes with inputs and with what torch makes of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import Tensor
from transformers import UMT5Config, UMT5EncoderModel

from triptych_tools.checkpoint import save_part
from triptych_tools.networks import ExpertStep, TextEncoder
from triptych_tools.tokens import load_tokenizer, token_rows

EXPERT_LATENT = (16, 2, 8, 8)
VAE_LATENT = (16, 5, 12, 20)
TOKENS = 512
STATE = 4
VOCABULARY = 256_384
PROMPT = "a red circle moves right"


def make_expert(folder: Path, blocks: int) -> None:
    """An expert of a few blocks, and its guided step."""
    expert = WanTransformer3DModel(num_layers=blocks).eval().requires_grad_(False)
    inputs = {
        "STATE": torch.randn(STATE, *EXPERT_LATENT),
        "TIMESTEP": torch.tensor([900.0]),
        "CONTEXT": torch.randn(2, TOKENS, expert.config.text_dim),
        "COEFFICIENTS": torch.randn(STATE, STATE + 1),
        "GUIDANCE": torch.tensor([4.0]),
    }
    following = ExpertStep(expert)(*inputs.values())[0]
    _save(folder, expert, inputs, {"NEXT_STATE": following})


def make_text_encoder(folder: Path, layers: int, tokenizer: Path) -> None:
    """A text encoder of a few layers, and the contexts of two prompts."""
    config = UMT5Config(vocab_size=VOCABULARY, d_model=4096, d_kv=64, d_ff=10_240, num_layers=layers, num_heads=64)
    encoder = UMT5EncoderModel(config).eval().requires_grad_(False)
    ids, mask = token_rows(load_tokenizer(tokenizer), ["", PROMPT], TOKENS)
    inputs = {"TOKEN_IDS": torch.from_numpy(ids), "TOKEN_MASK": torch.from_numpy(mask)}
    _save(folder, encoder, inputs, {"CONTEXT": TextEncoder(encoder)(*inputs.values())})


def make_vae(folder: Path) -> None:
    """A VAE, and what diffusers decodes with it, as bytes."""
    vae = AutoencoderKLWan().eval().requires_grad_(False)
    latent = torch.randn(VAE_LATENT)
    mean, std = (torch.tensor(values).view(-1, 1, 1, 1) for values in (vae.config.latents_mean, vae.config.latents_std))
    video = vae.decode((latent * std + mean)[None]).sample[0]
    frames = ((video * 0.5 + 0.5) * 255).round().to(torch.uint8).permute(1, 2, 3, 0)
    _save(folder, vae, {"LATENT": latent}, {"FRAMES": frames})


def _save(folder: Path, model: torch.nn.Module, inputs: dict[str, Tensor], outputs: dict[str, Tensor]) -> None:
    save_part(model, folder)
    for name, tensors in (("inputs", inputs), ("outputs", outputs)):
        arrays: dict[str, Any] = {key: value.numpy() for key, value in tensors.items()}
        np.savez(folder / f"{name}.npz", **arrays)
