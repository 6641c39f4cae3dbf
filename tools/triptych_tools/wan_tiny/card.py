"""The model card of wan-tiny, written from its figures."""

from __future__ import annotations

from typing import Any

_HEAD = """---
license: apache-2.0
pipeline_tag: text-to-video
library_name: diffusers
language: [en, zh, ja]
---
# wan-tiny

<!-- Written by `make train-tiny` from figures.json. Change tools/triptych_tools/wan_tiny/card.py, not this file. -->

A genuine Wan2.2-style text-to-video pipeline at toy size: two experts switched by timestep, guidance, flow matching, a
causal video VAE, a distilled few-step draft in INT8. It exists so that every part of Triptych can be run, measured and
tested on any machine. It knows 48 scenes and nothing else; it is no product.

![Twelve clips of final, one a row](images/final.png)

*final: frames 1, 4, 7, 11, 14, 17 of twelve clips. The same of draft: [images/draft.png](images/draft.png).*

## What it is

| part | class | notes |
|---|---|---|
| tokenizer | `PreTrainedTokenizerFast`, BPE | one vocabulary for English, Chinese and Japanese; 32 tokens |
| text encoder | `UMT5EncoderModel` | 2 layers, width 96; trained to tell colour, shape and direction from every token, then frozen |
| `transformer`, `transformer_2` | `WanTransformer3DModel` | high- and low-noise expert, 6 layers, 4 heads of 32, 1.57 M parameters each |
| VAE | `AutoencoderKLWan` | residual blocks, patch 2, 2.7 M parameters; 64x64x17 to 16x5x8x8 |
| `distilled-4step/` | the same two experts | distilled to 4 Euler steps without guidance |

Boundary 0.875, flow shift 5. All classes are the genuine ones of diffusers and transformers. Two things differ from
Wan2.2-T2V-A14B in use:

- **Position channels.** On a grid of 5x4x4 tokens Wan's rotary frequencies hardly tell two tokens apart. Each latent
  gets three constant channels with its (t, y, x) place, from -1.7 to 1.7: `in_channels` 19, `out_channels` 16, the way
  image-to-video Wan models take extra channels. The exported graphs hold them as constants.
- **Whole-clip VAE.** diffusers runs this VAE frame by frame with caches. The exported decoder does the same arithmetic
  over the whole clip at once; a test holds the two equal.

## Data

Procedural clips, made while training: a circle, square or upright triangle of equal area, in red, green, blue or
yellow, moves left, right, up or down at even speed over a dark background, with random size, speed and lane. Captions in
three phrasings in each of English, Chinese and Japanese. Nothing was downloaded.

## Training

`make train-tiny` does all of it again on two CPU cores: text encoder, VAE, latents, both experts side by side by flow
matching, recorded teacher trajectories, 4-step students by trajectory matching and then by
rolling out from noise, export, INT8 by ModelOpt Q/DQ calibrated for each expert on its own timesteps. The same seeds
and threads give the same loss curve.
"""

_TAIL = """
Read the figures with this in mind: all captions were in training, so nothing here tests generalisation; a pass rate
near 100 % cannot rank variants, which is what the continuous figures are for.

## Licence

Apache-2.0, weights included.
"""


def _variant_row(name: str, figures: dict[str, Any]) -> str:
    languages = " / ".join(f"{figures['by_language'][language]:g}" for language in ("en", "zh", "ja"))
    return (
        f"| {name} | {figures['clips']} | {figures['adherence']:g} | {languages} | {figures['iou']:.3f} "
        f"| {figures['hue_error']:.1f} | {figures['straightness']:.2f} | {figures['evenness']:.2f} "
        f"| {figures['flicker']:.3f} |"
    )


def _distance_row(name: str, distance: dict[str, float]) -> str:
    return f"| {name} | {distance['mean']:g} | {distance['median']:g} | {distance['min']:g} |"


def model_card(figures: dict[str, Any]) -> str:
    """Markdown of the model card."""
    final, draft, vae, sizes = figures["final"], figures["draft"], figures["vae"], figures["sizes"]
    lines = [
        "## Figures",
        "",
        "All captions in all languages and phrasings, three seeds not used before; judged from pixels alone. Adherence is",
        "the share of clips right in colour, shape and direction at once.",
        "",
        "| variant | clips | adherence % | en / zh / ja % | IoU | hue error ° | off the line px | unevenness | flicker |",
        "|---|---|---|---|---|---|---|---|---|",
        _variant_row("final, 20 steps, FP16 weights (served)", final["served"]),
        _variant_row("final, FP32", final["fp32"]),
        _variant_row("draft, 4 steps, INT8 (served)", draft["served"]),
        _variant_row("draft, FP32", draft["fp32"]),
        "",
        "Same noise, steps and weights, served file against its FP32 parent:",
        "",
        "| variant | PSNR mean dB | median | least |",
        "|---|---|---|---|",
        _distance_row("final FP16 (100 = equal)", final["psnr_to_fp32"]),
        _distance_row("draft INT8", draft["psnr_to_fp32"]),
        "",
        f"VAE, encode and decode of {vae['clips']} fresh clips: {vae['psnr_mean']:g} dB in the mean, "
        f"{vae['psnr_min']:g} dB at least.",
        "",
        f"Size: ONNX files {sizes['onnx_total'] / 1e6:.1f} MB, checkpoint {sizes['checkpoint_total'] / 1e6:.1f} MB.",
    ]
    return f"{_HEAD}\n{chr(10).join(lines)}\n{_TAIL}"
