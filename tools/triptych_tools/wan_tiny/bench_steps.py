"""Milliseconds of a step by light graphs and by FP32, in turns in one process; for ``make bench``.

``python -m triptych_tools.wan_tiny.bench_steps MODELS WORK ROUNDS`` prints one JSON line. Pruned experts are not
trained here: how fast a graph is does not depend on what its weights are.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from triptych_runtime.session import open_session
from triptych_tools.cast import store_fp16
from triptych_tools.wan_tiny.experts import LATENT_SHAPE
from triptych_tools.wan_tiny.full_precision import export_variant_expert
from triptych_tools.wan_tiny.served import SERVED, STATE_SIZES
from triptych_tools.wan_tiny.text import DIM, TOKENS

WARM_UP = 20


def tool(*words: str) -> None:
    """Run one of the tools; what it says goes to standard error."""
    subprocess.run([sys.executable, "-m", *words], check=True, stdout=sys.stderr)


def pruned(models: Path, work: Path) -> Path:
    """An expert without one of its blocks and 30 % of its feed-forward channels."""
    prompts, samples, target = work / "prompts.txt", work / "samples.safetensors", work / "pruned"
    prompts.write_text("a red circle moves right\na blue square moves up\n")
    shape = ["--latent", ",".join(map(str, LATENT_SHAPE)), "--tokens", str(TOKENS), "--shift", "5"]
    tool("triptych_tools.teacher", str(models), str(samples), "--prompts", str(prompts), *shape, "--steps", "4")
    cut = ["--expert", "high_noise", "--samples", str(samples), "--ffn", "0.3", "--blocks", "1", "--rounds", "1"]
    tool("triptych_tools.prune", str(models / "transformer"), str(target), *cut)
    return target


def step_feeds(states: int, guided: bool) -> dict[str, Any]:
    """Inputs of one step: STATE of so many latents, and GUIDANCE for a graph that has it."""
    source = np.random.default_rng(0)
    shapes = {"STATE": (states, *LATENT_SHAPE), "CONTEXT": (2, TOKENS, DIM), "COEFFICIENTS": (states, states + 1)}
    made: dict[str, Any] = {name: source.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    made["TIMESTEP"] = np.array([900.0], np.float32)
    return {**made, "GUIDANCE": np.array([2.0], np.float32)} if guided else made


def in_turns(light: Path, full: Path, variant: str, rounds: int) -> list[list[float]]:
    """Milliseconds of the light and of the full graph, a pair a round; which goes first changes each round."""
    sessions = [open_session(path) for path in (light, full)]
    given = step_feeds(STATE_SIZES[variant], guided=variant == "final")
    pairs = []
    for index in range(-WARM_UP, rounds):
        pair = [0.0, 0.0]
        for side in (0, 1) if index % 2 else (1, 0):
            started = time.perf_counter()
            sessions[side].run(None, given)
            pair[side] = round(1000 * (time.perf_counter() - started), 4)
        if index >= 0:
            pairs.append(pair)
    return pairs


def main() -> None:
    """Command line."""
    models, work, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    draft, final = models / "distilled-4step" / "transformer", models / "transformer"
    for name, folder, variant in (("draft", draft, "draft"), ("final", final, "final")):
        export_variant_expert(folder, variant, work / f"{name}.onnx")
    export_variant_expert(pruned(models, work), "final", work / "pruned.onnx")
    store_fp16(work / "pruned.onnx", work / "light.onnx")
    served = {name: models / "onnx" / f"{SERVED[name]}.onnx" for name in ("draft_high_noise", "final_high_noise")}
    cases = (
        ("int8 draft", served["draft_high_noise"], work / "draft.onnx", "draft"),
        ("fp16 final, stored", served["final_high_noise"], work / "final.onnx", "final"),
        ("pruned final", work / "light.onnx", work / "final.onnx", "final"),
    )
    rows = [
        {
            "name": name,
            "light": light.stat().st_size,
            "fp32": full.stat().st_size,
            "ms": in_turns(light, full, variant, rounds),
        }
        for name, light, full, variant in cases
    ]
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
