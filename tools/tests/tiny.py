"""A transformer small enough for a test, with paths that it could have been recorded on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers import WanTransformer3DModel
from torch import Tensor

from triptych_tools.checkpoint import save_part
from triptych_tools.teacher import Samples

LATENT = (4, 3, 4, 4)
TOKENS, DIM = 6, 32
HEADS, HEAD_WIDTH, FFN, BLOCKS = 4, 16, 64, 3


def tiny_expert(seed: int = 0) -> WanTransformer3DModel:
    """Three blocks with random weights, in FP32, frozen."""
    torch.manual_seed(seed)
    expert = WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=HEADS,
        attention_head_dim=HEAD_WIDTH,
        in_channels=LATENT[0],
        out_channels=LATENT[0],
        text_dim=DIM,
        freq_dim=32,
        ffn_dim=FFN,
        num_layers=BLOCKS,
        rope_max_seq_len=16,
    )
    for parameter in expert.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return expert.eval().requires_grad_(False)


def tiny_samples(paths: int = 16) -> Samples:
    """Random paths of four steps, two of each expert."""
    source = torch.Generator().manual_seed(1)
    return Samples(
        points=torch.randn(paths, 5, *LATENT, generator=source),
        sigmas=torch.tensor([1.0, 0.95, 0.8, 0.4, 0.0]),
        contexts=torch.randn(paths, TOKENS, DIM, generator=source),
        empty=torch.zeros(TOKENS, DIM),
        boundary=0.875,
    )


def ask(expert: WanTransformer3DModel) -> Tensor:
    """The velocity at fixed inputs, [2, C, T, H, W]."""
    source = torch.Generator().manual_seed(2)
    x, context = torch.randn(2, *LATENT, generator=source), torch.randn(2, TOKENS, DIM, generator=source)
    with torch.no_grad():
        velocity: Tensor = expert(x, torch.tensor([950.0, 120.0]), context, return_dict=False)[0]
    return velocity


def saved(expert: WanTransformer3DModel, folder: Path) -> Path:
    """An expert as a folder of a checkpoint, for tools to read."""
    save_part(expert, folder)
    return folder


def arguments(monkeypatch: pytest.MonkeyPatch, *values: object) -> None:
    """What a tool called next reads as its command line."""
    monkeypatch.setattr("sys.argv", ["tool", *map(str, values)])
