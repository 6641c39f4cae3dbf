"""Make wan-tiny from nothing: ``python -m triptych_tools.wan_tiny.train WORK``.

The work folder holds one file or folder for each finished phase and the state of the phase that
runs, so that a stopped training goes on where it was. Lengths are step counts, never minutes:
the same seeds and thread counts give the same weights.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKLWan
from transformers import PreTrainedTokenizerFast, UMT5EncoderModel

from triptych_tools import distil
from triptych_tools.checkpoint import load_expert
from triptych_tools.sampling import Experts, Guidance
from triptych_tools.teacher import FIRST_SEED, Samples, grid, load_samples, record
from triptych_tools.text import encode_text
from triptych_tools.wan_tiny.captions import LANGUAGES, PHRASINGS, SCENES, caption
from triptych_tools.wan_tiny.experts import BOUNDARY, LATENT_SHAPE, SHIFT, LatentSet, train_expert
from triptych_tools.wan_tiny.text import tokenize, train_text_encoder, train_tokenizer
from triptych_tools.wan_tiny.train_vae import draw_clips, measure_latents, normalise, train_vae
from triptych_tools.wan_tiny.vae import encode_clip

VAE_STEPS = 2800
TEXT_STEPS = 700
LATENTS = 6144
EXPERT_STEPS = 4500
TRAJECTORIES_EACH = 960
MATCH_STEPS = 1200
ROLL_OUT_STEPS = 300
DRAFT_STEPS = 4
REFINE = 6
"""Teacher steps to one step of the draft."""

TEACHER_GUIDANCE = Guidance(high_noise=2.0, low_noise=1.5)


def load_vae(work: Path) -> AutoencoderKLWan:
    """The trained autoencoder of a work folder, with its latent statistics."""
    vae: AutoencoderKLWan = AutoencoderKLWan.from_pretrained(work / "vae_scaled")
    return vae.eval().requires_grad_(False)


def load_text(work: Path) -> tuple[PreTrainedTokenizerFast, UMT5EncoderModel]:
    """Tokenizer and text encoder of a work folder."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(work / "tokenizer")
    return tokenizer, UMT5EncoderModel.from_pretrained(work / "text_encoder").eval().requires_grad_(False)


def prompt_contexts(work: Path) -> torch.Tensor:
    """Contexts of all prompts, [scenes + 1, languages * phrasings, L, D]; the last row is the empty prompt."""
    tokenizer, encoder = load_text(work)
    rows = [
        [caption(scene, language, phrasing) for language in LANGUAGES for phrasing in range(PHRASINGS)]
        for scene in SCENES
    ]
    rows.append([""] * len(rows[0]))
    with torch.no_grad():
        return torch.stack([encode_text(encoder, *tokenize(tokenizer, texts)) for texts in rows])


def phase_text(work: Path) -> None:
    """Make tokenizer and text encoder."""
    tokenizer = train_tokenizer()
    encoder = train_text_encoder(work, tokenizer, TEXT_STEPS)
    encoder.save_pretrained(work / "text_encoder")
    tokenizer.save_pretrained(work / "tokenizer")


def phase_vae(work: Path) -> None:
    """Train both halves of the autoencoder."""
    train_vae(work, VAE_STEPS).save_pretrained(work / "vae")


