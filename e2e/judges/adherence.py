"""Judge clips from their pixels: reads a JSON list on stdin, writes one of verdicts on stdout.

Each entry has ``file`` (raw UINT8 frames), ``shape`` [F, H, W, 3] and the scene it should show.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from triptych_tools.wan_tiny.captions import Scene
from triptych_tools.wan_tiny.judge import judge


def main() -> None:
    """Judge every entry."""
    verdicts = []
    for entry in json.load(sys.stdin):
        frames = np.frombuffer(Path(entry["file"]).read_bytes(), dtype=np.uint8).reshape(entry["shape"])
        found = judge(frames)
        scene = Scene(entry["colour"], entry["shape_name"], entry["direction"])
        verdicts.append({"right": found.shows(scene), **asdict(found)})
    json.dump(verdicts, sys.stdout)


main()
