"""The page about the light variants, written from their figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]

_HEAD = """# wan-tiny made light, in every way

<!-- Written by `make light-report` from light.json. Change tools/triptych_tools/wan_tiny/report_page.py, not this file. -->

Each variant of [`configs/wan-tiny-light.yaml`](../configs/wan-tiny-light.yaml) beside the one that it was made from.
"""

_TAIL = """
- **right**: share of clips with colour, shape and direction right at once, as the pixel judge sees it. **in colour**: share of clips whose
  every frame has the colour asked for, which the judge's mean over frames can pass over.
- **PSNR** and **SSIM** are to the parent's clip from the same noise, where both play the same schedule; a distilled student has no such twin.
- **ms a step** is the median of a step with both passes of guidance where there is guidance, in onnxruntime on one thread, all variants in turns;
  **× parent** is the median, and the quartiles, of how many times as long the parent's two steps take in the same round.
- On a CPU nothing gains from 2:4 sparsity, and FP16 is only a way to store weights.
- Trainings are short here, so that the whole takes about an hour on two cores: a figure is what that budget gives, not what the method can do.

![mean IoU against milliseconds](images/light-trade.png)

The same caption and the same noise by every variant:

![a row of frames for each variant](images/light-clips.png)
"""


def _speed(row: Row) -> str:
    quartiles = row.get("parent_over_this")
    return "–" if quartiles is None else f"{quartiles[1]:.2f} ({quartiles[0]:.2f}–{quartiles[2]:.2f})"


def _distance(row: Row, name: str, digits: int) -> str:
    found = row.get(name)
    return "–" if found is None else f"{found['mean']:.{digits}f} / {found['min']:.{digits}f}"


def _line(row: Row) -> str:
    steps = row["step_ms"]
    cells = [
        f"`{row['variant']}`",
        row["how"] if row["parent"] is None else f"`{row['parent']}`: {row['how']}",
        f"{row['adherence']:g}",
        f"{row['clips_in_colour_throughout']:g}",
        f"{row['iou']:.3f}",
        f"{row['hue_error']:.2f}",
        f"{row['flicker']:.3f}",
        _distance(row, "psnr", 1),
        _distance(row, "ssim", 3),
        f"{row['bytes'] / 1e6:.2f}",
        f"{steps['high_noise']:.2f} / {steps['low_noise']:.2f}",
        _speed(row),
        f"{row['denoising_ms']:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def page(figures: Mapping[str, Any]) -> str:
    """Markdown of all figures."""
    rows, machine = figures["variants"], figures["machine"]
    header = (
        "variant",
        "parent, and what was done",
        "right %",
        "in colour %",
        "IoU",
        "hue error °",
        "flicker",
        "PSNR dB: mean / least",
        "SSIM: mean / least",
        "both experts MB",
        "ms a step: high / low noise",
        "× parent",
        "ms a clip",
    )
    lines = [
        _HEAD,
        f"Measured with {figures['clips']} clips a variant (every scene in every language; seeds that nothing else uses) and "
        f"{rows[0]['rounds']} timed rounds, on {machine['cpu']}, {machine['cores']} cores, onnxruntime {machine['onnxruntime']}. "
        "`make light-report` makes and measures all of it; machine-readable: [light.json](light.json).",
        "",
        f"| {' | '.join(header)} |",
        f"|{'---|' * len(header)}",
        *(_line(row) for row in rows),
    ]
    return "\n".join(lines) + "\n" + _TAIL
