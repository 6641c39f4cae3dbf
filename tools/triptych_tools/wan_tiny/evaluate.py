"""Quality figures of wan-tiny: ``python -m triptych_tools.wan_tiny.evaluate WORK MODELS --repository R``.

Plays the very files that Triton serves, over every caption in every language and three seeds that no other part of
the project uses, and judges the pixels. Writes ``figures.json``, contact sheets and the model card.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from triptych_tools.onnx_pipeline import Guidance, OnnxDecoder, OnnxExperts, OnnxText, initial_noise
from triptych_tools.vae import decode_clip
from triptych_tools.wan_tiny.captions import LANGUAGES, SCENES, Scene, all_captions
from triptych_tools.wan_tiny.card import model_card
from triptych_tools.wan_tiny.experts import LATENT_SHAPE
from triptych_tools.wan_tiny.full_precision import export_fp32
from triptych_tools.wan_tiny.judge import Judgement, judge, psnr
from triptych_tools.wan_tiny.served import SERVED
from triptych_tools.wan_tiny.text import TOKENS
from triptych_tools.wan_tiny.train import TEACHER_GUIDANCE, load_vae
from triptych_tools.wan_tiny.train_vae import draw_clips
from triptych_tools.wan_tiny.vae import encode_clip

FIRST_SEED = 900_000_000
"""Judged seeds start here; training, calibration and trajectories lie far below."""
SEEDS = 3
SERVED_GUIDANCE = Guidance(TEACHER_GUIDANCE.high_noise, TEACHER_GUIDANCE.low_noise)
Frames = npt.NDArray[np.uint8]
SHOWN = (0, 3, 6, 10, 13, 16)
"""Frames of a clip that a picture shows."""


@dataclass(frozen=True)
class Case:
    """One clip to make: a caption and a seed."""

    scene: Scene
    language: str
    text: str
    seed: int


def cases(seeds: int = SEEDS) -> list[Case]:
    """Every caption with every judged seed; each clip has a noise of its own."""
    captions = all_captions()
    return [
        Case(scene, language, text, FIRST_SEED + index * len(captions) + row)
        for index in range(seeds)
        for row, (scene, language, _, text) in enumerate(captions)
    ]


class Player:
    """One variant, as a folder of ONNX files holds it."""

    def __init__(self, onnx: Path, tokenizer: Path, repository: Path, variant: str, served: bool) -> None:
        schedule = repository / "models" / f"{variant}_denoiser" / "1" / "schedule.json"
        guidance = SERVED_GUIDANCE if variant == "final" else None

        def network(name: str) -> Path:
            return onnx / f"{SERVED[name] if served else name}.onnx"

        self.text = OnnxText(tokenizer, network("text_encoder"), TOKENS)
        self.experts = OnnxExperts(
            network(f"{variant}_high_noise"), network(f"{variant}_low_noise"), schedule, guidance
        )
        self.decoder = OnnxDecoder(network("vae_decoder"))

    def frames(self, case: Case) -> Frames:
        """Make one clip."""
        latent = self.experts.denoise(self.text.context(case.text), initial_noise(case.seed, LATENT_SHAPE))
        return self.decoder.frames(latent)


def share(flags: list[bool]) -> float:
    """Share of true flags, in percent."""
    return round(100.0 * float(np.mean(flags)), 2)


def summarise(rows: list[tuple[Case, Judgement]]) -> dict[str, Any]:
    """Adherence in percent, in all and by part and language, and means of the continuous figures."""
    figures = {
        name: round(float(np.mean([getattr(found, name) for _, found in rows])), 4)
        for name in ("iou", "hue_error", "straightness", "evenness", "flicker")
    }
    return {
        "clips": len(rows),
        "adherence": share([found.shows(case.scene) for case, found in rows]),
        "by_language": {
            language: share([found.shows(case.scene) for case, found in rows if case.language == language])
            for language in LANGUAGES
        },
        "by_part": {
            part: share([getattr(found, part) == getattr(case.scene, part) for case, found in rows])
            for part in ("colour", "shape", "direction")
        },
        **figures,
    }


def compare(light: Player, full: Player, todo: list[Case]) -> Iterator[tuple[Case, Frames, Frames]]:
    """Each case by the light and by the full-precision files, from the same noise."""
    for index, case in enumerate(todo):
        if index % 200 == 0:
            print(f"  {index}/{len(todo)}", flush=True)
        yield case, light.frames(case), full.frames(case)


def evaluate_variant(light: Player, full: Player, todo: list[Case]) -> dict[str, Any]:
    """Figures of one variant as served, of its FP32 parent, and the distance between them."""
    served, parent, distances = [], [], []
    for case, ours, theirs in compare(light, full, todo):
        served.append((case, judge(ours)))
        parent.append((case, judge(theirs)))
        distances.append(min(psnr(ours, theirs), 100.0))
    return {
        "served": summarise(served),
        "fp32": summarise(parent),
        "psnr_to_fp32": {
            "mean": round(float(np.mean(distances)), 2),
            "median": round(float(np.median(distances)), 2),
            "min": round(float(np.min(distances)), 2),
        },
    }


def evaluate_vae(work: Path, count: int = 144) -> dict[str, float]:
    """PSNR of encode and decode over fresh clips, with the weights as stored (FP16)."""
    vae = load_vae(work).half().float()
    clips, _ = draw_clips(count, np.random.default_rng(990_001))
    values = []
    with torch.no_grad():
        for clip in clips:
            decoded = decode_clip(vae, encode_clip(vae, clip[None])[0]).clamp(-1, 1)[0]
            values.append(psnr((decoded * 0.5 + 0.5).numpy(), (clip * 0.5 + 0.5).numpy()))
    return {"clips": count, "psnr_mean": round(float(np.mean(values)), 2), "psnr_min": round(float(np.min(values)), 2)}


def contact_sheet(player: Player, path: Path) -> None:
    """Twelve clips, one a row: every colour and shape, directions and languages in turn."""
    rows = []
    captions = all_captions()
    for index in range(12):
        scene = SCENES[index * 4 + index % 4]
        text = next(t for s, lang, _, t in captions if s == scene and lang == LANGUAGES[index % 3])
        frames = player.frames(Case(scene, LANGUAGES[index % 3], text, FIRST_SEED - 100 + index))
        rows.append(np.concatenate([frames[i] for i in SHOWN], axis=1))
    sheet = Image.fromarray(np.concatenate(rows, axis=0))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.resize((sheet.width * 2, sheet.height * 2), Image.Resampling.NEAREST).save(path, optimize=True)


def sizes(models: Path) -> dict[str, int]:
    """Bytes of each ONNX file, and of all files of the checkpoint."""
    onnx = {path.name: path.stat().st_size for path in sorted((models / "onnx").glob("*.onnx"))}
    checkpoint = sum(path.stat().st_size for path in models.rglob("*.safetensors"))
    return {**onnx, "onnx_total": sum(onnx.values()), "checkpoint_total": checkpoint}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("models", type=Path)
    parser.add_argument("--repository", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    options = parser.parse_args()
    tokenizer = options.models / "tokenizer" / "tokenizer.json"
    export_fp32(options.work, options.work / "onnx32")
    figures: dict[str, Any] = {"vae": evaluate_vae(options.work), "sizes": sizes(options.models)}
    for variant in ("final", "draft"):
        print(variant, flush=True)
        light = Player(options.models / "onnx", tokenizer, options.repository, variant, served=True)
        full = Player(options.work / "onnx32", tokenizer, options.repository, variant, served=False)
        figures[variant] = evaluate_variant(light, full, cases(options.seeds))
        contact_sheet(light, options.models / "images" / f"{variant}.png")
        print(json.dumps(figures[variant], indent=1), flush=True)
    (options.models / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")
    (options.models / "README.md").write_text(model_card(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
