"""Every light variant of wan-tiny beside its parent: ``python -m triptych_tools.wan_tiny.report REPOSITORY DOCS``.

REPOSITORY is what ``triptych repository configs/wan-tiny-light.yaml`` wrote. All variants make the same clips from the
same noise, and their steps are timed in turns in one process. Writes ``light.json``, ``light.md`` and two pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from skimage.metrics import structural_similarity

from triptych_tools.command import InputError, progress, run
from triptych_tools.onnx_pipeline import OnnxDecoder, OnnxExperts, OnnxText, initial_noise
from triptych_tools.wan_tiny.bench_steps import step_feeds
from triptych_tools.wan_tiny.captions import SCENES
from triptych_tools.wan_tiny.combinations import COMBINATIONS, Combination
from triptych_tools.wan_tiny.evaluate import SERVED_GUIDANCE, Case, Frames, cases, share, summarise
from triptych_tools.wan_tiny.experts import LATENT_SHAPE
from triptych_tools.wan_tiny.judge import Judgement, judge, psnr
from triptych_tools.wan_tiny.report_page import page
from triptych_tools.wan_tiny.report_pictures import clips_picture, trade_picture
from triptych_tools.wan_tiny.text import TOKENS

EXPERTS = ("high_noise", "low_noise")
WARM_UP = 10


class Variant:
    """One variant as a rendered repository serves it."""

    def __init__(self, repository: Path, combination: Combination) -> None:
        self.name, self.parent, self.how = combination.variant, combination.parent, combination.how
        models = repository / "models"
        self.files = {expert: models / f"{self.name}_{expert}" / "1" / "model.onnx" for expert in EXPERTS}
        schedule = models / f"{self.name}_denoiser" / "1" / "schedule.json"
        for file in (*self.files.values(), schedule):
            if not file.exists():
                raise InputError(f"{file} is missing", "`make light-report` makes everything in order")
        self.experts = OnnxExperts(self.files["high_noise"], self.files["low_noise"], schedule, None)
        names = {item.name for item in self.experts.sessions["high_noise"].get_inputs()}
        self.experts.guidance = SERVED_GUIDANCE if "GUIDANCE" in names else None
        self.feeds = step_feeds(self.experts.schedules.state_size, guided=self.experts.guidance is not None)
        self.schedule = schedule.read_text()

    @property
    def rows(self) -> dict[str, int]:
        """Steps of each expert in a clip."""
        played = self.experts.schedules.rows[self.experts.schedules.offered[0]]
        return {expert: sum(row.expert == expert for row in played) for expert in EXPERTS}

    def step(self, expert: str) -> float:
        """Milliseconds of one step of an expert."""
        started = time.perf_counter()
        self.experts.sessions[expert].run(None, self.feeds)
        return 1000 * (time.perf_counter() - started)


def some_cases() -> list[Case]:
    """A third of all captions, every scene in three of them, in every language."""
    return [case for row, case in enumerate(cases(1)) if (row + row // len(SCENES)) % 3 == 0]


def frames_in_colour(frames: Frames, case: Case) -> float:
    """Share of a clip's frames that have the colour asked for; the judge's own verdict is of the mean over frames."""
    return float(np.mean([judge(np.stack([frame, frame])).colour == case.scene.colour for frame in frames]))


def ssim(a: Frames, b: Frames) -> float:
    """Mean structural similarity over the frames of two clips."""
    pairs = zip(a, b, strict=True)
    return float(np.mean([structural_similarity(x, y, channel_axis=-1, data_range=255) for x, y in pairs]))


class Judged:
    """What the clips of one variant showed so far, and how far they were from its parent's."""

    def __init__(self) -> None:
        self.rows: list[tuple[Case, Judgement]] = []
        self.coloured: list[bool] = []
        self.distances: list[tuple[float, float]] = []

    def add(self, case: Case, clip: Frames, parent: Frames | None) -> None:
        """Judge one clip; ``parent`` is the same clip by the parent, where the two can be compared."""
        self.rows.append((case, judge(clip)))
        self.coloured.append(frames_in_colour(clip, case) == 1.0)
        if parent is not None:
            self.distances.append((min(psnr(clip, parent), 100.0), ssim(clip, parent)))

    def figures(self) -> dict[str, Any]:
        """All of it in means; distances also at their least."""
        found = {**summarise(self.rows), "clips_in_colour_throughout": share(self.coloured)}
        if not self.distances:
            return found
        decibels, similarity = np.array(self.distances).T
        return {
            **found,
            "psnr": {"mean": round(float(decibels.mean()), 2), "min": round(float(decibels.min()), 2)},
            "ssim": {"mean": round(float(similarity.mean()), 4), "min": round(float(similarity.min()), 4)},
        }


