"""The gate's judge of wan-tiny finds the scene of a prompt in any language, and refuses other prompts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from triptych_tools.command import InputError
from triptych_tools.wan_tiny.adherence import judge_entries
from triptych_tools.wan_tiny.captions import Scene
from triptych_tools.wan_tiny.clips import make_clip


def entry(folder: Path, prompt: str) -> dict[str, object]:
    """A true clip of a red circle that moves right, said to show what a prompt says."""
    clip = make_clip(Scene("red", "circle", "right"), np.random.default_rng([1, 0]))
    frames = np.round(np.clip(clip, 0.0, 1.0) * 255).astype(np.uint8)
    file = folder / "0.raw"
    file.write_bytes(frames.tobytes())
    return {"file": str(file), "shape": list(frames.shape), "prompt": prompt}


@pytest.mark.parametrize("prompt", ["a red circle moves right", "红色圆形向右移动", "赤い円が右に動く"])
def test_right_in_any_language(tmp_path: Path, prompt: str) -> None:
    assert [verdict["right"] for verdict in judge_entries([entry(tmp_path, prompt)])] == [True]


def test_wrong_for_another_scene(tmp_path: Path) -> None:
    assert [verdict["right"] for verdict in judge_entries([entry(tmp_path, "a red circle moves left")])] == [False]


def test_refuses_what_is_no_scene(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no scene"):
        judge_entries([entry(tmp_path, "a cat")])
