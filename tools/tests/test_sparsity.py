"""Sparse weights have two zeros in each four inputs, through training and export; the check reads any layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from diffusers import WanTransformer3DModel
from onnx import TensorProto, helper, numpy_helper
from tiny import DIM, LATENT, TOKENS, arguments, saved, tiny_expert, tiny_samples
from torch import Tensor

from triptych_tools import sparsity
from triptych_tools.cast import store_fp16
from triptych_tools.command import InputError
from triptych_tools.export import export_graph
from triptych_tools.networks import ExpertStep
from triptych_tools.sparsity_check import check_graph, weights_of

LINEARS_OF_A_BLOCK = 10
LINEARS_AROUND = 6
SERVED = Path(__file__).parents[2] / "models" / "wan-tiny" / "onnx"


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, target: Path, *more: object) -> WanTransformer3DModel:
    """Make sparse by the command line; the result as diffusers itself loads it, in FP32."""
    arguments(monkeypatch, folder, target, "--device", "cpu", "--batch", 4, *more)
    sparsity.main()
    return WanTransformer3DModel.from_pretrained(target, torch_dtype=torch.float32).eval()


def zeros_in_fours(weight: Tensor) -> set[int]:
    """How many zeros the fours of a weight [out, in] have, counted one by one."""
    rows = weight.tolist()
    return {row[i : i + 4].count(0.0) for row in rows for i in range(0, len(row), 4)}


def linears(expert: WanTransformer3DModel) -> dict[str, Tensor]:
    return {name: m.weight for name, m in expert.named_modules() if isinstance(m, torch.nn.Linear)}


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    tiny_samples().save(tmp_path / "samples.safetensors")
    return tmp_path / "samples.safetensors"


def test_the_two_smallest_of_each_four_inputs_are_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = tiny_expert()
    expert = run(monkeypatch, saved(parent, tmp_path / "whole"), tmp_path / "out", "--weights", "fp32")
    before = linears(parent)
    for name, weight in linears(expert).items():
        if not name.startswith("blocks."):
            assert torch.equal(weight, before[name])
            continue
        fours = before[name].reshape(-1, 4)
        largest = torch.zeros_like(fours).scatter(1, fours.abs().topk(2, dim=1).indices, 1.0)
        assert torch.equal(weight.reshape(-1, 4), fours * largest)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "config.json", "diffusion_pytorch_model.safetensors", "sparsity.json",
    }  # fmt: skip


@pytest.mark.parametrize("method", ["magnitude", "sparsegpt"])
def test_zeros_stay_through_recovery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, samples: Path, method: str
) -> None:
    folder = saved(tiny_expert(), tmp_path / "whole")
    common = ("--samples", samples, "--expert", "high_noise", "--method", method)
    masked = linears(run(monkeypatch, folder, tmp_path / "masked", *common))
    recovered = linears(run(monkeypatch, folder, tmp_path / "out", *common, "--recover", 10))
    for name, weight in recovered.items():
        if name.startswith("blocks."):
            assert zeros_in_fours(weight) == {2}
            assert torch.equal(weight == 0, masked[name] == 0)
            assert not torch.equal(weight, masked[name])
    found = json.loads((tmp_path / "out" / "sparsity.json").read_text())
    assert found["distance_after_recovery"] < found["distance_after_masking"]
    assert found["zeros_of_linears"] == sum(int((weight == 0).sum()) for weight in recovered.values())


def test_an_exported_graph_shows_its_pattern(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sparse = run(monkeypatch, saved(tiny_expert(), tmp_path / "whole"), tmp_path / "out")
    sparse.blocks = sparse.blocks[:1]
    inputs = {
        "STATE": torch.randn(1, *LATENT),
        "TIMESTEP": torch.tensor([900.0]),
        "CONTEXT": torch.randn(2, TOKENS, DIM),
        "COEFFICIENTS": torch.randn(1, 2),
    }
    export_graph(ExpertStep(sparse), inputs, ("NEXT_STATE", "LATENT"), tmp_path / "sparse.onnx")
    store_fp16(tmp_path / "sparse.onnx", tmp_path / "light.onnx")
    total = LINEARS_OF_A_BLOCK + LINEARS_AROUND
    for name in ("sparse", "light"):
        assert check_graph(tmp_path / f"{name}.onnx") == 0
        wanted = f"{total} constant weights, {total} eligible, {LINEARS_OF_A_BLOCK} sparse 2:4"
        assert wanted in capsys.readouterr().out


@pytest.mark.parametrize("name", ["final_high_noise.fp16", "draft_high_noise.distilled-4step.int8"])
def test_the_check_ends_with_1_for_a_dense_graph(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    arguments(monkeypatch, "--check", SERVED / f"{name}.onnx")
    with pytest.raises(SystemExit) as ended:
        sparsity.main()
    assert ended.value.code == 1
    total = 6 * LINEARS_OF_A_BLOCK + LINEARS_AROUND
    assert f"{total} constant weights, {total} eligible, 0 sparse 2:4" in capsys.readouterr().out


MASK = np.tile([1, 0, 0, 1], (8, 4))
"""[out 8, in 16], two of each four inputs."""


def graph(path: Path, nodes: list[onnx.NodeProto], values: dict[str, Any]) -> Path:
    """A file with nodes that make Y of X and constants."""
    spec = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("X", "Y")]
    constants = [numpy_helper.from_array(value, name) for name, value in values.items()]
    body = helper.make_graph(nodes, "g", spec[:1], spec[1:], constants)
    onnx.save(helper.make_model(body, opset_imports=[helper.make_opsetid("", 20)]), path)
    return path


def product(weight: str, kind: str = "MatMul", **more: Any) -> onnx.NodeProto:
    return helper.make_node(kind, ["X", weight], ["Y"], **more)


@pytest.mark.parametrize("sparse", [True, False], ids=["along the sum", "across it"])
def test_the_pattern_counts_along_the_axis_of_the_sum(tmp_path: Path, sparse: bool) -> None:
    # The same numbers lie one way or the other: [in, out] for MatMul, [out, in] for a Gemm that transposes.
    mask = np.tile([1, 0, 0, 1], (16, 4)).astype(np.float32)
    layouts = {
        "plain": ([product("W")], mask.T),
        "gemm": ([product("W", "Gemm", transB=1)], mask),
        "gemm_plain": ([product("W", "Gemm")], mask.T),
        "transposed": ([helper.make_node("Transpose", ["W"], ["V"], perm=[1, 0]), product("V")], mask),
        "cast": ([helper.make_node("Cast", ["W"], ["V"], to=TensorProto.FLOAT), product("V")], mask.T.astype("f2")),
    }
    for name, (nodes, weight) in layouts.items():
        file = graph(tmp_path / f"{name}.onnx", nodes, {"W": weight if sparse else np.ascontiguousarray(weight.T)})
        assert [weight.sparse for weight in weights_of(file)] == [sparse], name


@pytest.mark.parametrize("zero", [0, 7])
@pytest.mark.parametrize("per_channel", [True, False])
def test_a_quantised_zero_is_the_zero_point(tmp_path: Path, zero: int, per_channel: bool) -> None:
    weight = (MASK.T * 5 + zero).astype(np.int8)
    count = (8,) if per_channel else ()
    values = {"W": weight, "S": np.full(count, 0.1, np.float32), "Z": np.full(count, zero, np.int8)}
    nodes = [helper.make_node("DequantizeLinear", ["W", "S", "Z"], ["V"], axis=1), product("V")]
    assert [found.sparse for found in weights_of(graph(tmp_path / "q.onnx", nodes, values))] == [True]
    values["Z"] = np.full(count, zero + 5, np.int8)
    assert [found.sparse for found in weights_of(graph(tmp_path / "moved.onnx", nodes, values))] == [True]
    values["Z"] = np.full(count, 99, np.int8)
    assert [found.sparse for found in weights_of(graph(tmp_path / "full.onnx", nodes, values))] == [False]


def test_a_quantiser_before_its_weight_is_stored_is_looked_through(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("QuantizeLinear", ["W", "S", "Z"], ["Q"]),
        helper.make_node("DequantizeLinear", ["Q", "S", "Z"], ["V"]),
        product("V"),
    ]
    values = {"W": MASK.T.astype("f4"), "S": np.array(0.1, "f4"), "Z": np.array(0, np.int8)}
    assert [found.sparse for found in weights_of(graph(tmp_path / "q.onnx", nodes, values))] == [True]


def test_only_weights_with_inputs_in_whole_fours_can_have_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = graph(tmp_path / "odd.onnx", [product("W")], {"W": np.zeros((6, 8), np.float32)})
    assert check_graph(odd) == 1
    assert "1 constant weights, 0 eligible, 0 sparse" in capsys.readouterr().out
    activations = graph(tmp_path / "two.onnx", [product("X")], {})
    assert weights_of(activations) == []


def test_one_four_with_three_values_is_enough_to_lose_it(tmp_path: Path) -> None:
    weight = MASK.T.astype(np.float32)
    weight[5, 2] = 1
    assert [found.sparse for found in weights_of(graph(tmp_path / "w.onnx", [product("W")], {"W": weight}))] == [False]


def test_weights_beside_a_graph_are_read(tmp_path: Path) -> None:
    file = graph(tmp_path / "inside.onnx", [product("W")], {"W": MASK.T.astype("f4")})
    onnx.save(onnx.load(file), tmp_path / "beside.onnx", save_as_external_data=True, size_threshold=0)
    assert [found.sparse for found in weights_of(tmp_path / "beside.onnx")] == [True]


def test_what_cannot_be_made_sparse_or_checked_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved(tiny_expert(), tmp_path / "whole")
    with pytest.raises(InputError, match="--method sparsegpt needs --samples"):
        run(monkeypatch, folder, tmp_path / "out", "--method", "sparsegpt")
    with pytest.raises(InputError, match="exists already"):
        run(monkeypatch, folder, folder)
    arguments(monkeypatch, folder)
    with pytest.raises(InputError, match="are missing"):
        sparsity.main()
    with pytest.raises(InputError, match="no ONNX file"):
        check_graph(folder / "config.json")
