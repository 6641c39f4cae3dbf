"""The clip maker: anti-aliased coloured shapes that move in a straight line at even speed.

Coordinates are pixels, x to the right and y down, with pixel centres at integers.
All three shapes of one size have the same area, so that size never gives a shape away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from triptych_tools.wan_tiny.captions import Colour, Direction, Scene, Shape

FloatArray = npt.NDArray[np.float32]

SIZE = 64
FRAMES = 17
BACKGROUND = 0.10
EDGE = 1.5
"""Width in pixels of the soft edge of a shape."""

RGB: dict[Colour, tuple[float, float, float]] = {
    "red": (0.90, 0.15, 0.15),
    "green": (0.15, 0.80, 0.25),
    "blue": (0.20, 0.35, 0.95),
    "yellow": (0.95, 0.85, 0.15),
}

VECTORS: dict[Direction, tuple[float, float]] = {
    "left": (-1.0, 0.0),
    "right": (1.0, 0.0),
    "up": (0.0, -1.0),
    "down": (0.0, 1.0),
}


@dataclass(frozen=True)
class Motion:
    """Where a shape goes: radius of the circle of equal area, and centre (x, y) at both ends."""

    radius: float
    start: tuple[float, float]
    end: tuple[float, float]


def draw_motion(scene: Scene, generator: np.random.Generator) -> Motion:
    """Draw a random size, speed and lane that keep the shape inside the picture."""
    radius = float(generator.uniform(10.5, 13.0))
    travel = float(generator.uniform(20.0, 26.0))
    lane = float(generator.uniform(-6.0, 6.0))
    middle = (SIZE - 1) / 2
    dx, dy = VECTORS[scene.direction]
    # The centroid of a triangle lies a third of its height above its base: the middle of the shape goes by the middle.
    drop = _inradius(radius) / 2 if scene.shape == "triangle" else 0.0
    centre = (middle + lane * abs(dy), middle + lane * abs(dx) + drop)
    half = travel / 2
    return Motion(
        radius,
        (centre[0] - dx * half, centre[1] - dy * half),
        (centre[0] + dx * half, centre[1] + dy * half),
    )


def _inradius(radius: float) -> float:
    """Radius of the circle inside the equilateral triangle that has the area of a circle of ``radius``."""
    return radius * float(np.sqrt(np.pi / (3 * np.sqrt(3.0))))


def signed_distance(shape: Shape, radius: float, dx: FloatArray, dy: FloatArray) -> FloatArray:
    """Distance in pixels to the outline of a shape centred on its centroid (negative inside)."""
    if shape == "circle":
        return np.asarray(np.hypot(dx, dy) - radius, dtype=np.float32)
    if shape == "square":
        half = radius * np.sqrt(np.pi) / 2
        return np.asarray(np.maximum(np.abs(dx), np.abs(dy)) - half, dtype=np.float32)
    inradius = _inradius(radius)
    # Three half-planes at 120 degrees; y points down, so the triangle stands on its base.
    base = dy - inradius
    slope = np.abs(dx) * (np.sqrt(3.0) / 2) - dy / 2 - inradius
    return np.asarray(np.maximum(base, slope), dtype=np.float32)


def coverage(shape: Shape, radius: float, centre: tuple[float, float], size: int = SIZE) -> FloatArray:
    """How much of each pixel a shape covers, [size, size] in 0..1."""
    axis = np.arange(size, dtype=np.float32)
    dx = (axis - centre[0])[None, :]
    dy = (axis - centre[1])[:, None]
    return np.clip(0.5 - signed_distance(shape, radius, dx, dy) / EDGE, 0.0, 1.0)


def render(scene: Scene, motion: Motion, frames: int = FRAMES) -> FloatArray:
    """Render a clip as [frames, SIZE, SIZE, 3] in 0..1."""
    colour = np.asarray(RGB[scene.colour], dtype=np.float32)
    clip = np.empty((frames, SIZE, SIZE, 3), dtype=np.float32)
    for index in range(frames):
        share = index / (frames - 1)
        centre = (
            motion.start[0] + share * (motion.end[0] - motion.start[0]),
            motion.start[1] + share * (motion.end[1] - motion.start[1]),
        )
        alpha = coverage(scene.shape, motion.radius, centre)[..., None]
        clip[index] = BACKGROUND + alpha * (colour - BACKGROUND)
    return clip


def make_clip(scene: Scene, generator: np.random.Generator) -> FloatArray:
    """A random clip of a scene, [FRAMES, SIZE, SIZE, 3] in 0..1."""
    return render(scene, draw_motion(scene, generator))
