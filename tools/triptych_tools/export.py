"""Export of a part of a checkpoint in diffusers layout to the ONNX graph that a Triptych repository serves.

``python -m triptych_tools.export expert FOLDER OUT.onnx --latent C,T,H,W --tokens L --state S --guidance fused``
``python -m triptych_tools.export text-encoder FOLDER OUT.onnx --tokens L``
``python -m triptych_tools.export vae-decoder FOLDER OUT.onnx --latent C,T,H,W``

Every graph has the tensor names, datatypes and shapes of the repository: what a solver or a
guidance scale does is inside, so that the serving loop only passes tensors on.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode

from triptych_tools.checkpoint import load_expert, load_text_encoder, load_vae
from triptych_tools.command import InputError, progress, run
from triptych_tools.experts import extra_channels
from triptych_tools.networks import (
    ExpertStep,
    FrameByFrame,
    FrameDecoder,
    LatentDecoder,
    OneFrame,
    TextEncoder,
    WholeClip,
)
from triptych_tools.onnx_files import EXTERNAL_DATA_ABOVE, write_model
from triptych_tools.onnx_files import IR_VERSION as IR_VERSION  # noqa: PLC0414
from triptych_tools.teacher import whole_numbers
from triptych_tools.transposes import turn_weights
from triptych_tools.vae import largest_tensor

OPSET = 20
BF16_OPSET = 22
"""The first opset in which every operation of a transformer takes BF16, its convolution last."""

WEIGHTS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}

LARGEST_VOLUME = 2**31 - 1
"""Elements that TensorRT's convolution takes at most."""

LatentShape = tuple[int, int, int, int]
"""Channels, frames, height and width of a latent."""


def export_graph(
    module: nn.Module,
    inputs: dict[str, Tensor],
    outputs: tuple[str, ...],
    path: Path,
    *,
    opset: int = OPSET,
    external_data_above: int = EXTERNAL_DATA_ABOVE,
) -> None:
    """Export with static shapes and the given tensor names; the file is checked, and whole or not there."""
    with torch.no_grad():
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=list(outputs),
            opset_version=opset,
            dynamo=True,
            optimize=False,
            verbose=False,
        )
    assert program is not None
    turn_weights(program.model)
    program.optimize()
    write_model(program.model, path, external_data_above)


def export_expert(
    folder: Path,
    path: Path,
    *,
    latent: LatentShape,
    tokens: int,
    state: int,
    guidance: str,
    weights: str = "fp32",
    external_data_above: int = EXTERNAL_DATA_ABOVE,
) -> None:
    """Export a denoising step of an expert, its guidance ``fused``, ``sequential`` or ``off``."""
    dtype = WEIGHTS[weights]
    expert = load_expert(folder, dtype)
    progress(1, 2, "expert loaded")
    _check_latent(latent, expert.config.out_channels, expert.config.patch_size)
    step = ExpertStep(expert, extra_channels(expert, latent[1:]), sequential=guidance == "sequential", dtype=dtype)
    inputs = {
        "STATE": torch.zeros(state, *latent),
        "TIMESTEP": torch.zeros(1),
        "CONTEXT": torch.zeros(2, tokens, expert.config.text_dim),
        "COEFFICIENTS": torch.zeros(state, state + 1),
    }
    if guidance != "off":
        inputs["GUIDANCE"] = torch.zeros(1)
    opset = BF16_OPSET if weights == "bf16" else OPSET
    outputs = ("NEXT_STATE", "LATENT")
    export_graph(step, inputs, outputs, path, opset=opset, external_data_above=external_data_above)


def export_text_encoder(
    folder: Path,
    path: Path,
    *,
    tokens: int,
    weights: str = "fp32",
    external_data_above: int = EXTERNAL_DATA_ABOVE,
) -> None:
    """Export a text encoder."""
    module = TextEncoder(load_text_encoder(folder, WEIGHTS[weights]))
    progress(1, 2, "text encoder loaded")
    ids = torch.ones(2, tokens, dtype=torch.int64)
    inputs = {"TOKEN_IDS": ids, "TOKEN_MASK": ids.clone()}
    opset = BF16_OPSET if weights == "bf16" else OPSET
    export_graph(module, inputs, ("CONTEXT",), path, opset=opset, external_data_above=external_data_above)


