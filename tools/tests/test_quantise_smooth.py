"""SmoothQuant: the same function before quantisation, and a smaller error after it where channels stick out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from graphs_by_hand import ROWS, WIDTH, blocks, error, inputs, play, two_passes, write
from onnx import helper, numpy_helper

from triptych_tools.products import weighted_products
from triptych_tools.quantise import Recipe, quantise
from triptych_tools.smooth import can_smooth, channel_maxima, smooth


def smoothed(source: Path, target: Path, alpha: float) -> int:
    model = onnx.load(source)
    products = [product for product in weighted_products(model) if can_smooth(model, product)]
    folded = smooth(model, products, channel_maxima(source, products, inputs(), "cpu"), alpha)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)
    return folded


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_a_smoothed_graph_is_the_same_function(tmp_path: Path, alpha: float) -> None:
    source = blocks(tmp_path / "full.onnx", outliers=60.0)
    folded = smoothed(source, tmp_path / "smooth.onnx", alpha)
    other = inputs(4, seed=9)
    assert error(play(tmp_path / "smooth.onnx", other), play(source, other)) < 1e-5
    # Each block's normalisation takes its factors, each GELU needs a multiplication behind it.
    assert folded == 2
    added = [node.op_type for node in onnx.load(tmp_path / "smooth.onnx").graph.node]
    assert added.count("Mul") == 2


def test_factors_balance_activations_and_weights(tmp_path: Path) -> None:
    source = blocks(tmp_path / "full.onnx", count=1, outliers=60.0)
    smoothed(source, tmp_path / "smooth.onnx", 0.5)
    products = weighted_products(onnx.load(tmp_path / "smooth.onnx"))[:2]
    activation = channel_maxima(tmp_path / "smooth.onnx", products, inputs(), "cpu")["n0"]
    values = {t.name: numpy_helper.to_array(t) for t in onnx.load(tmp_path / "smooth.onnx").graph.initializer}
    weight = np.maximum(np.abs(values["val_q0"]).max(axis=1), np.abs(values["val_k0"]).max(axis=1))
    # At one half, both are the geometric mean of what they were.
    assert np.allclose(activation, weight, rtol=1e-3)


def test_smoothing_makes_int8_better_where_channels_stick_out(tmp_path: Path) -> None:
    source, other = blocks(tmp_path / "full.onnx", outliers=60.0), inputs(4, seed=9)
    errors = {}
    for name, alpha in (("plain", None), ("smooth", 0.5)):
        quantise(source, tmp_path / f"{name}.onnx", inputs(), Recipe("int8", smooth=alpha))
        errors[name] = error(play(tmp_path / f"{name}.onnx", other), play(source, other))
    assert errors["smooth"] < 0.2 * errors["plain"]


def test_factors_fold_into_a_linear_layer_and_stay_out_of_what_others_use(tmp_path: Path) -> None:
    source = np.random.default_rng(5)
    values = {
        "W": source.standard_normal((WIDTH, WIDTH)), "b": source.standard_normal(WIDTH) * 20,
        "V": source.standard_normal((WIDTH, WIDTH)), "c": source.standard_normal(WIDTH),
        "U": source.standard_normal((WIDTH, WIDTH)),
    }  # fmt: skip
    nodes = [
        helper.make_node("Reshape", ["X", "rows"], ["x"], name="rows"),
        helper.make_node("Gemm", ["x", "W", "b"], ["h"], name="first", transB=1),
        helper.make_node("Gemm", ["h", "V", "c"], ["k"], name="second", transB=1),
        helper.make_node("MatMul", ["k", "U"], ["m"], name="third"),
        # This one uses what the third product takes, so the second layer must give it as it was.
        helper.make_node("Add", ["m", "k"], ["y"], name="sum"),
        helper.make_node("Reshape", ["y", "shape"], ["Y"], name="back"),
    ]
    tensors = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in values.items()]
    tensors.append(numpy_helper.from_array(np.array([ROWS, WIDTH]), "rows"))
    tensors.append(numpy_helper.from_array(np.array([1, ROWS, WIDTH]), "shape"))
    shape = (1, ROWS, WIDTH)
    path = write(tmp_path / "full.onnx", nodes, tensors, {"X": shape}, {"Y": shape})
    assert smoothed(path, tmp_path / "smooth.onnx", 0.5) == 1
    other = inputs(4, seed=9)
    assert error(play(tmp_path / "smooth.onnx", other), play(path, other)) < 1e-5
    made = [node.name for node in onnx.load(tmp_path / "smooth.onnx").graph.node if node.op_type == "Mul"]
    assert made == ["x/smooth", "k/smooth"]


def test_a_layer_of_two_passes_is_smoothed_once_and_stored_once(tmp_path: Path) -> None:
    source = two_passes(tmp_path / "full.onnx")
    data = {"X": inputs()["X"], "Z": 3 * inputs(seed=5)["X"]}
    model = onnx.load(source)
    products = weighted_products(model)
    assert [product.layer for product in products] == ["layer", "layer"]
    smooth(model, products, channel_maxima(source, products, data, "cpu"), 0.5)
    onnx.save(model, tmp_path / "smooth.onnx")
    assert error(play(tmp_path / "smooth.onnx", data), play(source, data)) < 1e-5
    for precision in ("int8", "fp8"):
        quantise(source, tmp_path / "light.onnx", data, Recipe(precision, smooth=0.5))
        matrices = [tensor for tensor in onnx.load(tmp_path / "light.onnx").graph.initializer if len(tensor.dims) == 2]
        assert len(matrices) == 1
        assert error(play(tmp_path / "light.onnx", data), play(source, data)) < 0.06
