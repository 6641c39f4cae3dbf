"""Graphs of the unrounded weights of a training: what served files are measured against."""

from __future__ import annotations

from pathlib import Path

from triptych_tools.export import export_expert, export_text_encoder, export_vae_decoder
from triptych_tools.wan_tiny.experts import LATENT_SHAPE
from triptych_tools.wan_tiny.served import GUIDANCE, STATE_SIZES
from triptych_tools.wan_tiny.text import TOKENS

SOURCES = {"final": "expert", "draft": "draft"}
"""How a work folder names the experts of a variant."""


def export_variant_expert(folder: Path, variant: str, path: Path) -> None:
    """Export one expert's denoising step for a variant of wan-tiny."""
    export_expert(
        folder,
        path,
        latent=LATENT_SHAPE,
        tokens=TOKENS,
        state=STATE_SIZES[variant],
        guidance=GUIDANCE[variant],
    )


def export_fp32(work: Path, target: Path) -> None:
    """Export every network from the unrounded weights of a work folder."""
    export_text_encoder(work / "text_encoder", target / "text_encoder.onnx", tokens=TOKENS)
    export_vae_decoder(work / "vae_scaled", target / "vae_decoder.onnx", latent=LATENT_SHAPE)
    for variant, prefix in SOURCES.items():
        for expert in ("high_noise", "low_noise"):
            export_variant_expert(work / f"{prefix}_{expert}", variant, target / f"{variant}_{expert}.onnx")