def comparable(variant: Variant, others: Mapping[str, Variant]) -> bool:
    """True if a variant plays its parent's schedule, so that the same noise should give the same clip."""
    return variant.parent is not None and others[variant.parent].schedule == variant.schedule


def qualities(variants: list[Variant], text: OnnxText, decoder: OnnxDecoder, todo: list[Case]) -> dict[str, Any]:
    """What each variant shows, by its name."""
    by_name = {variant.name: variant for variant in variants}
    judged = {variant.name: Judged() for variant in variants}
    for done, case in enumerate(todo, 1):
        clips: dict[str, Frames] = {}
        context = text.context(case.text)
        for variant in variants:
            latent = variant.experts.denoise(context, initial_noise(case.seed, LATENT_SHAPE))
            clips[variant.name] = decoder.frames(latent)
            parent = clips[variant.parent or ""] if comparable(variant, by_name) else None
            judged[variant.name].add(case, clips[variant.name], parent)
        progress(done, len(todo), "captions judged")
    return {name: rows.figures() for name, rows in judged.items()}


def timings(variants: list[Variant], rounds: int) -> dict[str, npt.NDArray[np.float64]]:
    """Milliseconds of a step of each expert, [rounds, 2]: all variants in turns, each round begun by another."""
    measured = {variant.name: np.zeros((rounds + WARM_UP, 2)) for variant in variants}
    for index in range(rounds + WARM_UP):
        first = index % len(variants)
        for variant in (*variants[first:], *variants[:first]):
            measured[variant.name][index] = [variant.step(expert) for expert in EXPERTS]
        if index % 20 == 0:
            progress(index, rounds + WARM_UP, "rounds timed")
    return {name: rows[WARM_UP:] for name, rows in measured.items()}


def speed(variant: Variant, measured: dict[str, npt.NDArray[np.float64]]) -> dict[str, Any]:
    """Medians of a step, of all steps of a clip, and quartiles of how many times a step of the parent takes as long."""
    mine, steps = measured[variant.name], variant.rows
    medians = {expert: round(float(np.median(mine[:, at])), 2) for at, expert in enumerate(EXPERTS)}
    clip = sum(medians[expert] * steps[expert] for expert in EXPERTS)
    found: dict[str, Any] = {"step_ms": medians, "steps": steps, "denoising_ms": round(clip, 1), "rounds": len(mine)}
    if variant.parent is not None:
        ratios = measured[variant.parent].sum(axis=1) / mine.sum(axis=1)
        found["parent_over_this"] = [round(float(value), 3) for value in np.percentile(ratios, [25, 50, 75])]
    return found


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _cpu_lines() if line.startswith("model name")), platform.machine()
    )
    return {"cpu": model, "cores": os.cpu_count(), "threads": 1, "onnxruntime": onnxruntime.__version__}


def _cpu_lines() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("docs", type=Path, help="folder of the page; pictures go to images/ in it")
    parser.add_argument("--rounds", type=int, default=200, help="timed steps of each expert of each variant")
    parser.add_argument("--clips", type=int, default=len(some_cases()), help="clips of each variant")
    options = parser.parse_args()
    models = options.repository / "models"
    variants = [Variant(options.repository, combination) for combination in COMBINATIONS]
    text = OnnxText(models / "tokenizer" / "1" / "tokenizer.json", models / "text_encoder" / "1" / "model.onnx", TOKENS)
    decoder = OnnxDecoder(models / "vae_decoder" / "1" / "model.onnx")
    measured = timings(variants, options.rounds)
    shown = qualities(variants, text, decoder, some_cases()[: options.clips])
    rows = [
        {
            "variant": variant.name,
            "parent": variant.parent,
            "how": variant.how,
            "bytes": sum(file.stat().st_size for file in variant.files.values()),
            **speed(variant, measured),
            **shown[variant.name],
        }
        for variant in variants
    ]
    figures = {"machine": machine(), "clips": options.clips, "variants": rows}
    (options.docs / "images").mkdir(parents=True, exist_ok=True)
    (options.docs / "light.json").write_text(json.dumps(figures, indent=2) + "\n")
    (options.docs / "light.md").write_text(page(figures), encoding="utf-8")
    case = some_cases()[0]
    context, noise = text.context(case.text), initial_noise(case.seed, LATENT_SHAPE)
    clips = [(variant.name, decoder.frames(variant.experts.denoise(context, noise))) for variant in variants]
    clips_picture(clips, options.docs / "images" / "light-clips.png")
    trade_picture(rows, options.docs / "images" / "light-trade.png")


if __name__ == "__main__":
    run(main)
