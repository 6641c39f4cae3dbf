"""Prove the export of A14B's parts at their own widths: parity, seconds, memory and bytes, each in its own process.

``python -m triptych_tools.prove_export --out DIR [--blocks 2]``

The weights are random and the depth is cut (``--blocks`` of an expert, two layers of the text
encoder), since the whole has 126 GB. For every case three programs run after each other: one makes
the part and what torch computes with it, one is the export command itself, and one plays the graph
in onnxruntime. DIR gets ``report.json`` and ``report.md``; the graphs are deleted once they are measured.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from triptych_runtime.session import open_session
from triptych_tools.command import InputError, progress, run
from triptych_tools.export import peak_memory, step_paths
from triptych_tools.onnx_pipeline import OnnxDecoder, VaeSteps
from triptych_tools.prove_models import (
    EXPERT_LATENT,
    STATE,
    TOKENS,
    VAE_LATENT,
    make_expert,
    make_text_encoder,
    make_vae,
)

NEEDED_BYTES = 14_000_000_000
"""Room on disk for the largest part and its graph."""
LAYERS = 2
TOKENIZER = Path("models/wan-tiny/tokenizer/tokenizer.json")
HEADINGS = {
    "case": "case",
    "nodes": "nodes",
    "bytes": "GB on disk",
    "export_seconds": "export s",
    "export_memory": "export GB RAM",
    "play_seconds": "run s",
    "play_memory": "run GB RAM",
    "difference": "difference from torch",
}


@dataclass(frozen=True)
class Case:
    """One graph: of which part, and the flags of its export."""

    name: str
    model: str
    part: str
    flags: tuple[str, ...]
    playable: bool = True
    """Whether onnxruntime has kernels for it on a CPU."""


def cases(blocks: int) -> list[Case]:
    """Everything that is proven, cases of one model next to each other."""
    latent = ("--latent", ",".join(map(str, EXPERT_LATENT)), "--tokens", str(TOKENS), "--state", str(STATE))
    clip = ("--latent", ",".join(map(str, VAE_LATENT)))
    found = [
        Case(f"VAE decoder, {graph}", "vae", "vae-decoder", (*clip, "--graph", graph))
        for graph in ("step", "unrolled", "whole")
    ]
    for depth in range(1, blocks + 1):
        named = f"expert, blocks: {depth}"
        found.append(Case(f"{named}, fused", f"expert-{depth}", "expert", (*latent, "--guidance", "fused")))
    named, model = f"expert, blocks: {blocks}", f"expert-{blocks}"
    found.append(Case(f"{named}, sequential", model, "expert", (*latent, "--guidance", "sequential")))
    half = (*latent, "--guidance", "fused", "--weights", "bf16")
    found.append(Case(f"{named}, fused, BF16", model, "expert", half, playable=False))
    text = ("--tokens", str(TOKENS))
    found.append(Case(f"text encoder, layers: {LAYERS}", "text", "text-encoder", text))
    return found


def make(model: str, folder: Path) -> None:
    """Make a model and what torch computes with it."""
    torch.manual_seed(0)
    with torch.no_grad():
        if model == "vae":
            make_vae(folder)
        elif model == "text":
            make_text_encoder(folder, LAYERS, TOKENIZER)
        else:
            make_expert(folder, int(model.removeprefix("expert-")))


def play(folder: Path, graph: Path) -> dict[str, Any]:
    """Run a graph, or a pair of them, and compare: relative to the largest value, or in levels of a byte."""
    inputs, outputs = (dict(np.load(folder / f"{name}.npz")) for name in ("inputs", "outputs"))
    ((name, expected),) = outputs.items()
    first, following = step_paths(graph)
    started = time.monotonic()
    if first.exists():
        actual = VaeSteps(first, following).frames(inputs["LATENT"])
    elif name == "FRAMES":
        actual = OnnxDecoder(graph).frames(inputs["LATENT"])
    else:
        actual = open_session(graph).run([name], inputs)[0]
    seconds = time.monotonic() - started
    apart = np.abs(actual.astype(np.float64) - expected)
    scale = 1.0 if name == "FRAMES" else float(np.abs(expected).max())
    spread = float(expected.std())
    return {"play_seconds": seconds, "play_memory": peak_memory(), "difference": apart.max() / scale, "spread": spread}


def prove(case: Case, out: Path) -> dict[str, Any]:
    """Measure one case; its model is made if the case before has not left it."""
    folder, graphs = out / case.model, out / "graphs"
    if not (folder / "outputs.npz").is_file():
        _clear(out)
        _program("prove_export", "--make", case.model, "--out", str(out))
    graph = graphs / "graph.onnx"
    started = time.monotonic()
    said = _program("export", case.part, str(folder), str(graph), *case.flags)
    row: dict[str, Any] = {"case": case.name, "export_seconds": time.monotonic() - started}
    row["export_memory"] = float(said.split("peak memory ")[1].split()[0])
    files = [file for file in graphs.iterdir() if file.suffix == ".onnx"]
    row["nodes"] = sum(len(onnx.load(file, load_external_data=False).graph.node) for file in files)
    row["files"] = {file.name: file.stat().st_size for file in sorted(graphs.iterdir())}
    row["bytes"] = sum(row["files"].values())
    if case.playable:
        row |= json.loads(_program("prove_export", "--play", case.model, "--out", str(out)))
    shutil.rmtree(graphs)
    return row


def _program(name: str, *arguments: str) -> str:
    command = [sys.executable, "-m", f"triptych_tools.{name}", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _clear(out: Path) -> None:
    """Delete the models and graphs of earlier cases: two models may not fit on the disk."""
    for name in ("graphs", "vae", "text", *(path.name for path in out.glob("expert-*"))):
        shutil.rmtree(out / name, ignore_errors=True)


def table(rows: list[dict[str, Any]]) -> str:
    """Results as a Markdown table."""
    lines = ["| " + " | ".join(HEADINGS.values()) + " |", "|" + " --- |" * len(HEADINGS)]
    return "\n".join(lines + ["| " + " | ".join(_cell(key, row) for key in HEADINGS) + " |" for row in rows]) + "\n"


def _cell(key: str, row: dict[str, Any]) -> str:
    if key not in row:
        return "not run"
    if key == "difference":
        return f"{row[key]:.0f} of 255" if row["case"].startswith("VAE") else f"{row[key]:.1e}"
    if key == "bytes":
        return f"{row[key] / 1e9:.2f}"
    return f"{row[key]:.1f}" if isinstance(row[key], float) else str(row[key])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--blocks", type=int, default=2, help="blocks of the deepest expert")
    parser.add_argument("--only", default="", metavar="WORD", help="only cases whose name has this word in it")
    # The parts of a case, which the tool runs as programs of their own.
    parser.add_argument("--make", help=argparse.SUPPRESS)
    parser.add_argument("--play", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Command line."""
    options = _options()
    out: Path = options.out
    if options.make:
        make(options.make, out / options.make)
        return
    if options.play:
        print(json.dumps(play(out / options.play, out / "graphs" / "graph.onnx")))
        return
    out.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(out).free < NEEDED_BYTES:
        raise InputError(f"{out} lacks room", f"make {NEEDED_BYTES / 1e9:.0f} GB free, or give another folder")
    wanted = [case for case in cases(options.blocks) if options.only in case.name]
    shutil.rmtree(out / "graphs", ignore_errors=True)
    rows = []
    for done, case in enumerate(wanted, start=1):
        rows.append(prove(case, out))
        progress(done, len(wanted), case.name)
    _clear(out)
    (out / "report.json").write_text(json.dumps(rows, indent=2) + "\n")
    (out / "report.md").write_text(table(rows))


if __name__ == "__main__":
    run(main)
