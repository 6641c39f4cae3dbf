"""Quantise the matrix products of an FP32 graph by explicit Q/DQ with NVIDIA ModelOpt, calibrated on served inputs.

``python -m triptych_tools.quantise IN.onnx OUT.onnx --precision int8|fp8 --calibration NPZ``

Weights are quantised per output channel, activations per tensor. Products of two activations, those of attention,
stay as they are. ``OUT.onnx.json`` tells what was quantised, what was kept and why.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from triptych_tools.calibration import Calibration, check_calibration, load_calibration
from triptych_tools.cast import lower_precision
from triptych_tools.command import InputError, progress, run
from triptych_tools.export import IR_VERSION
from triptych_tools.graphs import (
    bytes_on_disk,
    has_external_data,
    input_shapes,
    load_graph,
    partial_folder,
    save_graph,
)
from triptych_tools.products import (
    PRODUCTS,
    Product,
    kept,
    products_of_activations,
    weighted_products,
    whole_blocks,
)
from triptych_tools.providers import DEVICES, default_device
from triptych_tools.separate import join, separate, share_weights
from triptych_tools.smooth import can_smooth, channel_maxima, smooth

TOO_SMALL = "too small to gain"


@dataclass(frozen=True)
class Recipe:
    """How to quantise."""

    precision: str
    """``int8`` or ``fp8`` (E4M3)."""
    smooth: float | None = None
    """Strength of SmoothQuant, from 0 (none of an outlier moves) to 1 (all of it)."""
    keep: tuple[str, ...] = ()
    """Patterns of layers that are not quantised."""
    keep_blocks: frozenset[int] | None = None
    """Blocks that are not quantised; None for the outer ones of a deep expert."""
    high_precision: str = "fp32"
    """What is not quantised is computed in this."""
    unsigned_activations: bool = False
    """Makes the graph fast on a CPU and unfit for TensorRT."""
    method: str = "max"
    """How the range of an activation is found: ``max`` or ``entropy``."""
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.unsigned_activations and self.precision != "int8":
            raise InputError("only INT8 has unsigned activations", "leave --activations signed for FP8")
        if self.unsigned_activations and self.high_precision != "fp32":
            hint = "unsigned activations are for a CPU, which computes in FP32: leave --high-precision out"
            raise InputError("unsigned activations beside 16-bit arithmetic", hint)
        if self.smooth is not None and not 0 <= self.smooth <= 1:
            raise InputError(f"--smooth {self.smooth} is not from 0 to 1", "0.5 to 0.8 is usual")


def quantise(source: Path, target: Path, calibration: Calibration, recipe: Recipe) -> dict[str, Any]:
    """Quantise a graph as ``target``; returns what was done."""
    start = time.monotonic()
    external = has_external_data(source)
    with partial_folder(target) as folder:
        work = folder / "whole.onnx"
        products, reasons, folded = _prepare(source, work, external, calibration, recipe)
        chosen = [product for product in products if product.node not in reasons]
        progress(2, 4, f"{len(chosen)} of {len(products)} products to quantise")
        model = _with_modelopt(work, calibration, recipe, chosen, external)
    progress(3, 4, f"calibrated and quantised to {recipe.precision}")
    done = _quantised_nodes(model)
    if recipe.unsigned_activations:
        _make_activations_unsigned(model)
    if recipe.high_precision != "fp32":
        model = lower_precision(model, recipe.high_precision)
    model.ir_version = min(model.ir_version, IR_VERSION)
    reasons |= {product.node: "left out by ModelOpt" for product in chosen if product.node not in done}
    save_graph(model, target, external)
    progress(4, 4, f"{target.name}: {len(products) - len(reasons)} quantised, {len(reasons)} kept")
    return {
        "precision": recipe.precision,
        "high_precision": recipe.high_precision,
        "method": recipe.method,
        "activations": "unsigned" if recipe.unsigned_activations else "signed",
        "smooth": None if recipe.smooth is None else {"alpha": recipe.smooth, "folded": folded},
        "quantised": [product.layer for product in products if product.node not in reasons],
        "kept": {product.layer: reasons[product.node] for product in products if product.node in reasons},
        **_sizes(source, target, calibration),
        "seconds": round(time.monotonic() - start, 1),
    }


def _sizes(source: Path, target: Path, calibration: Calibration) -> dict[str, Any]:
    model = onnx.load(source, load_external_data=False)
    return {
        "products_of_activations": len(products_of_activations(model)),
        "samples": check_calibration(calibration, model),
        "bytes": {"source": bytes_on_disk(source), "target": bytes_on_disk(target)},
    }


def _prepare(
    source: Path, work: Path, external: bool, calibration: Calibration, recipe: Recipe
) -> tuple[list[Product], dict[str, str], int]:
    """Write the graph that ModelOpt gets; returns its products, why some are kept, and how many factors were folded."""
    model = load_graph(source)
    check_calibration(calibration, model)
    if any(node.op_type in ("QuantizeLinear", "DequantizeLinear") for node in model.graph.node):
        raise InputError(f"{source} is quantised already", "give the graph as it was exported in FP32")
    products = weighted_products(model)
    if not products:
        hint = "give the graph as exported in FP32, not one with weights stored as FP16"
        raise InputError(f"{source} has no product with FP32 weights", hint)
    reasons = kept(products, recipe.keep, recipe.keep_blocks)
    save_graph(model, work, external)
    small = set(_too_small(work, model))
    reasons = {product.node: TOO_SMALL for product in products if product.node in small} | reasons
    chosen = [product for product in products if product.node not in reasons]
    if not chosen:
        raise InputError("nothing is left to quantise", "keep less")
    progress(1, 4, f"read {source.name}")
    model, folded = load_graph(work), 0
    if recipe.smooth is not None:
        smoothed = [product for product in chosen if can_smooth(model, product)]
        folded = smooth(model, smoothed, channel_maxima(work, smoothed, calibration, recipe.device), recipe.smooth)
    separate(model, {product.node for product in chosen})
    save_graph(model, work, external)
    return products, reasons, folded


def _too_small(work: Path, model: onnx.ModelProto) -> list[str]:
    """Products that ModelOpt leaves alone because a GPU would not gain by them."""
    from modelopt.onnx.quantization.graph_utils import find_nodes_from_matmul_to_exclude  # noqa: PLC0415

    names: list[str] = find_nodes_from_matmul_to_exclude(
        str(work), calibration_shapes=_shapes(model), calibration_eps=["cpu"]
    )
    return names


def _shapes(model: onnx.ModelProto) -> str:
    """Shapes of the inputs as ModelOpt reads them: known, it need not run the whole graph to find shapes inside."""
    return ",".join(f"{name}:{'x'.join(map(str, shape))}" for name, shape in input_shapes(model).items())


def _with_modelopt(
    work: Path, calibration: Calibration, recipe: Recipe, chosen: Sequence[Product], external: bool
) -> onnx.ModelProto:
    # Imported here because it takes seconds, and what is refused before needs none of it.
    from modelopt.onnx.quantization import quantize  # noqa: PLC0415
    from modelopt.onnx.quantization.qdq_utils import qdq_to_dq  # noqa: PLC0415

    model: onnx.ModelProto = onnx.load(work, load_external_data=False)
    names = {product.node for product in chosen}
    left = [node.name for node in model.graph.node if node.op_type in PRODUCTS and node.name not in names]
    quantised = work.with_name("quantised.onnx")
    quantize(
        str(work),
        quantize_mode=recipe.precision,
        calibration_data=dict(calibration),
        calibration_method=recipe.method,
        calibration_eps=["cpu"] if recipe.device == "cpu" else ["cuda:0", "cpu"],
        calibration_shapes=_shapes(model),
        op_types_to_quantize=list(PRODUCTS),
        # ModelOpt takes them as regular expressions that need match only the start of a name.
        nodes_to_exclude=[f"{re.escape(name)}$" for name in left],
        disable_mha_qdq=True,
        use_external_data_format=external,
        high_precision_dtype="fp32",
        output_path=str(quantised),
        log_level="CRITICAL",
    )
    # Until here the weights are FP32 with a quantiser behind them; store them as the 8 bits they become.
    model = qdq_to_dq(onnx.load(quantised))
    join(model)
    share_weights(model)
    return model


def _quantised_nodes(model: onnx.ModelProto) -> set[str]:
    """Names of products both of whose factors were quantised."""
    quantised = {node.output[0] for node in model.graph.node if node.op_type == "DequantizeLinear"}
    return {n.name for n in model.graph.node if n.op_type in PRODUCTS and quantised.issuperset(n.input[:2])}


def _make_activations_unsigned(model: onnx.ModelProto) -> None:
    """Move activations from S8 to U8: the same steps, 128 higher.

    x86 multiplies U8 by S8 in hardware, so onnxruntime fuses only that pair; TensorRT wants S8 for both.
    """
    computed = {name for node in model.graph.node for name in node.output}
    zero_points = {
        node.input[2]
        for node in model.graph.node
        if node.op_type == "QuantizeLinear" or (node.op_type == "DequantizeLinear" and node.input[0] in computed)
    }
    for tensor in model.graph.initializer:
        if tensor.name in zero_points:
            shifted = (numpy_helper.to_array(tensor).astype(np.int16) + 128).astype(np.uint8)
            tensor.CopyFrom(numpy_helper.from_array(shifted, tensor.name))
    outdated = [value for value in model.graph.value_info if value.type.tensor_type.elem_type == TensorProto.INT8]
    for value in outdated:
        model.graph.value_info.remove(value)


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--precision", choices=("int8", "fp8"), required=True)
    parser.add_argument("--calibration", type=Path, required=True, help="what triptych_tools.record wrote")
    parser.add_argument("--smooth", type=float, metavar="ALPHA", help="strength of SmoothQuant, 0 to 1")
    parser.add_argument("--keep", nargs="+", default=[], metavar="PATTERN", help="layers or nodes not to quantise")
    parser.add_argument("--keep-blocks", type=whole_blocks, metavar="0-2,37-39", help="blocks not to quantise, or none")
    parser.add_argument("--high-precision", choices=("fp32", "fp16", "bf16"), default="fp32")
    parser.add_argument("--activations", choices=("signed", "unsigned"), default="signed")
    parser.add_argument("--method", choices=("max", "entropy"), default="max")
    parser.add_argument("--device", choices=DEVICES, default=default_device())
    return parser.parse_args(arguments)


def main() -> None:
    """Run the command."""
    options = options_of()
    recipe = Recipe(
        options.precision,
        options.smooth,
        tuple(options.keep),
        options.keep_blocks,
        options.high_precision,
        options.activations == "unsigned",
        options.method,
        options.device,
    )
    report = quantise(options.source, options.target, load_calibration(options.calibration), recipe)
    options.target.with_name(f"{options.target.name}.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    run(main)