def phase_latents(work: Path) -> None:
    """Encode the clips that both experts learn from, and measure the scale of their latents."""
    vae: AutoencoderKLWan = AutoencoderKLWan.from_pretrained(work / "vae").eval().requires_grad_(False)
    generator = np.random.default_rng(51)
    torch.manual_seed(51)
    latents, scenes = [], []
    for _ in range(LATENTS // 8):
        clips, indices = draw_clips(8, generator)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            latents.append(encode_clip(vae, clips)[0].float())
        scenes.append(indices)
    raw = torch.cat(latents)
    measure_latents(vae, raw)
    vae.save_pretrained(work / "vae_scaled")
    torch.save({"latents": normalise(vae, raw).half(), "scenes": torch.cat(scenes)}, work / "latents.pt")


def phase_expert(work: Path, name: str) -> None:
    """Train one expert of the teacher."""
    saved = torch.load(work / "latents.pt", weights_only=True)
    data = LatentSet(saved["latents"], saved["scenes"], prompt_contexts(work).half())
    expert = train_expert(name, data, work, EXPERT_STEPS, batch=32, learning_rate=1e-3)
    expert.save_pretrained(work / f"expert_{name}")


def teacher(work: Path) -> Experts:
    """The trained pair with all its steps."""
    return Experts(load_expert(work / "expert_high_noise"), load_expert(work / "expert_low_noise"), BOUNDARY)


def phase_trajectories(work: Path, part: int) -> None:
    """Record one half of the teacher's paths."""
    contexts = prompt_contexts(work)
    generator = np.random.default_rng(61 + part)
    scenes = np.tile(np.arange(len(SCENES)), TRAJECTORIES_EACH // len(SCENES))
    chosen = contexts[scenes, generator.integers(0, contexts.shape[1], len(scenes))]
    points = record(
        teacher(work),
        chosen,
        contexts[-1, 0],
        TEACHER_GUIDANCE,
        LATENT_SHAPE,
        shift=SHIFT,
        steps=DRAFT_STEPS,
        refine=REFINE,
        first_seed=FIRST_SEED + part * 1_000_000,
    )
    sigmas = grid(DRAFT_STEPS, SHIFT)
    paths = Samples(points, sigmas, chosen.half(), contexts[-1, 0].half(), BOUNDARY)
    paths.save(work / f"trajectories_{part}.safetensors")


def trajectories(work: Path) -> Samples:
    """All recorded teacher paths."""
    one, other = (load_samples(work / f"trajectories_{part}.safetensors") for part in (0, 1))
    return replace(
        one,
        points=torch.cat([one.points, other.points]),
        contexts=torch.cat([one.contexts, other.contexts]),
    )


def phase_match(work: Path, name: str) -> None:
    """Distil one expert by trajectory matching."""
    start = load_expert(work / f"expert_{name}")
    student = distil.match_steps(name, start, trajectories(work), work, MATCH_STEPS)
    student.save_pretrained(work / f"matched_{name}")


def phase_roll_out(work: Path) -> None:
    """Distil both experts together, from noise to the end."""
    pair = distil.roll_out(
        load_expert(work / "matched_high_noise"),
        load_expert(work / "matched_low_noise"),
        trajectories(work),
        work,
        ROLL_OUT_STEPS,
    )
    pair.high_noise.save_pretrained(work / "draft_high_noise")
    pair.low_noise.save_pretrained(work / "draft_low_noise")


PHASES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "text": ("tokenizer", phase_text),
    "vae": ("vae", phase_vae),
    "latents": ("latents.pt", phase_latents),
    "high_noise": ("expert_high_noise", lambda work: phase_expert(work, "high_noise")),
    "low_noise": ("expert_low_noise", lambda work: phase_expert(work, "low_noise")),
    "trajectories_0": ("trajectories_0.safetensors", lambda work: phase_trajectories(work, 0)),
    "trajectories_1": ("trajectories_1.safetensors", lambda work: phase_trajectories(work, 1)),
    "match_high_noise": ("matched_high_noise", lambda work: phase_match(work, "high_noise")),
    "match_low_noise": ("matched_low_noise", lambda work: phase_match(work, "low_noise")),
    "roll_out": ("draft_low_noise", phase_roll_out),
}
"""Each phase with the file or folder that shows it done."""

STAGES: tuple[tuple[str, ...], ...] = (
    ("text",),
    ("vae",),
    ("latents",),
    ("high_noise", "low_noise"),
    ("trajectories_0", "trajectories_1"),
    ("match_high_noise", "match_low_noise"),
    ("roll_out",),
)
"""Phases of one stage run side by side, one thread each; a phase alone gets two threads."""


def run_stage(work: Path, phases: tuple[str, ...]) -> None:
    """Run the unfinished phases of a stage as processes of their own; raise if one fails."""
    todo = [name for name in phases if not (work / PHASES[name][0]).exists()]
    threads = 2 if len(phases) == 1 else 1
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, "-m", "triptych_tools.wan_tiny.train", str(work), "--phase"]
    children = {name: subprocess.Popen([*command, name], env=environment) for name in todo}
    failed = [name for name, child in children.items() if child.wait() != 0]
    if failed:
        raise SystemExit(f"training phase failed: {', '.join(failed)}")


def main() -> None:
    """Command line of the trainer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--phase", choices=list(PHASES))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.phase:
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
        PHASES[options.phase][1](options.work)
        return
    for stage in STAGES:
        run_stage(options.work, stage)


if __name__ == "__main__":
    main()
