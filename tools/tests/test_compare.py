"""What is compared between lightened and served experts of wan-tiny."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from triptych_tools.wan_tiny.captions import LANGUAGES, SCENES, Scene
from triptych_tools.wan_tiny.clips import make_clip
from triptych_tools.wan_tiny.compare import frames_in_colour, some_cases
from triptych_tools.wan_tiny.evaluate import Case
from triptych_tools.wan_tiny.judge import judge


def test_every_scene_is_judged_alike_often_and_in_every_language() -> None:
    todo = some_cases()
    assert Counter(case.scene for case in todo) == dict.fromkeys(SCENES, 3)
    assert Counter((case.scene, case.language) for case in todo) == {(s, lang): 1 for s in SCENES for lang in LANGUAGES}
    assert len({case.seed for case in todo}) == len(todo) == 144


def test_one_frame_in_another_colour_is_seen_though_the_clip_is_judged_right() -> None:
    scene = Scene("red", "circle", "right")
    clip = make_clip(scene, np.random.default_rng(0))
    case = Case(scene, "en", "", 0)
    assert frames_in_colour((clip * 255).astype(np.uint8), case) == 1.0
    clip[0] = clip[0][..., ::-1]
    assert judge(clip).shows(scene)
    assert frames_in_colour((clip * 255).astype(np.uint8), case) == pytest.approx(16 / 17)
