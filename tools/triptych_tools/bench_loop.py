"""The other side of `make bench`: a clip in one process, with the files, threads and code that Triton serves.

Reads one JSON request a line (variant, prompt, seed) and answers each with the milliseconds it took.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from triptych_runtime.mp4 import VideoFormat, encode_mp4
from triptych_tools.onnx_pipeline import Guidance, OnnxDecoder, OnnxExperts, OnnxText, initial_noise


class Loop:
    """Both variants of a rendered repository, ready to play."""

    def __init__(self, models: Path) -> None:
        def network(name: str) -> Path:
            return models / name / "1" / "model.onnx"

        contract = json.loads((models.parent / "bench.json").read_text(encoding="utf-8"))
        self.latent_shape = tuple(contract["latent"])
        self.form = VideoFormat(**contract["video"])
        self.text = OnnxText(
            models / "tokenizer" / "1" / "tokenizer.json", network("text_encoder"), int(contract["tokens"])
        )
        self.decoder = OnnxDecoder(network("vae_decoder"))
        self.experts = {
            name: OnnxExperts(
                network(f"{name}_high_noise"),
                network(f"{name}_low_noise"),
                models / f"{name}_denoiser" / "1" / "schedule.json",
                None if scales is None else Guidance(*scales),
            )
            for name, scales in contract["guidance"].items()
        }

    def clip(self, variant: str, prompt: str, seed: int) -> bytes:
        """Prompt to MP4."""
        context = self.text.context(prompt)
        latent = self.experts[variant].denoise(context, initial_noise(seed, self.latent_shape))
        return encode_mp4(self.decoder.frames(latent), self.form)


def main() -> None:
    """Answer requests until the input ends."""
    loop = Loop(Path(sys.argv[1]))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        started = time.perf_counter()
        video = loop.clip(request["variant"], request["prompt"], request["seed"])
        print(json.dumps({"ms": (time.perf_counter() - started) * 1e3, "bytes": len(video)}), flush=True)


main()
