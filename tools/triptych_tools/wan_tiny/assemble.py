"""From a training work folder to ``models/wan-tiny``: checkpoint in diffusers layout, ONNX files, manifest.

``python -m triptych_tools.wan_tiny.assemble WORK MODELS --repository model-repository/wan-tiny``
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKLWan, FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler
from torch import Tensor, nn

from triptych_tools.checkpoint import load_expert, save_part
from triptych_tools.experts import coordinates
from triptych_tools.export import ExpertStep, LatentDecoder, TextEncoder, export_graph, store_fp16
from triptych_tools.onnx_pipeline import OnnxExperts, OnnxText, initial_noise, joined
from triptych_tools.quantise import quantise_int8
from triptych_tools.wan_tiny.experts import BOUNDARY, LATENT_SHAPE, SHIFT
from triptych_tools.wan_tiny.text import DIM, TOKENS
from triptych_tools.wan_tiny.train import load_text, load_vae
from triptych_tools.wan_tiny.vae import decode_clip

SERVED = {
    "text_encoder": "text_encoder.fp32",
    "vae_decoder": "vae_decoder.fp16",
    "final_high_noise": "final_high_noise.fp16",
    "final_low_noise": "final_low_noise.fp16",
    "draft_high_noise": "draft_high_noise.distilled-4step.int8",
    "draft_low_noise": "draft_low_noise.distilled-4step.int8",
}
"""File of each network as the spec names it: network, weights, precision."""

POSITIONS = ("extra_channels", "transformer.rope.freqs_cos", "transformer.rope.freqs_sin")
"""Tables of positions in an expert's graph: no weights of the checkpoint, so they are not rounded with them."""

STATE_SIZES = {"final": 4, "draft": 1}
CALIBRATION_SEED = 70_000_000


class _Decode(nn.Module):
    """The decoder of a VAE as a module, for export."""

    def __init__(self, vae: AutoencoderKLWan) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, latents: Tensor) -> Tensor:
        return decode_clip(self.vae, latents)


