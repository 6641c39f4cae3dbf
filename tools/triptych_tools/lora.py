"""Fuse a LoRA into an expert: few-step weights that are exported, quantised and served like any others.

``python -m triptych_tools.lora EXPERT LORA.safetensors OUT [--scale 1.0]``

Published LoRAs of Wan2.2 come one for each expert: the high-noise one belongs into ``transformer``,
the low-noise one into ``transformer_2``. Every entry of the file is used, or the file is refused.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import torch
from diffusers import WanTransformer3DModel
from diffusers.loaders.single_file_utils import convert_wan_transformer_to_diffusers
from safetensors.torch import load_file
from torch import Tensor

from triptych_tools.checkpoint import load_expert
from triptych_tools.command import InputError, progress, run
from triptych_tools.expert_folder import add_output_options, check_free, save_expert

PREFIXES = ("base_model.model.", "diffusion_model.", "transformer_2.", "transformer.")
ENDINGS = {
    ".lora_down.weight": "down",
    ".lora_A.weight": "down",
    ".lora_A.default.weight": "down",
    ".lora_up.weight": "up",
    ".lora_B.weight": "up",
    ".lora_B.default.weight": "up",
    ".alpha": "alpha",
    ".diff": "diff",
    ".diff_b": "diff_b",
    ".lora_B.bias": "diff_b",
    ".diff_m": "diff_m",
}
"""How the name of an entry ends: the two factors of a product and its alpha, or a full difference."""

ORIGINAL_NAMES = ("self_attn", "cross_attn", ".ffn.0", ".ffn.2", "time_embedding", "text_embedding", "head.")
"""Parts that only Wan's own names of layers have, and not those of diffusers."""

Patches = dict[str, dict[str, Tensor]]
"""What a LoRA holds for each layer, by kind."""


def read_patches(path: Path) -> Patches:
    """Entries of a LoRA file by layer, under the names that the file uses."""
    try:
        entries = load_file(path)
    except Exception as cause:
        raise InputError(f"{path} is no safetensors file: {cause}", "download it again") from cause
    patches: Patches = defaultdict(dict)
    for key, tensor in entries.items():
        ending = next((ending for ending in ENDINGS if key.endswith(ending)), None)
        if ending is None:
            raise InputError(f"{key} of {path} is no entry that can be fused", f"known are {', '.join(ENDINGS)}")
        layer = key.removesuffix(ending)
        for prefix in PREFIXES:
            layer = layer.removeprefix(prefix)
        if ENDINGS[ending] in patches[layer]:
            raise InputError(f"{path} has two entries for {layer}", "give the LoRA of one expert alone")
        patches[layer][ENDINGS[ending]] = tensor.float()
    return dict(patches)


def deltas(patches: Patches) -> dict[str, Tensor]:
    """What is to be added to each weight at scale 1, by its name in diffusers."""
    original = any(part in f".{layer}" for layer in patches for part in ORIGINAL_NAMES)
    found: dict[str, Tensor] = {}
    for layer, patch in patches.items():
        for name, delta in _of_layer(layer, patch).items():
            target = next(iter(convert_wan_transformer_to_diffusers({name: delta}))) if original else name
            found[target] = found[target] + delta if target in found else delta
    return found


def _of_layer(layer: str, patch: dict[str, Tensor]) -> dict[str, Tensor]:
    found = {}
    if "diff" in patch:
        found[f"{layer}.weight"] = patch["diff"]
    if "diff_b" in patch:
        found[f"{layer}.bias"] = patch["diff_b"]
    if "diff_m" in patch:
        found[f"{layer}.modulation"] = patch["diff_m"]
    if "down" in patch and "up" in patch:
        product = _product(layer, patch)
        found[f"{layer}.weight"] = found[f"{layer}.weight"] + product if "diff" in patch else product
    elif "down" in patch or "up" in patch or "alpha" in patch:
        have = ", ".join(sorted(patch))
        raise InputError(f"{layer} has {have} and lacks the rest of a product", "a LoRA needs both factors of a layer")
    return found


def _product(layer: str, patch: dict[str, Tensor]) -> Tensor:
    """``alpha / rank · up · down`` in the shape of the layer's weight; without alpha the factor is 1."""
    down, up = patch["down"], patch["up"]
    rank = down.shape[0]
    if up.ndim < 2 or up.shape[1] != rank or up[0, 0].numel() != 1:
        raise InputError(f"{layer}: factors {list(up.shape)} and {list(down.shape)} do not fit", "the file is damaged")
    factor = float(patch["alpha"]) / rank if "alpha" in patch else 1.0
    return factor * (up.flatten(1) @ down.flatten(1)).view(up.shape[0], *down.shape[1:])


@torch.no_grad()
def fuse(expert: WanTransformer3DModel, patches: Patches, scale: float) -> int:
    """Add a LoRA to an expert in place; returns how many weights it changed."""
    found, weights = deltas(patches), dict(expert.named_parameters())
    unknown = sorted(found.keys() - weights.keys())
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        hint = "is it a LoRA of Wan2.2 text-to-video, for an expert with as many blocks?"
        raise InputError(f"the expert has no {', '.join(unknown[:5])}{more}, which the LoRA changes", hint)
    for name, delta in found.items():
        if delta.shape != weights[name].shape:
            shapes = f"expected {list(weights[name].shape)}, got {list(delta.shape)}"
            raise InputError(f"{name}: {shapes}", "is it a LoRA for a model of this size?")
    for name, delta in found.items():
        weights[name] += scale * delta
    return len(found)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of an expert in diffusers layout")
    parser.add_argument("lora", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--scale", type=float, default=1.0, help="how strongly it is added")
    add_output_options(parser)
    options = parser.parse_args()
    check_free(options.target)
    patches = read_patches(options.lora)
    expert = load_expert(options.folder)
    changed = fuse(expert, patches, options.scale)
    progress(1, 2, f"{len(patches)} layers of the LoRA fused into {changed} weights")
    save_expert(expert, options.target, options.weights, {})
    progress(2, 2, "expert written")


if __name__ == "__main__":
    run(main)
