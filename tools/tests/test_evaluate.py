"""Quality figures: which clips are judged, how they are summed up, and what the model card says of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from triptych_tools import record, teacher
from triptych_tools.wan_tiny.captions import SCENES, all_captions
from triptych_tools.wan_tiny.card import model_card
from triptych_tools.wan_tiny.clips import make_clip
from triptych_tools.wan_tiny.evaluate import Case, cases, share, summarise
from triptych_tools.wan_tiny.judge import NOTHING, judge


def test_every_caption_is_judged_with_seeds_of_its_own() -> None:
    todo = cases(3)
    seeds = [case.seed for case in todo]
    assert len(todo) == len(set(seeds)) == 3 * 432
    assert {case.text for case in todo} == {text for *_, text in all_captions()}
    # No seed that training, calibration or the recorded trajectories have used.
    assert min(seeds) > max(record.FIRST_SEED, teacher.FIRST_SEED) + 10_000_000


def test_figures_are_summed_up_by_part_and_language() -> None:
    scene, other = SCENES[0], SCENES[13]
    good = judge(make_clip(scene, np.random.default_rng(0)))
    rows = [
        (Case(scene, "en", "", 0), good),
        (Case(scene, "zh", "", 1), good),
        (Case(other, "zh", "", 2), good),
        (Case(scene, "ja", "", 3), NOTHING),
    ]
    figures = summarise(rows)
    assert (figures["clips"], figures["adherence"]) == (4, 50.0)
    assert figures["by_language"] == {"en": 100.0, "zh": 50.0, "ja": 0.0}
    same = [getattr(scene, part) == getattr(other, part) for part in ("colour", "shape", "direction")]
    assert list(figures["by_part"].values()) == [75.0 if equal else 50.0 for equal in same]
    assert figures["iou"] == pytest.approx(0.75 * good.iou, abs=1e-4)


def test_share_is_in_percent() -> None:
    assert share([True, True, False]) == 66.67


def test_the_card_holds_every_figure() -> None:
    def variant(adherence: float) -> dict[str, Any]:
        continuous = {"iou": 0.9, "hue_error": 1.25, "straightness": 0.31, "evenness": 0.22, "flicker": 0.013}
        languages = {"en": adherence, "zh": 98.5, "ja": 97.25}
        return {"clips": 1296, "adherence": adherence, "by_language": languages, **continuous}

    def pair(adherence: float, psnr: float) -> dict[str, Any]:
        distance = {"mean": psnr, "median": psnr + 1, "min": psnr - 1}
        return {"served": variant(adherence), "fp32": variant(adherence + 0.1), "psnr_to_fp32": distance}

    card = model_card(
        {
            "final": pair(99.1, 80.0),
            "draft": pair(96.3, 40.0),
            "vae": {"clips": 144, "psnr_mean": 33.5, "psnr_min": 30.25},
            "sizes": {"onnx_total": 17_200_000, "checkpoint_total": 18_300_000},
        }
    )
    for text in ("99.1", "99.2", "96.3", "96.4", "80", "41", "39", "33.5", "30.25", "17.2 MB", "18.3 MB", "1296"):
        assert text in card
    assert card.count("\n| final") == card.count("\n| draft") == 3
