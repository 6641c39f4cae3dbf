"""Changing the precision of an exported graph.

``python -m triptych_tools.cast IN.onnx OUT.onnx --precision fp16|bf16 --method autocast|storage [--calibration NPZ]``

``autocast`` computes in 16 bits, for GPUs: ModelOpt keeps in FP32 what leaves its range on the calibration data, and
the arithmetic of the solver stays FP32 in any case. ``storage`` computes in FP32, for CPUs: only the file is lighter.
Inputs and outputs keep their datatypes.
"""

from __future__ import annotations

import argparse
import fnmatch
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from triptych_tools.calibration import check_calibration, load_calibration
from triptych_tools.command import InputError, progress, run
from triptych_tools.export import IR_VERSION
from triptych_tools.fp32_parts import fp32_nodes
from triptych_tools.graphs import has_external_data, load_graph, partial_folder, save_graph

POSITIONS = ("extra_channels", "transformer.rope.freqs_cos", "transformer.rope.freqs_sin")
"""Tables of positions in an expert's graph: no weights of the checkpoint, so they are not rounded with them."""

FIRST_OPSET = {"fp16": 19, "bf16": 22}
"""The first opset that has every operation of a quantised expert in a datatype."""


def store_fp16(source: Path, target: Path, keep: Collection[str] = (), smallest: int = 64) -> None:
    """Store the weights of an FP32 graph as FP16 and cast them where they are used.

    A CPU has no fast FP16 arithmetic: onnxruntime folds the casts when it loads the graph and
    computes in FP32, so only the rounding of the weights changes the result. Tensors named in
    ``keep`` stay as they are: tables that a graph holds beside its weights.
    """
    model = onnx.load(source)
    casts = []
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or array.size < smallest or tensor.name in keep:
            continue
        if np.abs(array).max() > np.finfo(np.float16).max:
            raise ValueError(f"{tensor.name}: a weight is too large for FP16")
        name = tensor.name
        half = numpy_helper.from_array(array.astype(np.float16), f"{name}_fp16")
        tensor.CopyFrom(half)
        casts.append(helper.make_node("Cast", [half.name], [name], name=f"{name}_cast", to=TensorProto.FLOAT))
    nodes: list[Any] = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, target)


def autocast(source: Path, target: Path, precision: str, calibration: Path, keep: Collection[str] = ()) -> None:
    """Compute an FP32 graph in ``fp16`` or ``bf16``, but for ``keep`` and what overflows on the calibration data.

    ``keep`` are patterns of node names.
    """
    # Imported here because it takes seconds, and storing alone can do without.
    from modelopt.onnx.autocast import convert_to_mixed_precision  # noqa: PLC0415
    from modelopt.onnx.logging_config import configure_logging  # noqa: PLC0415

    model = load_graph(source)
    check_calibration(load_calibration(calibration), model)
    excluded = fp32_nodes(model) | _matched(model, keep)
    external = has_external_data(source)
    progress(1, 3, f"read {source.name}")
    with partial_folder(target) as folder:
        save_graph(model, folder / "whole.onnx", external)
        configure_logging("CRITICAL")
        lowered = convert_to_mixed_precision(
            str(folder / "whole.onnx"),
            low_precision_type=precision,
            nodes_to_exclude=[f"{re.escape(name)}$" for name in sorted(excluded)],
            keep_io_types=True,
            calibration_data=str(calibration),
        )
    progress(2, 3, f"cast to {precision}")
    lowered.ir_version = min(lowered.ir_version, IR_VERSION)
    save_graph(lowered, target, external)
    progress(3, 3, target.name)


def _matched(model: onnx.ModelProto, patterns: Collection[str]) -> set[str]:
    names = [node.name for node in model.graph.node]
    matches = {pattern: fnmatch.filter(names, pattern) for pattern in patterns}
    for pattern, found in matches.items():
        if not found:
            raise InputError(f"--keep {pattern} matches no node", f"nodes are named as {names[0]}")
    return {name for found in matches.values() for name in found}


def lower_precision(model: onnx.ModelProto, precision: str) -> onnx.ModelProto:
    """Compute a quantised graph's FP32 parts in ``fp16`` or ``bf16``, but for those of the solver."""
    from modelopt.onnx.autocast import utils  # noqa: PLC0415
    from modelopt.onnx.autocast.graphsanitizer import GraphSanitizer  # noqa: PLC0415
    from modelopt.onnx.autocast.precisionconverter import PrecisionConverter  # noqa: PLC0415
    from modelopt.onnx.utils import infer_types  # noqa: PLC0415

    ends = {"input": list(model.graph.input), "output": list(model.graph.output)}
    sanitizer = GraphSanitizer(model, min_opset=FIRST_OPSET[precision], max_ir_version=IR_VERSION)
    sanitizer.convert_opset()
    model = infer_types(sanitizer.model, strict_mode=True)
    converter = PrecisionConverter(
        model,
        *utils.setup_mappings(model),
        keep_io_types=True,
        low_precision_type=precision,
        custom_ops=set(),
        original_network_io_metadata=ends,
    )
    high = fp32_nodes(model)
    low = [node.name for node in model.graph.node if node.name not in high]
    lowered: onnx.ModelProto = converter.convert(sorted(high), low)
    return lowered


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--precision", choices=("fp16", "bf16"), required=True)
    parser.add_argument("--method", choices=("autocast", "storage"), required=True)
    parser.add_argument("--calibration", type=Path, help="what triptych_tools.record wrote; needed by autocast")
    parser.add_argument("--keep", nargs="+", default=[], metavar="PATTERN", help="nodes or, for storage, weights")
    options = parser.parse_args()
    if options.method == "autocast":
        if options.calibration is None:
            hint = "give --calibration: without it ranges would be judged on random inputs"
            raise InputError("autocast needs calibration data", hint)
        autocast(options.source, options.target, options.precision, options.calibration, options.keep)
    else:
        _store(options.source, options.target, options.precision, options.keep)


def _store(source: Path, target: Path, precision: str, keep: Collection[str]) -> None:
    if precision != "fp16":
        raise InputError(f"weights are stored as FP16, not as {precision}", "give --precision fp16")
    if has_external_data(source):
        hint = "it is for graphs that a CPU serves; use --method autocast for large ones"
        raise InputError(f"{source} has its weights beside it, which storage does not write", hint)
    names = [tensor.name for tensor in load_graph(source).graph.initializer]
    matches = {pattern: fnmatch.filter(names, pattern) for pattern in keep}
    for pattern, found in matches.items():
        if not found:
            raise InputError(f"--keep {pattern} matches no weight", f"weights are named as {names[0]}")
    with partial_folder(target) as folder:
        store_fp16(source, folder / target.name, {*POSITIONS, *(name for found in matches.values() for name in found)})
        (folder / target.name).replace(target)
    progress(1, 1, target.name)


if __name__ == "__main__":
    run(main)
