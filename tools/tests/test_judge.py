"""The judge sees what is true, is not taken in by what is wrong, and its figures move the right way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFilter

from triptych_tools.wan_tiny.captions import COLOURS, DIRECTIONS, SCENES, SHAPES, Scene, Shape
from triptych_tools.wan_tiny.clips import BACKGROUND, FRAMES, RGB, SIZE, VECTORS, coverage, make_clip
from triptych_tools.wan_tiny.judge import NOTHING, Judgement, judge, psnr

Frames = npt.NDArray[np.uint8]
Path = Sequence[tuple[float, float]]

SEEDS = 6
SCENE = Scene("red", "circle", "right")
MIDDLE = (SIZE - 1) / 2


def to_bytes(clip: npt.NDArray[Any]) -> Frames:
    """A clip in 0..1 as the decoder gives it."""
    frames: Frames = np.round(np.clip(clip, 0.0, 1.0) * 255).astype(np.uint8)
    return frames


def true_clip(scene: Scene, seed: int) -> Frames:
    return to_bytes(make_clip(scene, np.random.default_rng([seed, SCENES.index(scene)])))


def straight(scene: Scene = SCENE, travel: float = 24.0) -> list[tuple[float, float]]:
    """An even path through the middle."""
    dx, dy = VECTORS[scene.direction]
    shares = np.linspace(-0.5, 0.5, FRAMES) * travel
    return [(MIDDLE + dx * share, MIDDLE + dy * share) for share in shares]


def drawn(
    path: Path,
    shape: Shape = "circle",
    rgb: tuple[float, float, float] = RGB["red"],
    radius: float | Sequence[float] = 12.0,
    background: float = BACKGROUND,
) -> Frames:
    """A clip of any shape, colour, size and path."""
    radii = [radius] * len(path) if isinstance(radius, float) else radius
    alphas = np.stack([coverage(shape, size, centre) for size, centre in zip(radii, path, strict=True)])[..., None]
    return to_bytes(background + alphas * (np.asarray(rgb) - background))


@pytest.fixture(scope="module")
def verdicts() -> list[tuple[Scene, Judgement]]:
    """Judgements of true clips of every scene."""
    return [(scene, judge(true_clip(scene, seed))) for seed in range(SEEDS) for scene in SCENES]


def test_true_clips_are_right(verdicts: list[tuple[Scene, Judgement]]) -> None:
    assert np.mean([found.shows(scene) for scene, found in verdicts]) >= 0.99


def test_true_clips_have_good_figures(verdicts: list[tuple[Scene, Judgement]]) -> None:
    found = [found for _, found in verdicts]
    assert min(one.iou for one in found) >= 0.98
    assert max(one.hue_error for one in found) < 1.0
    assert max(one.straightness for one in found) < 0.2
    assert max(one.evenness for one in found) < 0.5
    assert max(one.flicker for one in found) < 0.08


def test_unit_floats_are_judged_like_bytes() -> None:
    clip = make_clip(SCENE, np.random.default_rng(1))
    floats, small = judge(clip), judge(to_bytes(clip))
    assert floats.shows(SCENE)
    assert abs(floats.iou - small.iou) < 0.01


def test_a_clip_is_right_for_no_scene_but_its_own() -> None:
    for scene in SCENES:
        found = judge(true_clip(scene, 1))
        assert [other for other in SCENES if found.shows(other)] == [scene]


@pytest.mark.parametrize("part", ["colour", "shape", "direction"])
def test_one_wrong_part_is_enough(part: str) -> None:
    values: dict[str, tuple[str, ...]] = {"colour": COLOURS, "shape": SHAPES, "direction": DIRECTIONS}
    for value in values[part]:
        shown = replace(SCENE, **{part: value})  # type: ignore[arg-type]
        found = judge(true_clip(shown, 0))
        assert found.shows(SCENE) == (shown == SCENE)
        assert getattr(found, part) == value


@pytest.mark.parametrize(
    "rgb",
    [(0.9, 0.15, 0.9), (0.2, 0.8, 0.9), (0.95, 0.5, 0.15), (1.0, 1.0, 1.0), (0.6, 0.6, 0.6), (0.6, 0.5, 0.5)],
    ids=["magenta", "cyan", "orange", "white", "grey", "pinkish grey"],
)
def test_a_colour_outside_the_palette_is_none(rgb: tuple[float, float, float]) -> None:
    found = judge(drawn(straight(), rgb=rgb))
    assert (found.colour, found.shape, found.direction) == (None, "circle", "right")


@pytest.mark.parametrize(("colour", "rgb"), [("red", (0.7, 0.1, 0.2)), ("yellow", (0.8, 0.75, 0.2))])
def test_a_shade_of_the_palette_still_counts(colour: str, rgb: tuple[float, float, float]) -> None:
    assert judge(drawn(straight(), rgb=rgb)).colour == colour


@pytest.mark.parametrize("travel", [0.0, 1.0, 5.0])
def test_standing_still_and_creeping_are_no_direction(travel: float) -> None:
    found = judge(drawn(straight(travel=travel)))
    assert (found.colour, found.shape, found.direction) == ("red", "circle", None)


@pytest.mark.parametrize("slant", [45.0, 135.0, 30.0])
def test_a_slanting_path_is_no_direction(slant: float) -> None:
    dx, dy = np.cos(np.radians(slant)), np.sin(np.radians(slant))
    shares = np.linspace(-12, 12, FRAMES)
    assert judge(drawn([(MIDDLE + dx * s, MIDDLE + dy * s) for s in shares])).direction is None


NOISE = np.random.default_rng(2)
EMPTY = {
    "black": np.zeros((FRAMES, SIZE, SIZE, 3)),
    "background": np.full((FRAMES, SIZE, SIZE, 3), BACKGROUND),
    "white": np.ones((FRAMES, SIZE, SIZE, 3)),
    "all red": np.broadcast_to(np.array(RGB["red"]), (FRAMES, SIZE, SIZE, 3)),
    "noise": NOISE.random((FRAMES, SIZE, SIZE, 3)),
    "tiny": drawn(straight(), radius=3.0) / 255.0,
    "huge": drawn(straight(), radius=30.0) / 255.0,
}


@pytest.mark.parametrize("name", EMPTY)
def test_a_clip_without_a_shape_shows_nothing(name: str) -> None:
    found = judge(to_bytes(EMPTY[name]))
    assert found == NOTHING
    assert not any(found.shows(scene) for scene in SCENES)


def test_dark_noise_is_no_shape() -> None:
    found = judge(to_bytes(BACKGROUND + 0.1 * NOISE.standard_normal((FRAMES, SIZE, SIZE, 3))))
    assert (found.colour, found.shape, found.direction) == (None, None, None)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_clip_that_is_not_finite_shows_nothing(bad: float) -> None:
    clip = make_clip(SCENE, np.random.default_rng(0))
    clip[8, 30, 30, 1] = bad
    assert judge(clip) == NOTHING


def test_a_shape_that_goes_away_shows_nothing() -> None:
    clip = drawn(straight())
    clip[-1] = round(BACKGROUND * 255)
    assert judge(clip) == NOTHING


def test_two_shapes_are_no_shape() -> None:
    left, right = ([(x + shift, y) for x, y in straight(travel=12.0)] for shift in (-17.0, 17.0))
    both = np.maximum(drawn(left, radius=9.0), drawn(right, radius=9.0))
    assert judge(both).shape is None


def turned(clip: Frames, degrees: float) -> Frames:
    """Each frame rotated about the shape in it, which keeps its path."""
    fill = (round(BACKGROUND * 255),) * 3
    frames = []
    for frame, centre in zip(clip, straight(), strict=True):
        image = Image.fromarray(frame)
        frames.append(image.rotate(degrees, Image.Resampling.BICUBIC, center=centre, fillcolor=fill))
    return np.stack([np.asarray(frame) for frame in frames])


def blurred(clip: Frames, radius: float) -> Frames:
    return np.stack([np.asarray(Image.fromarray(frame).filter(ImageFilter.GaussianBlur(radius))) for frame in clip])


@pytest.mark.parametrize(("shape", "degrees"), [("square", 20.0), ("square", 45.0), ("triangle", 15.0)])
def test_a_rotated_shape_has_a_lower_iou(shape: Shape, degrees: float) -> None:
    clip = drawn(straight(), shape)
    assert judge(turned(clip, degrees)).iou < judge(turned(clip, 0.0)).iou - 0.05


@pytest.mark.parametrize("shape", ["square", "triangle"])
def test_the_iou_falls_with_blur(shape: Shape) -> None:
    ious = [judge(blurred(drawn(straight(), shape), radius)).iou for radius in (0.0, 2.0, 4.0)]
    assert ious[0] > ious[1] > ious[2]


def rising(figure: str, clips: list[Frames], least: float) -> list[Judgement]:
    """Judge clips that get worse; the figure must rise, in all by at least ``least``."""
    found = [judge(clip) for clip in clips]
    values = [getattr(one, figure) for one in found]
    assert values == sorted(values)
    assert values[-1] - values[0] >= least
    return found


def test_a_wobbling_path_raises_straightness() -> None:
    def wobble(size: float) -> Frames:
        return drawn([(x, y + size * np.sin(i * np.pi / 2)) for i, (x, y) in enumerate(straight())])

    found = rising("straightness", [wobble(size) for size in (0.0, 1.0, 3.0)], least=2.5)
    assert all(one.direction == "right" for one in found)


def test_uneven_steps_raise_evenness() -> None:
    def bent(power: float) -> Frames:
        shares = np.linspace(0.0, 1.0, FRAMES) ** power
        return drawn([(MIDDLE - 12 + 24 * share, MIDDLE) for share in shares])

    found = rising("evenness", [bent(power) for power in (1.0, 2.0, 4.0)], least=0.8)
    assert all(one.direction == "right" for one in found)


def test_a_changing_size_raises_flicker() -> None:
    def pulsing(size: float) -> Frames:
        return drawn(straight(), radius=[12.0 + size * (-1) ** i for i in range(FRAMES)])

    rising("flicker", [pulsing(size) for size in (0.0, 0.5, 2.0)], least=0.5)


def test_a_drifting_hue_raises_the_hue_error() -> None:
    found = rising("hue_error", [drawn(straight(), rgb=(0.9, 0.15 + g, 0.15)) for g in (0.0, 0.1, 0.2)], least=10.0)
    assert all(one.colour == "red" for one in found)


def test_nothing_never_improves_a_mean(verdicts: list[tuple[Scene, Judgement]]) -> None:
    worse: dict[str, Callable[[float, float], bool]] = {"iou": float.__lt__} | dict.fromkeys(
        ("hue_error", "straightness", "evenness", "flicker"), float.__gt__
    )
    for figure, is_worse in worse.items():
        for _, found in verdicts:
            assert is_worse(float(getattr(NOTHING, figure)), float(getattr(found, figure)))


def test_psnr() -> None:
    a = np.full((2, 4, 4, 3), 100, dtype=np.uint8)
    assert psnr(a, a) == float("inf")
    assert psnr(a, a + np.uint8(1)) == pytest.approx(20 * np.log10(255))
    assert psnr(a, (a / 255).astype(np.float32)) > 100
