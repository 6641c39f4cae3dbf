"""What is done to a graph beside ModelOpt's own work, on a graph made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from triptych_tools.products import products_of_activations
from triptych_tools.quantise import _make_activations_unsigned

Array = npt.NDArray[Any]

WIDTH = 16
SOURCE = np.random.default_rng(4)


def q_dq(tensor: str, scale: float, zero_point: int) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Quantise and dequantise an activation, one scale for all of it; the result is ``<tensor>_dq``."""
    nodes = [
        helper.make_node("QuantizeLinear", [tensor, f"{tensor}_s", f"{tensor}_z"], [f"{tensor}_q"]),
        helper.make_node("DequantizeLinear", [f"{tensor}_q", f"{tensor}_s", f"{tensor}_z"], [f"{tensor}_dq"]),
    ]
    values = [
        numpy_helper.from_array(np.array(scale, dtype=np.float32), f"{tensor}_s"),
        numpy_helper.from_array(np.array(zero_point, dtype=np.int8), f"{tensor}_z"),
    ]
    return nodes, values


def weight(name: str) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """An INT8 matrix with a scale for each column; dequantised it is ``<name>_dq``."""
    values = [
        numpy_helper.from_array(SOURCE.integers(-127, 128, (WIDTH, WIDTH)).astype(np.int8), name),
        numpy_helper.from_array(SOURCE.uniform(0.001, 0.02, WIDTH).astype(np.float32), f"{name}_s"),
        numpy_helper.from_array(np.zeros(WIDTH, dtype=np.int8), f"{name}_z"),
    ]
    return [helper.make_node("DequantizeLinear", [name, f"{name}_s", f"{name}_z"], [f"{name}_dq"], axis=1)], values


def quantised_model() -> onnx.ModelProto:
    """Two products with constant weights, and one of two activations, as ModelOpt leaves them."""
    parts = [q_dq("X", 0.05, 0), weight("W"), q_dq("H", 0.03, -5), weight("V")]
    nodes = {name: helper.make_node("MatMul", inputs, [out], name=name) for name, inputs, out in (
        ("first", ["X_dq", "W_dq"], "H"), ("second", ["H_dq", "V_dq"], "K"), ("attention", ["K", "H"], "Y")
    )}  # fmt: skip
    ordered = [*parts[0][0], *parts[1][0], nodes["first"], *parts[2][0], *parts[3][0], nodes["second"]]
    shape = [WIDTH, WIDTH]
    graph = helper.make_graph(
        [*ordered, nodes["attention"]],
        "quantised",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, shape)],
        [value for _, values in parts for value in values],
        value_info=[
            helper.make_tensor_value_info("X_q", TensorProto.INT8, shape),
            helper.make_tensor_value_info("H", TensorProto.FLOAT, shape),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


def run(model: onnx.ModelProto, x: Array) -> Array:
    """Plainly, without fusing: a fused U8 product saturates on processors without VNNI."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    result: Array = session.run(None, {"X": x})[0]
    return result


def types(model: onnx.ModelProto) -> dict[str, int]:
    return {tensor.name: tensor.data_type for tensor in model.graph.initializer}


@pytest.mark.parametrize("size", [0.5, 2.0, 50.0], ids=["within", "to the ends", "far beyond"])
def test_unsigned_activations_change_no_output(size: float) -> None:
    model = quantised_model()
    x = (SOURCE.standard_normal((WIDTH, WIDTH)) * size).astype(np.float32)
    before = run(model, x)
    _make_activations_unsigned(model)
    onnx.checker.check_model(model, full_check=True)
    assert np.array_equal(run(model, x), before)


def test_only_activations_become_unsigned() -> None:
    model = quantised_model()
    before = types(model)
    _make_activations_unsigned(model)
    changed = {name for name, kind in types(model).items() if kind != before[name]}
    assert changed == {"X_z", "H_z"}
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    assert values["X_z"].dtype == np.uint8
    assert (values["X_z"].item(), values["H_z"].item()) == (128, 123)


def test_outdated_types_are_forgotten() -> None:
    model = quantised_model()
    _make_activations_unsigned(model)
    assert [value.name for value in model.graph.value_info] == ["H"]


def test_products_of_two_activations_are_left_out() -> None:
    model = quantised_model()
    for index, name in ((2, "W_dq"), (6, "V_dq")):
        # Before quantisation a product takes its weight directly.
        assert model.graph.node[index].output[0] == name
        model.graph.initializer.append(numpy_helper.from_array(np.zeros((1,), np.float32), name))
    assert products_of_activations(model) == ["attention"]
