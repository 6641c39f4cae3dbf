"""Casting a graph: 16 bits where they hold, FP32 where they do not, the same inputs and outputs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from graphs_by_hand import blocks, error, inputs, io, play, step_inputs, step_like
from onnx import TensorProto

from triptych_tools.calibration import save_calibration
from triptych_tools.cast import autocast, main
from triptych_tools.command import InputError
from triptych_tools.fp32_parts import fp32_nodes


def types(path: Path) -> dict[str, int]:
    return {tensor.name: tensor.data_type for tensor in onnx.load(path).graph.initializer}


def recorded(tmp_path: Path, **data: np.ndarray) -> Path:
    save_calibration(data or inputs(), tmp_path / "data.npz")
    return tmp_path / "data.npz"


@pytest.mark.parametrize("external", [False, True])
def test_fp16_halves_the_weights_and_keeps_inputs_and_outputs(tmp_path: Path, external: bool) -> None:
    source = blocks(tmp_path / "full.onnx", external=external)
    autocast(source, tmp_path / "fp16.onnx", "fp16", recorded(tmp_path))
    onnx.checker.check_model(str(tmp_path / "fp16.onnx"), full_check=True)
    assert io(tmp_path / "fp16.onnx") == io(source)
    assert set(types(tmp_path / "fp16.onnx").values()) == {TensorProto.FLOAT16}
    assert 1e-5 < error(play(tmp_path / "fp16.onnx", inputs()), play(source, inputs())) < 2e-3
    assert (tmp_path / "fp16.onnx.data").exists() == external


def test_bf16_is_a_whole_graph_of_bf16(tmp_path: Path) -> None:
    source = blocks(tmp_path / "full.onnx")
    autocast(source, tmp_path / "bf16.onnx", "bf16", recorded(tmp_path))
    onnx.checker.check_model(str(tmp_path / "bf16.onnx"), full_check=True)
    assert io(tmp_path / "bf16.onnx") == io(source)
    model = onnx.load(tmp_path / "bf16.onnx")
    assert {tensor.data_type for tensor in model.graph.initializer} == {TensorProto.BFLOAT16}
    assert next(entry.version for entry in model.opset_import if not entry.domain) >= 22


def test_what_overflows_on_the_calibration_data_stays_fp32(tmp_path: Path) -> None:
    source = blocks(tmp_path / "full.onnx")
    large = {"X": inputs()["X"] * 1e5}
    autocast(source, tmp_path / "fp16.onnx", "fp16", recorded(tmp_path, **large))
    ours, theirs = play(tmp_path / "fp16.onnx", large), play(source, large)
    assert np.isfinite(ours).all()
    assert error(ours, theirs) < 2e-3
    # The norm reads the large values; behind it all is small again.
    assert types(tmp_path / "fp16.onnx")["blocks.0.norm.weight"] == TensorProto.FLOAT
    assert types(tmp_path / "fp16.onnx")["blocks.0.to_q.bias"] == TensorProto.FLOAT16


def test_kept_nodes_stay_fp32(tmp_path: Path) -> None:
    source = blocks(tmp_path / "full.onnx")
    autocast(source, tmp_path / "fp16.onnx", "fp16", recorded(tmp_path), ["*_q0"])
    kept = {name for name, kind in types(tmp_path / "fp16.onnx").items() if kind == TensorProto.FLOAT}
    assert kept == {"val_q0", "blocks.0.to_q.bias"}
    with pytest.raises(InputError, match="--keep nowhere matches no node"):
        autocast(source, tmp_path / "fp16.onnx", "fp16", recorded(tmp_path), ["nowhere"])


def test_the_clock_and_the_solver_stay_fp32(tmp_path: Path) -> None:
    source = step_like(tmp_path / "full.onnx")
    stays = {"angle", "sine", "difference", "guided", "v", "s1", "v1", "stack", "next", "NEXT_STATE"}
    assert fp32_nodes(onnx.load(source)) == stays
    data = step_inputs()
    autocast(source, tmp_path / "fp16.onnx", "fp16", recorded(tmp_path, **data))
    assert types(tmp_path / "fp16.onnx")["layer"] == TensorProto.FLOAT16
    # With no velocity taken, the state must come through to the last bit.
    assert np.array_equal(play(tmp_path / "fp16.onnx", data, "NEXT_STATE")[:, 0], data["STATE"])
    data["COEFFICIENTS"][:] = [0.0, 1.0]
    ours, theirs = (play(path, data, "NEXT_STATE") for path in (tmp_path / "fp16.onnx", source))
    assert error(ours, theirs) < 2e-3


def test_the_command_stores_and_casts_and_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = blocks(tmp_path / "full.onnx"), tmp_path / "out.onnx"

    def cast(*more: str) -> None:
        monkeypatch.setattr(sys, "argv", ["cast", str(source), str(out), *more])
        main()

    cast("--precision", "fp16", "--method", "storage", "--keep", "*_q0")
    assert types(out)["val_q0"] == TensorProto.FLOAT
    assert types(out)["val_k0_fp16"] == TensorProto.FLOAT16
    assert error(play(out, inputs()), play(source, inputs())) < 1e-3
    cast("--precision", "fp16", "--method", "autocast", "--calibration", str(recorded(tmp_path)))
    assert set(types(out).values()) == {TensorProto.FLOAT16}
    for wrong, message in (
        (("--precision", "fp16", "--method", "autocast"), "needs calibration data"),
        (("--precision", "bf16", "--method", "storage"), "stored as FP16, not as bf16"),
        (("--precision", "fp16", "--method", "storage", "--keep", "nowhere"), "nowhere matches no weight"),
    ):
        with pytest.raises(InputError, match=message):
            cast(*wrong)
