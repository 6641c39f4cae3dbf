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
            axes.annotate(row["variant"], (row["denoising_ms"], row["iou"]), (5, 5), textcoords="offset points")
        axes.set_xscale("log")
        axes.margins(0.12)
        axes.set_xlabel("milliseconds of the experts for a clip, one thread (logarithmic)")
        axes.set_ylabel("mean IoU with the ideal shape")
        axes.set_title("Area: size of both experts' files. Red: less than 99 % of clips right.", size=9)
        axes.grid(visible=True, which="major", linewidth=0.3)
        figure.savefig(path, metadata=_METADATA)
