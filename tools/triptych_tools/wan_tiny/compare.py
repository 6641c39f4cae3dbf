"""What lightened experts of wan-tiny cost and gain beside the served ones, from the same noise.

``python -m triptych_tools.wan_tiny.compare MODELS LIGHT WORK --repository R [--sheet FILE.png]``

LIGHT holds ``transformer`` and ``transformer_2``. Both are exported as the final variant is served; the two sides
are timed in turns in one process, and every third caption is judged.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from triptych_tools.cast import POSITIONS, store_fp16
from triptych_tools.checkpoint import load_expert
from triptych_tools.command import progress, run
from triptych_tools.expert_folder import parameters
from triptych_tools.wan_tiny.captions import SCENES
from triptych_tools.wan_tiny.evaluate import Case, Frames, Player, cases, share, summarise
from triptych_tools.wan_tiny.experts import LATENT_SHAPE
from triptych_tools.wan_tiny.full_precision import export_variant_expert
from triptych_tools.wan_tiny.judge import judge, psnr
from triptych_tools.wan_tiny.served import SERVED, STATE_SIZES
from triptych_tools.wan_tiny.text import DIM, TOKENS

PARTS = {"high_noise": "transformer", "low_noise": "transformer_2"}


def export_light(models: Path, light: Path, target: Path) -> None:
    """A folder of ONNX files as the final variant needs it, with the light experts in it."""
    target.mkdir(parents=True, exist_ok=True)
    for network in ("text_encoder", "vae_decoder"):
        shutil.copy(models / "onnx" / f"{SERVED[network]}.onnx", target)
    for expert, part in PARTS.items():
        full = target / f"{expert}.fp32.onnx"
        export_variant_expert(light / part, "final", full)
        store_fp16(full, target / f"{SERVED[f'final_{expert}']}.onnx", keep=POSITIONS)


def times(sides: list[Player], expert: str, pairs: int) -> dict[str, Any]:
    """Milliseconds of a step with guidance, both sides in turns: medians, and quartiles of the ratio of a pair."""
    size, source = STATE_SIZES["final"], np.random.default_rng(0)
    shapes = {"STATE": (size, *LATENT_SHAPE), "CONTEXT": (2, TOKENS, DIM), "COEFFICIENTS": (size, size + 1)}
    feeds = {name: source.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    feeds |= {"TIMESTEP": np.array([900.0], np.float32), "GUIDANCE": np.array([2.0], np.float32)}
    rows = np.zeros((pairs + 10, 2))
    for row in rows:
        for side, player in enumerate(sides):
            started = time.perf_counter()
            player.experts.sessions[expert].run(None, feeds)
            row[side] = 1000 * (time.perf_counter() - started)
    parent, light = rows[10:].T
    quartiles = np.percentile(parent / light, [25, 50, 75]).round(3).tolist()
    medians = [round(float(np.median(side)), 2) for side in (parent, light)]
    return {"parent_ms": medians[0], "light_ms": medians[1], "ratio_quartiles": quartiles, "pairs": pairs}


def some_cases() -> list[Case]:
    """A third of all captions, every scene in three of them, in every language."""
    return [case for row, case in enumerate(cases(1)) if (row + row // len(SCENES)) % 3 == 0]


def frames_in_colour(frames: Frames, case: Case) -> float:
    """Share of a clip's frames that have the colour asked for; the judge's own verdict is of the mean over frames."""
    return float(np.mean([judge(np.stack([frame, frame])).colour == case.scene.colour for frame in frames]))


def adherence(sides: list[Player]) -> dict[str, Any]:
    """What both sides show, and how far apart their clips are in dB."""
    judged: list[list[Any]] = [[], []]
    coloured: list[list[float]] = [[], []]
    distances = []
    todo = some_cases()
    for done, case in enumerate(todo, 1):
        clips = [player.frames(case) for player in sides]
        for rows, shares, clip in zip(judged, coloured, clips, strict=True):
            rows.append((case, judge(clip)))
            shares.append(frames_in_colour(clip, case))
        distances.append(min(psnr(*clips), 100.0))
        if done % 24 == 0:
            progress(done, len(todo), "captions judged")
    parent, light = (
        {**summarise(rows), "clips_in_colour_throughout": share([part == 1.0 for part in shares])}
        for rows, shares in zip(judged, coloured, strict=True)
    )
    return {"parent": parent, "light": light, "psnr_median": round(float(np.median(distances)), 2)}


def contact_sheet(sides: list[Player], path: Path) -> None:
    """Six clips: the parent's in one row and the light one's in the row below."""
    rows = []
    for case in some_cases()[::25]:
        for player in sides:
            frames = player.frames(case)
            rows.append(np.concatenate([frames[i] for i in (0, 3, 6, 10, 13, 16)], axis=1))
    sheet = Image.fromarray(np.concatenate(rows, axis=0))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.resize((sheet.width * 2, sheet.height * 2), Image.Resampling.NEAREST).save(path, optimize=True)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path)
    parser.add_argument("light", type=Path)
    parser.add_argument("work", type=Path, help="folder for the exported files")
    parser.add_argument("--repository", type=Path, required=True)
    parser.add_argument("--sheet", type=Path, help="where a picture of both sides goes")
    parser.add_argument("--pairs", type=int, default=300, help="timed steps of each side")
    options = parser.parse_args()
    export_light(options.models, options.light, options.work)
    tokenizer = options.models / "tokenizer" / "tokenizer.json"
    folders = (options.models / "onnx", options.work)
    sides = [Player(folder, tokenizer, options.repository, "final", served=True) for folder in folders]
    figures: dict[str, Any] = {"clips": adherence(sides)}
    for expert, part in PARTS.items():
        file = f"{SERVED[f'final_{expert}']}.onnx"
        counts = [parameters(load_expert(folder / part)) for folder in (options.models, options.light)]
        sizes = [(folder / file).stat().st_size for folder in folders]
        figures[expert] = {"parameters": counts, "onnx_bytes": sizes, **times(sides, expert, options.pairs)}
    if options.sheet:
        contact_sheet(sides, options.sheet)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    run(main)