def save_checkpoint(work: Path, target: Path) -> None:
    """Write all parts in diffusers layout with FP16 weights."""
    tokenizer, text_encoder = load_text(work)
    tokenizer.save_pretrained(target / "tokenizer")
    save_part(text_encoder.half(), target / "text_encoder")
    save_part(load_vae(work).half(), target / "vae")
    UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=SHIFT).save_pretrained(
        target / "scheduler"
    )
    draft = target / "distilled-4step"
    FlowMatchEulerDiscreteScheduler(shift=SHIFT).save_pretrained(draft / "scheduler")
    for expert, folder in (("high_noise", "transformer"), ("low_noise", "transformer_2")):
        save_part(load_expert(work / f"expert_{expert}").half(), target / folder)
        save_part(load_expert(work / f"draft_{expert}").half(), draft / folder)
    index = {
        "_class_name": "WanPipeline",
        "boundary_ratio": BOUNDARY,
        "expand_timesteps": False,
        "scheduler": ["diffusers", "UniPCMultistepScheduler"],
        "text_encoder": ["transformers", "UMT5EncoderModel"],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "transformer": ["diffusers", "WanTransformer3DModel"],
        "transformer_2": ["diffusers", "WanTransformer3DModel"],
        "vae": ["diffusers", "AutoencoderKLWan"],
    }
    (target / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")


def export_expert(transformer: nn.Module, variant: str, path: Path) -> None:
    """Export one expert's denoising step for a variant."""
    size = STATE_SIZES[variant]
    inputs = {
        "STATE": torch.randn(size, *LATENT_SHAPE),
        "TIMESTEP": torch.tensor([900.0]),
        "CONTEXT": torch.randn(2, TOKENS, DIM),
        "COEFFICIENTS": torch.randn(size, size + 1),
    }
    if variant == "final":
        inputs["GUIDANCE"] = torch.tensor([2.0])
    step = ExpertStep(transformer.float(), coordinates(LATENT_SHAPE[1:]))
    export_graph(step, inputs, ("NEXT_STATE", "LATENT"), path)


def export_text_encoder(encoder: nn.Module, path: Path) -> None:
    """Export the text encoder."""
    ids = torch.ones(2, TOKENS, dtype=torch.int64)
    export_graph(TextEncoder(encoder.float()), {"TOKEN_IDS": ids, "TOKEN_MASK": ids.clone()}, ("CONTEXT",), path)


def export_decoder(vae: AutoencoderKLWan, path: Path) -> None:
    """Export the VAE decoder with the latent scaling inside."""
    decoder = LatentDecoder(
        _Decode(vae.float()), torch.tensor(vae.config.latents_mean), torch.tensor(vae.config.latents_std)
    )
    export_graph(decoder, {"LATENT": torch.randn(*LATENT_SHAPE)}, ("FRAMES",), path)


def export_fp32(work: Path, target: Path) -> None:
    """Export every network from the unrounded weights of the work folder."""
    with torch.no_grad():
        export_text_encoder(load_text(work)[1], target / "text_encoder.onnx")
        export_decoder(load_vae(work), target / "vae_decoder.onnx")
        for variant, prefix in (("final", "expert"), ("draft", "draft")):
            for expert in ("high_noise", "low_noise"):
                export_expert(load_expert(work / f"{prefix}_{expert}"), variant, target / f"{variant}_{expert}.onnx")


def calibration(fp32: Path, tokenizer: Path, schedule: Path, prompts: list[str]) -> dict[str, Any]:
    """Inputs of both draft experts, recorded from denoising the prompts under the served schedule."""
    text = OnnxText(tokenizer, fp32 / "text_encoder.onnx", TOKENS)
    experts = OnnxExperts(fp32 / "draft_high_noise.onnx", fp32 / "draft_low_noise.onnx", schedule, None)
    record: dict[str, list[dict[str, Any]]] = {}
    for index, prompt in enumerate(prompts):
        noise = initial_noise(CALIBRATION_SEED + index, LATENT_SHAPE)
        experts.denoise(text.context(prompt), noise, record=record)
    return {expert: joined(rows) for expert, rows in record.items()}


def lighten(fp32: Path, target: Path, recorded: dict[str, Any]) -> None:
    """FP16 weights for what runs in full precision, INT8 for the draft experts."""
    target.mkdir(parents=True, exist_ok=True)

    def served(network: str) -> Path:
        return target / f"{SERVED[network]}.onnx"

    shutil.copyfile(fp32 / "text_encoder.onnx", served("text_encoder"))
    for name in ("vae_decoder", "final_high_noise", "final_low_noise"):
        store_fp16(fp32 / f"{name}.onnx", served(name), keep=POSITIONS)
    for expert, data in recorded.items():
        name = f"draft_{expert}"
        quantise_int8(fp32 / f"{name}.onnx", served(name), data, unsigned_activations=True)


def write_manifest(target: Path) -> None:
    """List size and hash of every file that a repository links."""
    files = [*sorted((target / "onnx").glob("*.onnx")), target / "tokenizer" / "tokenizer.json"]
    entries = {
        str(path.relative_to(target)): {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
        for path in files
    }
    (target / "manifest.json").write_text(json.dumps({"files": entries}, indent=2) + "\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--repository", type=Path, required=True, help="rendered repository, for its schedules")
    parser.add_argument("--prompts", type=Path, required=True, help="calibration prompts, one a line")
    options = parser.parse_args()
    np.random.seed(0)
    torch.manual_seed(0)
    work: Path = options.work
    fp32 = work / "onnx32"
    save_checkpoint(work, options.target)
    export_fp32(work, fp32)
    prompts = [line for line in options.prompts.read_text(encoding="utf-8").splitlines() if line.strip()]
    schedule = options.repository / "models" / "draft_denoiser" / "1" / "schedule.json"
    recorded = calibration(fp32, options.target / "tokenizer" / "tokenizer.json", schedule, prompts)
    lighten(fp32, options.target / "onnx", recorded)
    write_manifest(options.target)


if __name__ == "__main__":
    main()
