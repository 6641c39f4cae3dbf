"""The world of wan-tiny: captions and the clips that go with them."""

from __future__ import annotations

import numpy as np
import pytest

from triptych_tools.wan_tiny.captions import LANGUAGES, PHRASINGS, SCENES, Scene, all_captions, caption
from triptych_tools.wan_tiny.clips import FRAMES, SIZE, VECTORS, coverage, draw_motion, make_clip


def test_every_scene_is_said_in_every_way_exactly_once() -> None:
    rows = all_captions()
    assert len(rows) == len(SCENES) * len(LANGUAGES) * PHRASINGS == 432
    assert len({text for *_, text in rows}) == len(rows)
    assert all(text == caption(scene, language, phrasing) for scene, language, phrasing, text in rows)


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "a red circle moves right"), ("zh", "红色圆形向右移动"), ("ja", "赤い円が右に動く")],
)
def test_canonical_captions(language: str, text: str) -> None:
    assert caption(Scene("red", "circle", "right"), language) == text  # type: ignore[arg-type]


def test_labels_tell_all_scenes_apart() -> None:
    assert len({scene.labels for scene in SCENES}) == len(SCENES) == 48


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: f"{scene.colour}-{scene.shape}-{scene.direction}")
def test_a_motion_goes_the_scenes_way_and_stays_in_the_picture(scene: Scene) -> None:
    margin = 16
    for seed in range(50):
        motion = draw_motion(scene, np.random.default_rng(seed))
        travel = np.subtract(motion.end, motion.start)
        assert np.allclose(travel / np.hypot(*travel), VECTORS[scene.direction])
        for x, y in (motion.start, motion.end):
            inside = coverage(scene.shape, motion.radius, (x, y)).sum()
            all_of_it = coverage(scene.shape, motion.radius, (x + margin, y + margin), SIZE + 2 * margin).sum()
            assert inside >= 0.9999 * all_of_it


@pytest.mark.parametrize("radius", [10.5, 13.0])
def test_shapes_of_one_size_have_one_area(radius: float) -> None:
    areas = [coverage(shape, radius, (31.5, 31.5)).sum() for shape in ("circle", "square", "triangle")]
    assert np.allclose(areas, np.pi * radius**2, rtol=0.02)


def test_a_clip_depends_on_its_generator_alone() -> None:
    first, again, other = (make_clip(SCENES[7], np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first.shape == (FRAMES, SIZE, SIZE, 3)
    assert first.dtype == np.float32
    assert 0.0 <= first.min() <= first.max() <= 1.0
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
