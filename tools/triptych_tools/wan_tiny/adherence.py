"""Judge whether clips show what their prompts say, for the gate: JSON on stdin, a list of verdicts on stdout.

Each entry has ``file`` (raw UINT8 frames), ``shape`` [F, H, W, 3] and ``prompt``, which must be one
that wan-tiny was trained on.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from triptych_tools.command import InputError, run
from triptych_tools.wan_tiny.captions import Scene, all_captions
from triptych_tools.wan_tiny.judge import judge


def scene_of(prompt: str, scenes: dict[str, Scene]) -> Scene:
    """The scene that a prompt describes."""
    if prompt not in scenes:
        raise InputError(
            f"no scene of wan-tiny is called {prompt!r}",
            "use a caption that it was trained on, such as 'a red circle moves right'",
        )
    return scenes[prompt]


def judge_entries(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One verdict for each clip: right, and how well the shape is drawn."""
    scenes = {text: scene for scene, _, _, text in all_captions()}
    verdicts = []
    for entry in entries:
        frames = np.frombuffer(Path(entry["file"]).read_bytes(), dtype=np.uint8).reshape(entry["shape"])
        found = judge(frames)
        verdicts.append({"right": found.shows(scene_of(entry["prompt"], scenes)), "iou": found.iou})
    return verdicts


def main() -> None:
    """Judge every entry of stdin."""
    json.dump(judge_entries(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    run(main)
