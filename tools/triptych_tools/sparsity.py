"""2:4 sparsity: at most two of every four neighbouring inputs of a weight are not zero.

``python -m triptych_tools.sparsity EXPERT OUT [--method sparsegpt] [--expert E --samples FILE --recover STEPS]``
makes an expert's blocks so, by NVIDIA ModelOpt; ``python -m triptych_tools.sparsity --check FILE.onnx``
tells which weights of a graph are so, and ends with 1 if none is.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import WanTransformer3DModel

from triptych_tools.checkpoint import load_expert
from triptych_tools.command import InputError, progress, run
from triptych_tools.expert_folder import add_output_options, check_free, save_expert
from triptych_tools.recover import (
    Points,
    add_recovery_options,
    answer,
    distance,
    open_work,
    read_points,
    recover,
    recovery_plan,
)
from triptych_tools.sparsity_check import check_graph

ONLY_BLOCKS: dict[str, dict[str, Any] | None] = {"*": None, "blocks.*": {}}
"""Nearly all weights are in the blocks; the few around them see each input or output once and stay dense."""


def sparsify(expert: WanTransformer3DModel, method: str, points: Points | None) -> WanTransformer3DModel:
    """Put masks on the linear weights of the blocks, in place; they hold through training."""
    # Imported here because it takes seconds, and --check can do without.
    import modelopt.torch.sparsity as mts  # noqa: PLC0415

    mode = {"magnitude": "sparse_magnitude", "sparsegpt": "sparsegpt"}[method]
    settings: dict[str, Any] = {"verbose": False}
    if method == "sparsegpt":
        if points is None:
            raise InputError("--method sparsegpt needs --samples", "it weighs inputs by what they carry")
        batches = points.probe()
        settings["forward_loop"] = lambda model: [answer(model, batch) for batch in batches]
    masked: WanTransformer3DModel = mts.sparsify(expert, [(mode, {"nn.Linear": ONLY_BLOCKS})], settings)
    return masked


def unmasked(expert: WanTransformer3DModel) -> WanTransformer3DModel:
    """The same expert as a plain one, with the zeros in its weights."""
    import modelopt.torch.sparsity as mts  # noqa: PLC0415

    plain: WanTransformer3DModel = mts.export(expert)
    return plain


def make_sparse(
    options: argparse.Namespace, points: Points | None, work: Path
) -> tuple[WanTransformer3DModel, dict[str, Any]]:
    """A sparse expert and the report of what became of it."""
    expert = sparsify(load_expert(options.folder).to(options.device), options.method, points)
    progress(1, 2, "masks found")
    report: dict[str, Any] = {"method": options.method}
    if points is not None:
        parent = load_expert(options.folder).to(options.device)
        report["distance_after_masking"] = distance(expert, parent, points)
        if options.recover:
            recover(expert, parent, points, recovery_plan("recover", options, options.recover), work)
            report["distance_after_recovery"] = distance(expert, parent, points)
    expert = unmasked(expert)
    linears = [module.weight for module in expert.modules() if isinstance(module, torch.nn.Linear)]
    report["weights_of_linears"] = sum(weight.numel() for weight in linears)
    report["zeros_of_linears"] = sum(int((weight == 0).sum()) for weight in linears)
    progress(2, 2, "expert made sparse")
    return expert, report


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="folder of an expert in diffusers layout")
    parser.add_argument("target", type=Path, nargs="?")
    parser.add_argument("--check", type=Path, metavar="FILE.onnx", help="only tell how sparse a graph is")
    parser.add_argument("--method", choices=["magnitude", "sparsegpt"], default="magnitude")
    add_recovery_options(parser)
    add_output_options(parser)
    options = parser.parse_args()
    if options.check is not None:
        raise SystemExit(check_graph(options.check))
    if options.target is None:
        raise InputError("an expert's folder and one for the result are missing", "or give --check FILE.onnx")
    check_free(options.target)
    points = read_points(options)
    work: Path = options.target.with_name(f"{options.target.name}.work")
    open_work(work, vars(options))
    expert, report = make_sparse(options, points, work)
    save_expert(expert, options.target, options.weights, {"sparsity.json": {"expert": options.expert, **report}})
    shutil.rmtree(work)


if __name__ == "__main__":
    run(main)