def export_vae_decoder(
    folder: Path,
    path: Path,
    *,
    latent: LatentShape,
    graph: str = "auto",
    external_data_above: int = EXTERNAL_DATA_ABOVE,
) -> None:
    """Export a VAE decoder as one graph, ``unrolled`` or of a ``whole`` clip, or as two of a ``step``.

    ``auto`` is the whole clip where TensorRT can hold its tensors, and unrolled where not.
    """
    vae = load_vae(folder)
    _check_latent(latent, vae.config.z_dim, (1, 1, 1))
    if graph == "auto":
        graph = "whole" if largest_tensor(vae, latent) <= LARGEST_VOLUME else "unrolled"
    progress(1, 3 if graph == "step" else 2, f"VAE loaded, its graph: {graph}")
    if graph == "step":
        _export_steps(vae, path, latent, external_data_above)
        return
    decode = WholeClip(vae) if graph == "whole" else FrameByFrame(vae)
    module = LatentDecoder(decode, *_scaling(vae))
    export_graph(module, {"LATENT": torch.zeros(latent)}, ("FRAMES",), path, external_data_above=external_data_above)


def step_paths(path: Path) -> tuple[Path, Path]:
    """Files of the first and of every next latent frame, for the name that was asked for."""
    return path.with_suffix(f".first{path.suffix}"), path.with_suffix(f".next{path.suffix}")


def _export_steps(vae: AutoencoderKLWan, path: Path, latent: LatentShape, external_data_above: int) -> None:
    module = FrameDecoder(OneFrame(vae), *_scaling(vae))
    frame = torch.zeros(latent[0], 1, *latent[2:])
    # Only the shapes of the caches are wanted, and a frame of full size takes a CPU minutes.
    with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad():
        _, *caches = module(torch.zeros(frame.shape))
    inputs = {"LATENT": frame, **{f"CACHE_{index}": torch.zeros(cache.shape) for index, cache in enumerate(caches)}}
    # A graph cannot name an input and an output alike.
    outputs = ("FRAMES", *(f"NEXT_CACHE_{index}" for index in range(len(caches))))
    first, following = step_paths(path)
    export_graph(module, {"LATENT": frame}, outputs, first, external_data_above=external_data_above)
    progress(2, 3, f"{first.name} written")
    export_graph(module, inputs, outputs, following, external_data_above=external_data_above)


def _scaling(vae: AutoencoderKLWan) -> tuple[Tensor, Tensor]:
    return torch.tensor(vae.config.latents_mean), torch.tensor(vae.config.latents_std)


def _check_latent(latent: LatentShape, channels: int, patch: tuple[int, int, int]) -> None:
    if latent[0] != channels:
        raise InputError(f"--latent has {latent[0]} channels, the checkpoint {channels}", f"give {channels},T,H,W")
    if any(size % step for size, step in zip(latent[1:], patch, strict=True)):
        sizes = ", ".join(str(step) for step in patch)
        raise InputError(f"--latent does not divide into patches of {sizes}", "give T,H,W that are multiples of these")


def peak_memory() -> float:
    """Most memory that this process has held so far, in GB (10^9 bytes), mapped files included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def _latent_shape(text: str) -> LatentShape:
    channels, frames, height, width = whole_numbers(text)
    if min(channels, frames, height, width) < 1:
        raise ValueError(text)
    return channels, frames, height, width


def _positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    expert, text, vae = (parts.add_parser(name) for name in ("expert", "text-encoder", "vae-decoder"))
    for part in (expert, text, vae):
        part.add_argument("folder", type=Path, help="folder of the part in the checkpoint")
        part.add_argument("path", type=Path, metavar="OUT.onnx")
        part.add_argument("--external-data-above", type=int, default=EXTERNAL_DATA_ABOVE, metavar="BYTES")
    for part in (expert, vae):
        part.add_argument("--latent", type=_latent_shape, required=True, metavar="C,T,H,W")
    for part in (expert, text):
        part.add_argument("--tokens", type=_positive, required=True, help="length of the context")
    expert.add_argument("--state", type=_positive, required=True, help="latents that the solver keeps")
    expert.add_argument("--guidance", choices=("fused", "sequential", "off"), required=True)
    expert.add_argument("--weights", choices=("fp32", "fp16", "bf16"), default="fp32")
    text.add_argument("--weights", choices=("fp32", "bf16"), default="fp32")
    vae.add_argument("--graph", choices=("auto", "whole", "unrolled", "step"), default="auto")
    return parser


EXPORTS: dict[str, Callable[..., None]] = {
    "expert": export_expert,
    "text-encoder": export_text_encoder,
    "vae-decoder": export_vae_decoder,
}


def main() -> None:
    """Command line."""
    options = vars(_parser().parse_args())
    part, path = options.pop("part"), options["path"]
    EXPORTS[part](**options)
    steps = 3 if options.get("graph") == "step" else 2
    progress(steps, steps, f"{step_paths(path)[1].name if steps == 3 else path.name} written")
    print(f"peak memory {peak_memory():.1f} GB", flush=True)


if __name__ == "__main__":
    run(main)
