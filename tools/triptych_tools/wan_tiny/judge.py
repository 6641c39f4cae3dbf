"""A judge that reads only pixels: what colour, shape and direction a clip shows, and how well.

The verdict is three labels. The figures are continuous, so that they can show a regression long
before a label changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from triptych_tools.wan_tiny.captions import COLOURS, DIRECTIONS, SHAPES, Colour, Direction, Scene, Shape
from triptych_tools.wan_tiny.clips import BACKGROUND, RGB, SIZE, VECTORS, FloatArray, coverage

MIN_PIXELS = 60
MIN_TRAVEL = 6.0
MAX_HUE_ERROR = 25.0
MIN_CHROMA = 0.25
"""Least spread between the channels of a colour: below it the hue of a grey would be an accident."""

MIN_IOU = 0.60


@dataclass(frozen=True)
class Judgement:
    """What one clip shows. Labels are ``None`` where the clip shows nothing of the kind."""

    colour: Colour | None
    shape: Shape | None
    direction: Direction | None
    iou: float
    """Mean over frames of the overlap with the ideal shape of the same centroid and area, 0..1."""
    hue_error: float
    """Degrees between the mean hue and that of the nearest palette colour."""
    straightness: float
    """Largest distance in pixels of a frame's centroid from the straight path through all."""
    evenness: float
    """Standard deviation of the steps between frames, over their mean."""
    flicker: float
    """Mean change of area between neighbouring frames, over the mean area."""

    def shows(self, scene: Scene) -> bool:
        """True if colour, shape and direction are all the scene's."""
        return (self.colour, self.shape, self.direction) == (scene.colour, scene.shape, scene.direction)


NOTHING = Judgement(None, None, None, iou=0.0, hue_error=180.0, straightness=SIZE / 2, evenness=1.0, flicker=1.0)
"""A clip without a shape. Its figures are bad ones, so that a failed clip never improves a mean."""


def to_unit(frames: npt.NDArray[np.uint8] | FloatArray) -> FloatArray:
    """Frames as float32 in 0..1, whether given as bytes or as unit floats."""
    scale = 255.0 if frames.dtype == np.uint8 else 1.0
    return (np.asarray(frames, dtype=np.float32) / scale).astype(np.float32)


def hue(rgb: npt.NDArray[np.floating]) -> float:
    """Hue of an RGB colour in degrees."""
    r, g, b = (float(channel) for channel in rgb)
    return float(np.degrees(np.arctan2(np.sqrt(3.0) * (g - b), 2 * r - g - b)) % 360.0)


_HUES: dict[Colour, float] = {name: hue(np.asarray(rgb)) for name, rgb in RGB.items()}


def _nearest_colour(rgb: npt.NDArray[np.floating]) -> tuple[Colour | None, float]:
    if rgb.max() - rgb.min() < MIN_CHROMA:
        return None, NOTHING.hue_error
    value = hue(rgb)
    errors = {name: abs((value - other + 180.0) % 360.0 - 180.0) for name, other in _HUES.items()}
    best = min(COLOURS, key=lambda name: errors[name])
    return best if errors[best] <= MAX_HUE_ERROR else None, errors[best]


def _alpha(frames: FloatArray) -> FloatArray:
    """How much of each pixel is foreground, judged by its distance from the background."""
    distance = np.linalg.norm(frames - BACKGROUND, axis=-1)
    strongest = float(np.percentile(distance, 97.0))
    return np.asarray(np.clip(distance / max(strongest, 0.25), 0.0, 1.0), dtype=np.float32)


def _centroid(mask: npt.NDArray[np.bool_]) -> tuple[float, float]:
    ys, xs = np.nonzero(mask)
    return float(xs.mean()), float(ys.mean())


def _best_shape(masks: list[npt.NDArray[np.bool_]]) -> tuple[Shape, float]:
    """The shape whose ideal drawing overlaps the masks most, and that overlap."""
    scores: dict[Shape, list[float]] = {shape: [] for shape in SHAPES}
    for mask in masks:
        radius = float(np.sqrt(mask.sum() / np.pi))
        centre = _centroid(mask)
        for shape in SHAPES:
            ideal = coverage(shape, radius, centre, mask.shape[0]) >= 0.5
            scores[shape].append(float((mask & ideal).sum() / (mask | ideal).sum()))
    means = {shape: float(np.mean(values)) for shape, values in scores.items()}
    best = max(SHAPES, key=lambda shape: means[shape])
    return best, means[best]


def _motion(path: npt.NDArray[np.float64]) -> tuple[Direction | None, float, float]:
    """Direction, straightness and evenness of a path of centroids [frames, 2]."""
    travel = path[-1] - path[0]
    length = float(np.hypot(*travel))
    if length < MIN_TRAVEL:
        return None, NOTHING.straightness, NOTHING.evenness
    unit = travel / length
    aligned = {name: float(np.dot(unit, VECTORS[name])) for name in DIRECTIONS}
    best = max(DIRECTIONS, key=lambda name: aligned[name])
    offsets = path - path.mean(axis=0)
    across = offsets @ np.array([-unit[1], unit[0]])
    steps = np.diff(path @ unit)
    direction = best if aligned[best] > np.cos(np.radians(25.0)) else None
    return direction, float(np.abs(across).max()), float(steps.std() / max(abs(steps.mean()), 1e-6))


def judge(frames: npt.NDArray[np.uint8] | FloatArray) -> Judgement:
    """Judge a clip [frames, H, W, 3] (bytes, or floats in 0..1)."""
    clip = to_unit(frames)
    if not np.isfinite(clip).all():
        return NOTHING
    masks = [frame >= 0.5 for frame in _alpha(clip)]
    areas = np.array([mask.sum() for mask in masks], dtype=np.float64)
    if areas.min() < MIN_PIXELS or areas.max() > 0.6 * masks[0].size:
        return NOTHING
    colour, hue_error = _nearest_colour(np.mean([clip[i][m].mean(axis=0) for i, m in enumerate(masks)], axis=0))
    shape, iou = _best_shape(masks)
    direction, straightness, evenness = _motion(np.array([_centroid(mask) for mask in masks]))
    return Judgement(
        colour,
        shape if iou >= MIN_IOU else None,
        direction,
        iou,
        hue_error,
        straightness,
        evenness,
        float(np.abs(np.diff(areas)).mean() / areas.mean()),
    )


def psnr(a: npt.NDArray[np.uint8] | FloatArray, b: npt.NDArray[np.uint8] | FloatArray) -> float:
    """Peak signal-to-noise ratio of two clips in dB (infinite where they are equal)."""
    error = float(np.mean((to_unit(a).astype(np.float64) - to_unit(b)) ** 2))
    return float("inf") if error == 0.0 else float(-10.0 * np.log10(error))
