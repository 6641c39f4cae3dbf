"""Quantising a graph: what is rounded, what is kept, what is refused; judged by onnx and onnxruntime."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
from graphs_by_hand import (
    ROWS,
    WIDTH,
    Array,
    blocks,
    error,
    inputs,
    io,
    linear,
    play,
    step_inputs,
    step_like,
    write,
)
from onnx import TensorProto, numpy_helper

from triptych_tools.calibration import save_calibration
from triptych_tools.command import InputError
from triptych_tools.quantise import TOO_SMALL, Recipe, main, quantise

MODELS = Path(__file__).parents[2] / "models" / "wan-tiny" / "onnx"


def stored(path: Path) -> Counter[int]:
    """How many matrices are stored in each datatype."""
    return Counter(tensor.data_type for tensor in onnx.load(path).graph.initializer if len(tensor.dims) == 2)


def test_int8_rounds_weights_per_channel_and_activations_per_tensor(tmp_path: Path) -> None:
    source, data = blocks(tmp_path / "full.onnx"), inputs()
    report = quantise(source, tmp_path / "int8.onnx", data, Recipe("int8"))
    onnx.checker.check_model(str(tmp_path / "int8.onnx"), full_check=True)
    assert 1e-4 < error(play(tmp_path / "int8.onnx", data), play(source, data)) < 0.02
    model = onnx.load(tmp_path / "int8.onnx")
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    full = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(source).graph.initializer}
    assert values["val_q0"].dtype == np.int8
    # The scale of a column is what makes its largest weight 127.
    assert np.allclose(values["val_q0_scale"], np.abs(full["val_q0"]).max(axis=0) / 127, rtol=1e-5)
    assert values["n0_scale"].shape == ()
    assert len(report["quantised"]) == 6 and report["kept"] == {}
    assert report["samples"] == 8


def test_fp8_weights_are_e4m3_and_run_on_a_cpu(tmp_path: Path) -> None:
    source, data = blocks(tmp_path / "full.onnx"), inputs()
    quantise(source, tmp_path / "fp8.onnx", data, Recipe("fp8"))
    onnx.checker.check_model(str(tmp_path / "fp8.onnx"), full_check=True)
    assert stored(tmp_path / "fp8.onnx") == {TensorProto.FLOAT8E4M3FN: 6}
    # Three bits of mantissa: an error of some percent.
    assert 5e-3 < error(play(tmp_path / "fp8.onnx", data), play(source, data)) < 0.06
    values = {tensor.name: tensor for tensor in onnx.load(tmp_path / "fp8.onnx").graph.initializer}
    full = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(source).graph.initializer}["val_q0"]
    scale = numpy_helper.to_array(values["val_q0_scale"])
    rounded = numpy_helper.to_array(values["val_q0"]).astype(np.float32) * scale
    # Half a step of E4M3 is a sixteenth of a value, or 2 ** -10 of the scale below its normal range.
    assert (np.abs(rounded - full) <= np.maximum(np.abs(full) / 16, scale * 2**-10) * 1.001).all()


def test_modelopt_reads_what_was_quantised(tmp_path: Path) -> None:
    from modelopt.onnx.quantization.qdq_utils import get_quantized_tensors, has_qdq_nodes  # noqa: PLC0415
    from modelopt.onnx.utils import get_qdq_precisions  # noqa: PLC0415

    source = blocks(tmp_path / "full.onnx", count=1)
    for precision, name in (("int8", "int8"), ("fp8", "float8_e4m3fn")):
        quantise(source, tmp_path / "light.onnx", inputs(), Recipe(precision))
        model = onnx.load(tmp_path / "light.onnx")
        assert has_qdq_nodes(model)
        assert get_qdq_precisions(model) == {name}
        assert {"val_q0", "val_k0", "val_f0"} <= get_quantized_tensors(model)


def test_what_is_kept_keeps_its_weights(tmp_path: Path) -> None:
    source = blocks(tmp_path / "full.onnx", count=3)
    recipe = Recipe("int8", keep=("*.to_k", "node_f2"), keep_blocks=frozenset({0}))
    report = quantise(source, tmp_path / "int8.onnx", inputs(), recipe)
    assert report["quantised"] == ["blocks.1.to_q", "blocks.1.ffn", "blocks.2.to_q"]
    assert report["kept"] == {
        "blocks.0.to_q": "block 0",
        "blocks.0.to_k": "matches *.to_k",
        "blocks.0.ffn": "block 0",
        "blocks.1.to_k": "matches *.to_k",
        "blocks.2.to_k": "matches *.to_k",
        "blocks.2.ffn": "matches node_f2",
    }
    assert stored(tmp_path / "int8.onnx") == {TensorProto.INT8: 3, TensorProto.FLOAT: 6}


def test_a_kept_name_that_begins_another_name_keeps_only_itself(tmp_path: Path) -> None:
    source = np.random.default_rng(3)
    parts = (
        linear(source, "first", "X", "h", node="node_MatMul_5"),
        linear(source, "second", "h", "Y", node="node_MatMul_52"),
    )
    shape = {"X": (1, ROWS, WIDTH)}
    path = write(
        tmp_path / "g.onnx", [n for p in parts for n in p[0]], [v for p in parts for v in p[1]], shape,
        {"Y": (1, ROWS, WIDTH)},
    )  # fmt: skip
    report = quantise(path, tmp_path / "int8.onnx", inputs(), Recipe("int8", keep=("first",)))
    assert report["quantised"] == ["second"]


def test_a_kept_layer_takes_what_is_not_rounded_for_its_neighbours(tmp_path: Path) -> None:
    source, data = blocks(tmp_path / "full.onnx", count=1), inputs()
    quantise(source, tmp_path / "int8.onnx", data, Recipe("int8", keep=("*.to_k",)))
    made = {name: output(path, data, name) for path in (source,) for name in ("k0", "q0")}
    light = {name: output(tmp_path / "int8.onnx", data, name) for name in made}
    assert np.array_equal(light["k0"], made["k0"])
    assert error(light["q0"], made["q0"]) > 1e-3
    names = [node.op_type for node in onnx.load(tmp_path / "int8.onnx").graph.node]
    assert names.count("Identity") == 1


def output(path: Path, data: dict[str, Array], tensor: str) -> Array:
    """What a graph computes on the way."""
    model = onnx.load(path)
    model.graph.output.append(onnx.helper.make_tensor_value_info(tensor, TensorProto.FLOAT, None))
    onnx.save(model, path.with_suffix(".probe.onnx"))
    return play(path.with_suffix(".probe.onnx"), data, tensor)


def test_a_deep_expert_keeps_its_outer_blocks_unless_told(tmp_path: Path) -> None:
    source = blocks(tmp_path / "full.onnx", count=12)
    report = quantise(source, tmp_path / "int8.onnx", inputs(2), Recipe("int8"))
    assert {layer.split(".")[1] for layer in report["quantised"]} == set("345678")
    assert len(report["kept"]) == 18
    report = quantise(source, tmp_path / "int8.onnx", inputs(2), Recipe("int8", keep_blocks=frozenset({5})))
    assert len(report["quantised"]) == 33


def test_products_of_one_row_are_left_alone(tmp_path: Path) -> None:
    source = np.random.default_rng(3)
    parts = (linear(source, "one", "T", "t"), linear(source, "many", "X", "x"))
    nodes = [node for made, _ in parts for node in made]
    nodes.append(onnx.helper.make_node("Add", ["t", "x"], ["Y"], name="sum"))
    shapes = {"X": (1, ROWS, WIDTH), "T": (1, WIDTH)}
    path = write(tmp_path / "g.onnx", nodes, [v for _, made in parts for v in made], shapes, {"Y": (1, ROWS, WIDTH)})
    data = {**inputs(), "T": np.ones((8, WIDTH), dtype=np.float32)}
    report = quantise(path, tmp_path / "int8.onnx", data, Recipe("int8"))
    assert (report["quantised"], report["kept"]) == (["many"], {"one": TOO_SMALL})


def test_weights_beside_the_graph_stay_beside_it(tmp_path: Path) -> None:
    inside, data = blocks(tmp_path / "inside.onnx"), inputs()
    outside = blocks(tmp_path / "outside.onnx", external=True)
    for name, source in (("a", inside), ("b", outside)):
        quantise(source, tmp_path / f"{name}.onnx", data, Recipe("int8", smooth=0.5))
    assert np.array_equal(play(tmp_path / "a.onnx", data), play(tmp_path / "b.onnx", data))
    weights = tmp_path / "b.onnx.data"
    assert weights.exists() and not (tmp_path / "a.onnx.data").exists()
    # Moved to another folder, the pair still runs: nothing points back to where it was made.
    (tmp_path / "moved").mkdir()
    for file in (tmp_path / "b.onnx", weights):
        file.rename(tmp_path / "moved" / file.name)
    assert np.array_equal(play(tmp_path / "a.onnx", data), play(tmp_path / "moved" / "b.onnx", data))
    assert not list(tmp_path.glob("*.partial"))


def test_what_is_not_quantised_can_run_in_16_bits(tmp_path: Path) -> None:
    source, data = blocks(tmp_path / "full.onnx", count=1), inputs()
    quantise(source, tmp_path / "int8.onnx", data, Recipe("int8", high_precision="fp16"))
    onnx.checker.check_model(str(tmp_path / "int8.onnx"), full_check=True)
    assert io(tmp_path / "int8.onnx") == io(source)
    assert error(play(tmp_path / "int8.onnx", data), play(source, data)) < 0.02
    types = {t.name: t.data_type for t in onnx.load(tmp_path / "int8.onnx").graph.initializer}
    assert types["blocks.0.to_q.bias"] == TensorProto.FLOAT16
    assert types["val_q0"] == TensorProto.INT8


def test_the_solver_stays_fp32_beside_16_bits(tmp_path: Path) -> None:
    source, data = step_like(tmp_path / "full.onnx"), step_inputs()
    report = quantise(source, tmp_path / "int8.onnx", data, Recipe("int8", high_precision="fp16"))
    assert report["quantised"] == ["h"]
    # With no velocity taken, the state must come through to the last bit.
    assert np.array_equal(play(tmp_path / "int8.onnx", data, "NEXT_STATE")[:, 0], data["STATE"])


BAD: dict[str, tuple[dict[str, Array], str]] = {
    "other inputs": ({"Z": inputs()["X"]}, "other inputs: expected X; got Z"),
    "other shape": ({"X": inputs()["X"][:, :-1]}, f"of X: expected N x {ROWS} x {WIDTH}, got 8 x {ROWS - 1}"),
    "no sample": ({"X": inputs()["X"][:0]}, "of X: expected N"),
    "other type": ({"X": inputs()["X"].astype(np.float64)}, "of X: expected float32, got float64"),
    "infinite": ({"X": np.where(inputs()["X"] > 2, np.float32(np.inf), inputs()["X"])}, "of X is not finite"),
}


@pytest.mark.parametrize("name", BAD)
def test_calibration_data_that_do_not_fit_are_refused(tmp_path: Path, name: str) -> None:
    data, message = BAD[name]
    with pytest.raises(InputError, match=message):
        quantise(blocks(tmp_path / "full.onnx", count=1), tmp_path / "int8.onnx", data, Recipe("int8"))
    assert not (tmp_path / "int8.onnx").exists()


def test_keep_lists_that_match_nothing_are_refused(tmp_path: Path) -> None:
    source = blocks(tmp_path / "full.onnx", count=1)
    for recipe, message in (
        (Recipe("int8", keep=("*proj_out*",)), r"--keep \*proj_out\* matches no product"),
        (Recipe("int8", keep_blocks=frozenset({0, 1})), "no product belongs to block 1"),
        (Recipe("int8", keep_blocks=frozenset({0})), "nothing is left to quantise"),
    ):
        with pytest.raises(InputError, match=message):
            quantise(source, tmp_path / "int8.onnx", inputs(), recipe)


def test_a_quantised_graph_is_not_quantised_again(tmp_path: Path) -> None:
    quantise(blocks(tmp_path / "full.onnx", count=1), tmp_path / "int8.onnx", inputs(), Recipe("int8"))
    with pytest.raises(InputError, match="quantised already"):
        quantise(tmp_path / "int8.onnx", tmp_path / "twice.onnx", inputs(), Recipe("int8"))


def test_the_command_writes_a_graph_and_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = blocks(tmp_path / "full.onnx", count=2)
    save_calibration(inputs(), tmp_path / "x.npz")
    command = ["quantise", str(source), str(tmp_path / "out.onnx"), "--precision", "int8", "--keep-blocks", "1"]
    monkeypatch.setattr(sys, "argv", [*command, "--calibration", str(tmp_path / "x.npz"), "--smooth", "0.5"])
    main()
    assert "3 quantised, 3 kept" in capsys.readouterr().out
    report = json.loads((tmp_path / "out.onnx.json").read_text())
    assert report["smooth"] == {"alpha": 0.5, "folded": 1}
    assert report["bytes"]["target"] == (tmp_path / "out.onnx").stat().st_size
    assert (len(report["quantised"]), len(report["kept"])) == (3, 3)


@pytest.mark.parametrize("missing", [None, "nothing.npz", "text.npz"])
def test_the_command_quantises_nothing_without_calibration_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str | None
) -> None:
    (tmp_path / "text.npz").write_text("no archive")
    command = ["quantise", str(blocks(tmp_path / "full.onnx")), str(tmp_path / "out.onnx"), "--precision", "int8"]
    more = [] if missing is None else ["--calibration", str(tmp_path / missing)]
    monkeypatch.setattr(sys, "argv", [*command, *more])
    with pytest.raises(SystemExit if missing is None else InputError):
        main()


def test_the_shipped_drafts_were_quantised_like_this() -> None:
    """Products of one row and of two activations are in FP32 there, all others in INT8, as with no keep list."""
    for expert in ("high_noise", "low_noise"):
        model = onnx.load(MODELS / f"draft_{expert}.distilled-4step.int8.onnx")
        constants = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
        dequantised = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "DequantizeLinear"}
        factors = [n.input[1] for n in model.graph.node if n.op_type in ("MatMul", "Gemm")]
        types = [constants.get(dequantised.get(name, name)) for name in factors]
        assert Counter(types) == {TensorProto.INT8: 63, TensorProto.FLOAT: 3, None: 25}
