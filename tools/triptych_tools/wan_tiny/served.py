"""What of wan-tiny is served: its files, as the spec names them."""

from __future__ import annotations

SERVED = {
    "text_encoder": "text_encoder.fp32",
    "vae_decoder": "vae_decoder.fp16",
    "final_high_noise": "final_high_noise.fp16",
    "final_low_noise": "final_low_noise.fp16",
    "draft_high_noise": "draft_high_noise.distilled-4step.int8",
    "draft_low_noise": "draft_low_noise.distilled-4step.int8",
}
"""File of each network: network, weights, precision."""

STATE_SIZES = {"final": 4, "draft": 1}
"""Latents in STATE, by variant."""

GUIDANCE = {"final": "fused", "draft": "off"}
"""How the graphs of a variant do guidance."""
