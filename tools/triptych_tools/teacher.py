"""Record where a teacher's denoising passes: what students and lightened experts learn from, without any video.

``python -m triptych_tools.teacher CHECKPOINT OUT.safetensors --prompts FILE --latent C,T,H,W --tokens L --shift 5``

A path starts at the served initial noise and is integrated by UniPC on a fine grid; every
``--refine``-th point of it is kept, so that the kept points lie on a student's own grid.
A student's own path, such as quantisation-aware training asks for, is ``--solver euler --refine 1``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from triptych_tools.checkpoint import load_text_encoder
from triptych_tools.command import InputError, progress, read_prompts, run
from triptych_tools.experts import shifted
from triptych_tools.sampling import Experts, Guidance, euler, load_experts, noise, sample, unipc
from triptych_tools.text import encode_prompts
from triptych_tools.tokens import load_tokenizer

FIRST_SEED = 50_000_000
"""Seeds of recorded paths start here, away from those of calibration and of judging."""


@dataclass(frozen=True)
class Samples:
    """Paths of a teacher at the points of a grid."""

    points: Tensor
    """[N, K + 1, C, T, H, W], from noise to clean latents."""
    sigmas: Tensor
    """[K + 1] noise levels of the points, from 1 to 0."""
    contexts: Tensor
    """[N, L, D], the encoded prompt of each path."""
    empty: Tensor
    """[L, D], the encoded negative prompt."""
    boundary: float
    """Sigma at and above which the high-noise expert runs."""

    def steps_of(self, expert: str) -> list[int]:
        """Indices of the grid steps that an expert makes."""
        high = expert == "high_noise"
        return [i for i, sigma in enumerate(self.sigmas[:-1].tolist()) if (sigma >= self.boundary) == high]

    def save(self, path: Path) -> None:
        """Write all of it to one file."""
        tensors = {"points": self.points, "sigmas": self.sigmas, "contexts": self.contexts, "empty": self.empty}
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(
            {name: tensor.contiguous() for name, tensor in tensors.items()},
            path,
            metadata={"boundary": str(self.boundary)},
        )


def load_samples(path: Path) -> Samples:
    """Read a file that ``Samples.save`` wrote."""
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in ("points", "sigmas", "contexts", "empty")}
            return Samples(**tensors, boundary=float(file.metadata()["boundary"]))
    except Exception as cause:
        raise InputError(f"{path} holds no samples of a teacher", "make it with triptych_tools.teacher") from cause


def grid(steps: int, shift: float) -> Tensor:
    """Sigmas of an even grid under a shift, steps + 1 of them from 1 to 0."""
    return shifted(torch.linspace(1.0, 0.0, steps + 1), shift)


def record(
    teacher: Experts,
    contexts: Tensor,
    empty: Tensor,
    guidance: Guidance | None,
    shape: tuple[int, ...],
    *,
    shift: float,
    steps: int,
    refine: int,
    solver: Literal["unipc", "euler"] = "unipc",
    first_seed: int = FIRST_SEED,
    batch: int = 16,
) -> Tensor:
    """Paths at a grid of ``steps`` for contexts [N, L, D]: [N, steps + 1, *shape], as FP16 on the CPU.

    Everything runs where the contexts are; the teacher has to be there too.
    """
    fine = list(np.linspace(1.0, 0.0, steps * refine + 1)[:-1])
    rows = []
    for start in range(0, len(contexts), batch):
        part = contexts[start : start + batch]
        seeds = list(range(first_seed + start, first_seed + start + len(part)))
        with torch.autocast(part.device.type, torch.bfloat16):
            begin = noise(seeds, shape).to(part.device)
            scheduler = unipc(shift, sigmas=fine) if solver == "unipc" else euler(shift, len(fine))
            path = sample(teacher, scheduler, begin, part, empty, guidance)
        rows.append(torch.stack(path[::refine], dim=1).half().cpu())
        progress(start + len(part), len(contexts), "paths recorded")
    return torch.cat(rows)


def whole_numbers(text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them, as on a command line."""
    return tuple(int(part) for part in text.split(","))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--prompts", type=Path, required=True, help="prompts, one a line")
    parser.add_argument("--latent", type=whole_numbers, required=True, help="C,T,H,W")
    parser.add_argument("--tokens", type=int, required=True)
    parser.add_argument("--shift", type=float, required=True)
    parser.add_argument("--guidance", type=float, nargs=2, metavar=("HIGH", "LOW"), help="scales of both experts")
    parser.add_argument("--negative", default="", help="negative prompt")
    parser.add_argument("--weights", default="base", help="set of weights of the teacher")
    parser.add_argument("--each", type=int, default=1, help="paths for each prompt")
    parser.add_argument("--steps", type=int, default=4, help="steps of the kept grid")
    parser.add_argument("--refine", type=int, default=6, help="steps of the teacher to one of the kept grid")
    parser.add_argument("--solver", choices=["unipc", "euler"], default="unipc", help="what integrates the paths")
    parser.add_argument("--batch", type=int, default=16, help="paths recorded at once")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=device, help=f"where the teacher runs (default here: {device})")
    parser.add_argument("--dtype", choices=["fp32", "bf16"], default="fp32", help="type the teacher is loaded in")
    options = parser.parse_args()
    encoder = load_text_encoder(options.checkpoint / "text_encoder")
    tokenizer = load_tokenizer(options.checkpoint / "tokenizer" / "tokenizer.json")
    prompts = read_prompts(options.prompts) * options.each
    contexts = encode_prompts(encoder, tokenizer, [options.negative, *prompts], options.tokens)
    dtype = torch.bfloat16 if options.dtype == "bf16" else torch.float32
    teacher = load_experts(options.checkpoint, options.weights, dtype)
    teacher.high_noise.to(options.device)
    teacher.low_noise.to(options.device)
    there = contexts.to(options.device)
    guidance = None if options.guidance is None else Guidance(*options.guidance)
    points = record(
        teacher,
        there[1:],
        there[0],
        guidance,
        options.latent,
        shift=options.shift,
        steps=options.steps,
        refine=options.refine,
        solver=options.solver,
        batch=options.batch,
    )
    sigmas = grid(options.steps, options.shift)
    Samples(points, sigmas, contexts[1:].half(), contexts[0].half(), teacher.boundary).save(options.target)


if __name__ == "__main__":
    run(main)
