"""Pictures of the light variants: what they show, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from triptych_tools.wan_tiny.evaluate import SHOWN, Frames

# The same bytes on every run: neither a date nor a version is in the file.
_METADATA: dict[str, Any] = {"Software": None}


def clips_picture(clips: Sequence[tuple[str, Frames]], path: Path) -> None:
    """The same caption and noise by every variant, one a row."""
    height, width = 0.72 * len(clips), 1.7 + 0.72 * len(SHOWN)
    figure = Figure(figsize=(width, height), dpi=100)
    for row, (name, frames) in enumerate(clips):
        axes = figure.add_axes((1.65 / width, 1 - (row + 1) / len(clips), 0.72 * len(SHOWN) / width, 0.97 / len(clips)))
        axes.imshow(np.concatenate([frames[index] for index in SHOWN], axis=1), interpolation="nearest")
        axes.set_axis_off()
        figure.text(0.02, 1 - (row + 0.5) / len(clips), name, va="center", family="monospace", size=9)
    figure.savefig(path, metadata=_METADATA)


# Of a name in a picture, in pixels: a character of it, a line of it.
_CHARACTER, _LINE = 7.5, 15.0


def places(points: Sequence[tuple[float, float]], names: Sequence[str], edge: float = 0.0) -> list[tuple[float, float]]:
    """Where names start (left, middle of the line): over no point, no other name, no edge; in pixels."""
    boxes = [(x - 6, y - 6, x + 6, y + 6) for x, y in points]
    found = []
    for (x, y), name in zip(points, names, strict=True):
        width = _CHARACTER * len(name)
        # Near ones first: to the right or left, further and further up or down.
        steps = sorted(range(-12, 13), key=abs)
        tries = [(left, y + _LINE * step) for step in steps for left in (x + 14, x - 14 - width)]
        free = (place for place in tries if not any(_meet(_box(place, width), other) for other in boxes))
        left, middle = next((place for place in free if place[0] > edge), tries[0])
        boxes.append(_box((left, middle), width))
        found.append((left, middle))
    return found


def _box(place: tuple[float, float], width: float) -> tuple[float, float, float, float]:
    left, middle = place
    return (left, middle - _LINE / 2, left + width, middle + _LINE / 2)


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def trade_picture(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Milliseconds of denoising a clip against overlap with the ideal shape; a disc's area is the size of the files."""
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(9, 5.5), dpi=100, layout="constrained")
        axes = figure.add_subplot()
        for row in rows:
            right = row["adherence"] >= 99.0
            axes.scatter(
                row["denoising_ms"],
                row["iou"],
                s=row["bytes"] / 4e4,
                color="#2a7fba" if right else "#c2452d",
                alpha=0.55,
                linewidths=0,
            )
        axes.set_xscale("log")
        axes.margins(0.16)
        axes.set_xlabel("milliseconds of the experts for a clip, one thread (logarithmic)")
        axes.set_ylabel("mean IoU with the ideal shape")
        axes.set_title("Area: size of both experts' files. Red: less than 99 % of clips right.", size=9)
        axes.grid(visible=True, which="major", linewidth=0.3)
        figure.draw_without_rendering()
        spots = [(float(row["denoising_ms"]), float(row["iou"])) for row in rows]
        pixels = [(float(x), float(y)) for x, y in axes.transData.transform(spots)]
        names = [str(row["variant"]) for row in rows]
        starts = axes.transData.inverted().transform(places(pixels, names, axes.bbox.x0))
        for name, spot, (x, y) in zip(names, spots, starts, strict=True):
            axes.annotate(
                name,
                spot,
                (float(x), float(y)),
                va="center",
                arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": "#555555", "shrinkA": 0, "shrinkB": 0},
            )
        figure.savefig(path, metadata=_METADATA)
