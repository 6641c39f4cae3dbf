"""What the report of light variants compares, and what its page says."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from triptych_tools.command import InputError
from triptych_tools.wan_tiny.captions import LANGUAGES, SCENES, Scene
from triptych_tools.wan_tiny.clips import make_clip
from triptych_tools.wan_tiny.combinations import COMBINATIONS
from triptych_tools.wan_tiny.evaluate import Case, Frames
from triptych_tools.wan_tiny.judge import judge
from triptych_tools.wan_tiny.report import (
    Judged,
    Variant,
    comparable,
    frames_in_colour,
    some_cases,
    speed,
    ssim,
    timings,
)
from triptych_tools.wan_tiny.report_page import page
from triptych_tools.wan_tiny.report_pictures import clips_picture, places, trade_picture

ROOT = Path(__file__).parents[2]
SCENE = Scene("red", "circle", "right")
CASE = Case(SCENE, "en", "", 0)


def clip() -> Frames:
    """A clip of the scene."""
    return (make_clip(SCENE, np.random.default_rng(0)) * 255).astype(np.uint8)


def test_every_variant_of_the_spec_is_reported_after_its_parent() -> None:
    spec = (ROOT / "configs" / "wan-tiny-light.yaml").read_text()
    names = re.findall(r"^  (\w+):$", spec[spec.index("\nvariants:\n") :], re.MULTILINE)
    assert [combination.variant for combination in COMBINATIONS] == names
    seen: set[str | None] = {None}
    for combination in COMBINATIONS:
        assert combination.parent in seen
        seen.add(combination.variant)


def test_every_scene_is_judged_alike_often_and_in_every_language() -> None:
    todo = some_cases()
    assert Counter(case.scene for case in todo) == dict.fromkeys(SCENES, 3)
    assert Counter((case.scene, case.language) for case in todo) == {(s, lang): 1 for s in SCENES for lang in LANGUAGES}
    assert len({case.seed for case in todo}) == len(todo) == 144


def test_one_frame_in_another_colour_is_seen_though_the_clip_is_judged_right() -> None:
    odd = clip()
    assert frames_in_colour(odd, CASE) == 1.0
    odd[0] = odd[0][..., ::-1]
    assert judge(odd).shows(SCENE)
    assert frames_in_colour(odd, CASE) == pytest.approx(16 / 17)


def test_similarity_falls_with_what_is_seen() -> None:
    first = clip()
    noisy = np.clip(first + np.random.default_rng(0).normal(0, 20, first.shape), 0, 255).astype(np.uint8)
    assert ssim(first, first) == 1.0
    assert ssim(first, noisy) < 0.9


def test_distances_are_told_only_where_there_is_a_twin() -> None:
    alone, beside = Judged(), Judged()
    for language in LANGUAGES:
        alone.add(Case(SCENE, language, "", 0), clip(), None)
        beside.add(Case(SCENE, language, "", 0), clip(), clip())
    assert "psnr" not in alone.figures()
    assert beside.figures()["psnr"] == {"mean": 100.0, "min": 100.0}
    assert beside.figures()["ssim"] == {"mean": 1.0, "min": 1.0}
    assert beside.figures()["clips_in_colour_throughout"] == 100.0


def test_only_the_same_schedule_makes_a_twin() -> None:
    parent = cast(Variant, SimpleNamespace(name="a", parent=None, schedule="20 steps"))
    same = cast(Variant, SimpleNamespace(name="b", parent="a", schedule="20 steps"))
    other = cast(Variant, SimpleNamespace(name="c", parent="a", schedule="4 steps"))
    others = {"a": parent, "b": same, "c": other}
    assert [comparable(variant, others) for variant in (parent, same, other)] == [False, True, False]


def test_variants_are_timed_in_turns_and_held_against_their_parents() -> None:
    turns: list[str] = []

    def variant(name: str, parent: str | None, ms: float) -> Variant:
        def step(_: str) -> float:
            turns.append(name)
            return ms

        return cast(
            Variant, SimpleNamespace(name=name, parent=parent, step=step, rows={"high_noise": 1, "low_noise": 3})
        )

    slow, quick = variant("slow", None, 3.0), variant("quick", "slow", 1.5)
    measured = timings([slow, quick], 4)
    assert turns[:8] == ["slow", "slow", "quick", "quick", "quick", "quick", "slow", "slow"]
    assert speed(quick, measured)["parent_over_this"] == [2.0, 2.0, 2.0]
    assert speed(quick, measured)["denoising_ms"] == 6.0
    assert "parent_over_this" not in speed(slow, measured)


def test_a_repository_without_a_variant_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"reference_high_noise/1/model\.onnx is missing"):
        Variant(tmp_path, COMBINATIONS[0])


def row(name: str, parent: str | None, **more: Any) -> dict[str, Any]:
    """A line of the report."""
    return {
        "variant": name,
        "parent": parent,
        "how": f"how of {name}",
        "bytes": 3_140_000,
        "step_ms": {"high_noise": 12.34, "low_noise": 23.45},
        "steps": {"high_noise": 5, "low_noise": 15},
        "denoising_ms": 413.4,
        "rounds": 200,
        "adherence": 98.61,
        "clips_in_colour_throughout": 97.92,
        "iou": 0.9123,
        "hue_error": 0.456,
        "flicker": 0.0321,
        **more,
    }


def test_the_page_holds_every_figure() -> None:
    child = row(
        "child",
        "mother",
        parent_over_this=[1.2, 1.3, 1.4],
        psnr={"mean": 41.26, "min": 35.0},
        ssim={"mean": 0.9876, "min": 0.95},
    )
    machine = {"cpu": "a CPU", "cores": 2, "threads": 1, "onnxruntime": "1.2.3"}
    text = page({"machine": machine, "clips": 144, "variants": [row("mother", None), child]})
    for figure in (
        "98.61",
        "97.92",
        "0.912",
        "0.46",
        "0.032",
        "41.3 / 35.0",
        "0.988 / 0.950",
        "3.14",
        "12.34 / 23.45",
        "413",
    ):
        assert figure in text
    assert "| 1.30 (1.20–1.40) |" in text
    assert "`mother`: how of child" in text
    assert "144 clips" in text and "200 timed rounds" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1


def test_pictures_are_made(tmp_path: Path) -> None:
    clips_picture([("one", clip()), ("two", clip())], tmp_path / "clips.png")
    trade_picture([row("one", None), row("two", "one", denoising_ms=20.0)], tmp_path / "trade.png")
    for name in ("clips", "trade"):
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 20


def test_names_in_the_picture_lie_over_nothing() -> None:
    points = [(100.0, 100.0), (100.0, 100.0), (103.0, 98.0), (20.0, 50.0), (101.0, 120.0)]
    found = places(points, ["one", "another", "a_third_one", "near_the_edge", "last"], edge=10.0)
    lines = [(left, middle, left + 7.5 * 3) for left, middle in found]
    for index, (left, middle, _) in enumerate(lines):
        assert left > 10.0
        for other_left, other_middle, other_right in lines[:index]:
            assert abs(middle - other_middle) >= 15.0 or left >= other_right or other_left > left
