"""Record what each expert sees while a served schedule is played: calibration data for its quantised graph.

``python -m triptych_tools.record CHECKPOINT OUT_FOLDER --schedule schedule.json --prompts FILE --latent C,T,H,W
--tokens L [--guidance HIGH LOW]`` writes ``high_noise.npz`` and ``low_noise.npz``: the inputs of every step, joined
along their first axis. What the last step leaves, the input of the VAE decoder, goes to ``vae_decoder.npz``.

The schedule is the file that Triptych renders beside a variant's denoiser. It is played in torch on the checkpoint's
own experts, so that no graph of them is needed; ``--guidance`` is for graphs that have a GUIDANCE input.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from triptych_runtime.noise import initial_noise
from triptych_runtime.schedule import Row, Schedules, initial_state, load_schedules
from triptych_tools.calibration import save_calibration
from triptych_tools.checkpoint import load_expert, load_text_encoder
from triptych_tools.command import InputError, progress, read_prompts, run
from triptych_tools.experts import extra_channels
from triptych_tools.networks import ExpertStep
from triptych_tools.sampling import Experts, Guidance, boundary_of, load_experts
from triptych_tools.teacher import whole_numbers
from triptych_tools.text import encode_prompts
from triptych_tools.tokens import load_tokenizer

FIRST_SEED = 70_000_000
"""Seeds of calibration start here, away from those of teachers' paths and of judging."""

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}

Feeds = dict[str, npt.NDArray[Any]]


class _Autocast(nn.Module):
    """A transformer that computes in its weights' datatype beside a solver in FP32."""

    def __init__(self, transformer: nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, x: Tensor, timestep: Tensor, context: Tensor, return_dict: bool) -> tuple[Tensor]:
        with torch.autocast(x.device.type, torch.bfloat16):
            return (self.transformer(x, timestep, context, return_dict=return_dict)[0].float(),)


class Player:
    """Plays rows of a schedule on a checkpoint's experts, one of them on the device at a time."""

    def __init__(self, experts: Experts, shape: tuple[int, ...], device: str) -> None:
        self.device = device
        self.steps = {
            name: _step(expert, shape)
            for name, expert in (("high_noise", experts.high_noise), ("low_noise", experts.low_noise))
        }
        self.loaded = ""

    @torch.no_grad()
    def next_state(self, expert: str, feeds: Feeds) -> npt.NDArray[np.float32]:
        """NEXT_STATE of one step."""
        if self.loaded != expert:
            if self.loaded:
                self.steps[self.loaded].to("cpu")
            self.steps[expert].to(self.device)
            self.loaded = expert
        inputs = [torch.from_numpy(array).to(self.device) for array in feeds.values()]
        following: npt.NDArray[np.float32] = self.steps[expert](*inputs)[0].cpu().numpy()
        return following


def _step(expert: Any, shape: tuple[int, ...]) -> ExpertStep:
    extra = extra_channels(expert, (shape[1], shape[2], shape[3]))
    return ExpertStep(expert if expert.dtype == torch.float32 else _Autocast(expert), extra)


def record(
    player: Player,
    schedules: Schedules,
    rows: Sequence[Row],
    contexts: Tensor,
    empty: Tensor,
    guidance: Guidance | None,
    shape: tuple[int, ...],
    first_seed: int = FIRST_SEED,
) -> dict[str, Feeds]:
    """Inputs of each expert and of the VAE decoder, joined along their first axis.

    ``contexts`` are [N, L, D], ``empty`` is the negative one, [L, D].
    """
    states = np.stack(
        [initial_state(initial_noise(first_seed + i, shape), schedules.state_size) for i in range(len(contexts))]
    )
    pairs = torch.stack([empty.expand_as(contexts), contexts], dim=1).float().numpy()
    seen: dict[str, list[Feeds]] = {}
    # All prompts make a step before any makes the next, so that each expert is loaded once.
    for done, row in enumerate(rows, start=1):
        for index, pair in enumerate(pairs):
            feeds = _feeds(row, states[index].copy(), pair, guidance)
            seen.setdefault(row.expert, []).append(feeds)
            states[index] = player.next_state(row.expert, feeds)
        progress(done, len(rows), f"steps of {len(pairs)} prompts recorded")
    joined = {
        expert: {name: np.concatenate([feeds[name] for feeds in steps]) for name in steps[0]}
        for expert, steps in seen.items()
    }
    return {**joined, "vae_decoder": {"LATENT": np.concatenate(list(states[:, 0]))}}


