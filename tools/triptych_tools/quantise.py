"""INT8 by explicit Q/DQ with NVIDIA ModelOpt, calibrated on the inputs that serving will see."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, numpy_helper

from triptych_tools.export import IR_VERSION

Calibration = dict[str, npt.NDArray[np.float32]]
"""Recorded inputs of a graph by name, joined along their first axis."""


def quantise_int8(source: Path, target: Path, calibration: Calibration, unsigned_activations: bool = False) -> None:
    """Quantise the matrix products of an FP32 graph to INT8, weights per channel, activations per tensor.

    Only products with constant weights are quantised: attention's own products are small here
    and lose accuracy. ``unsigned_activations`` makes the graph fast on a CPU and unfit for TensorRT.
    """
    # Imported here because it takes seconds, and export alone can do without.
    from modelopt.onnx.quantization import quantize  # noqa: PLC0415
    from modelopt.onnx.quantization.qdq_utils import qdq_to_dq  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        partial = Path(folder) / "int8.onnx"
        quantize(
            str(source),
            quantize_mode="int8",
            calibration_data=calibration,
            calibration_method="max",
            calibration_eps=["cpu"],
            op_types_to_quantize=["MatMul", "Gemm"],
            nodes_to_exclude=_products_of_activations(onnx.load(source)),
            high_precision_dtype="fp32",
            output_path=str(partial),
            log_level="WARNING",
        )
        # Until here the weights are FP32 with a quantiser behind them; store them as the INT8 they become.
        model = qdq_to_dq(onnx.load(partial))
    model.ir_version = min(model.ir_version, IR_VERSION)
    if unsigned_activations:
        _make_activations_unsigned(model)
    onnx.checker.check_model(model)
    onnx.save(model, target)


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


def _products_of_activations(model: onnx.ModelProto) -> list[str]:
    """Names of products whose second factor is no constant."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [
        node.name for node in model.graph.node if node.op_type in ("MatMul", "Gemm") and node.input[1] not in constants
    ]