def _feeds(row: Row, state: npt.NDArray[np.float32], context: npt.NDArray[Any], guidance: Guidance | None) -> Feeds:
    """The inputs of one step, in the order of the graph's."""
    feeds: Feeds = {
        "STATE": state,
        "TIMESTEP": row.timestep,
        "CONTEXT": context,
        "COEFFICIENTS": row.coefficients,
    }
    if guidance is not None:
        feeds["GUIDANCE"] = np.array([getattr(guidance, row.expert)], dtype=np.float32)
    return feeds


def read_schedule(path: Path, steps: int | None) -> tuple[Schedules, tuple[Row, ...]]:
    """A schedule file and the rows of one of its step counts; both experts must run in them."""
    try:
        schedules = load_schedules(path)
    except (OSError, ValueError, KeyError, TypeError) as cause:
        hint = "give the schedule.json that triptych renders beside the variant's denoiser"
        raise InputError(f"{path} is no schedule: {cause!r}", hint) from cause
    offered = ", ".join(map(str, schedules.offered))
    rows = schedules.rows.get(steps or schedules.offered[0])
    if rows is None:
        raise InputError(f"{path} has no schedule of {steps} steps", f"give --steps with one of {offered}")
    for expert in ("high_noise", "low_noise"):
        if expert not in {row.expert for row in rows}:
            hint = f"give --steps with another of {offered}, or a schedule that crosses the boundary"
            raise InputError(f"{expert} never runs in the {len(rows)} steps of {path}: nothing to record", hint)
    return schedules, rows


def _experts(options: argparse.Namespace) -> Experts:
    dtype = DTYPES[options.dtype]
    if options.experts is None:
        return load_experts(options.checkpoint, options.weights, dtype)
    high_noise, low_noise = (load_expert(folder, dtype) for folder in options.experts)
    return Experts(high_noise, low_noise, boundary_of(options.checkpoint))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--schedule", type=Path, required=True, help="schedule.json of a variant's denoiser")
    parser.add_argument("--prompts", type=Path, required=True, help="prompts, one a line")
    parser.add_argument("--latent", type=whole_numbers, required=True, help="C,T,H,W")
    parser.add_argument("--tokens", type=int, required=True)
    both = parser.add_mutually_exclusive_group()
    both.add_argument("--weights", default="base", help="set of weights of the experts")
    both.add_argument("--experts", type=Path, nargs=2, metavar=("HIGH", "LOW"), help="folders of the experts")
    parser.add_argument("--guidance", type=float, nargs=2, metavar=("HIGH", "LOW"), help="scales of both experts")
    parser.add_argument("--negative", default="", help="negative prompt")
    parser.add_argument("--steps", type=int, help="one of the schedule's step counts; else its default")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="seed of the first prompt")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="fp32", help="datatype of the experts' weights")
    options = parser.parse_args()
    schedules, rows = read_schedule(options.schedule, options.steps)
    texts = [options.negative, *read_prompts(options.prompts)]
    tokenizer = load_tokenizer(options.checkpoint / "tokenizer" / "tokenizer.json")
    contexts = encode_prompts(load_text_encoder(options.checkpoint / "text_encoder"), tokenizer, texts, options.tokens)
    player = Player(_experts(options), options.latent, options.device)
    guidance = None if options.guidance is None else Guidance(*options.guidance)
    recorded = record(player, schedules, rows, contexts[1:], contexts[0], guidance, options.latent, options.seed)
    for expert, data in recorded.items():
        save_calibration(data, options.target / f"{expert}.npz")


if __name__ == "__main__":
    run(main)
