"""The export command: a part of a checkpoint in, whole ONNX files out, of any size and precision."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from support import notes_of_the_exporter
from test_export import LATENT, STATE_SIZE, TOKENS, step_inputs, tiny_expert
from torch import Tensor

from triptych_runtime.session import open_session
from triptych_tools import command
from triptych_tools.checkpoint import load_expert, load_text_encoder, save_part
from triptych_tools.experts import coordinates
from triptych_tools.export import main
from triptych_tools.networks import ExpertStep, TextEncoder
from triptych_tools.wan_tiny.text import new_text_encoder

Array = npt.NDArray[Any]

STEP = ("--latent", ",".join(map(str, LATENT)), "--tokens", str(TOKENS), "--state", str(STATE_SIZE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a tiny expert and a tiny text encoder."""
    folder = tmp_path_factory.mktemp("checkpoint")
    save_part(tiny_expert(), folder / "transformer")
    torch.manual_seed(0)
    save_part(new_text_encoder(20), folder / "text_encoder")
    return folder


def export(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> None:
    monkeypatch.setattr(sys, "argv", ["export", *map(str, arguments)])
    command.run(main)


def play(path: Path, inputs: dict[str, Tensor], output: str) -> Array:
    array: Array = open_session(path).run([output], {name: x.numpy() for name, x in inputs.items()})[0]
    return array


def apart(ours: Array, theirs: Tensor) -> float:
    return float(np.abs(ours - theirs.numpy()).max() / theirs.abs().max())


def widened(path: Path, target: Path) -> Path:
    """A BF16 graph with the same numbers in FP32, since onnxruntime has no BF16 products on a CPU."""
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.BFLOAT16:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name == "to" and attribute.i == TensorProto.BFLOAT16:
                attribute.i = TensorProto.FLOAT
            if attribute.t.data_type == TensorProto.BFLOAT16:
                wide = numpy_helper.to_array(attribute.t).astype(np.float32)
                attribute.CopyFrom(helper.make_attribute(attribute.name, numpy_helper.from_array(wide)))
    del model.graph.value_info[:]
    onnx.save(model, target)
    return target


def stored(path: Path) -> dict[str, int]:
    return {tensor.name: tensor.data_type for tensor in onnx.load(path).graph.initializer}


def test_large_weights_lie_in_a_file_beside(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, data = tmp_path / "step.onnx", tmp_path / "step.onnx.data"
    arguments = ("expert", str(folder / "transformer"), str(path), *STEP, "--guidance", "fused")
    export(monkeypatch, *arguments, "--external-data-above", "1000")
    assert capsys.readouterr().out.splitlines()[-1].startswith("peak memory ")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["step.onnx", "step.onnx.data"]
    named = [t for t in onnx.load(path, load_external_data=False).graph.initializer if t.external_data]
    assert {entry.value for t in named for entry in t.external_data if entry.key == "location"} == {"step.onnx.data"}
    parameters = sum(parameter.numel() for parameter in tiny_expert().parameters())
    assert data.stat().st_size > 0.95 * 4 * parameters > path.stat().st_size / 4
    assert notes_of_the_exporter(path) == []
    theirs = ExpertStep(load_expert(folder / "transformer"), coordinates(LATENT[1:]))
    inputs = step_inputs(True, seed=5)
    assert apart(play(path, inputs, "NEXT_STATE"), theirs(*inputs.values())[0]) <= 1e-5

    before = (path.read_bytes(), data.read_bytes())
    export(monkeypatch, *arguments, "--external-data-above", "1000")
    assert (path.read_bytes(), data.read_bytes()) == before
    export(monkeypatch, *arguments)
    assert [file.name for file in tmp_path.iterdir()] == ["step.onnx"]


def test_a_graph_that_is_not_right_appears_under_no_name(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise onnx.checker.ValidationError(path)

    monkeypatch.setattr(onnx.checker, "check_model", refuse)
    with pytest.raises(onnx.checker.ValidationError):
        export(monkeypatch, "text-encoder", folder / "text_encoder", tmp_path / "text.onnx", "--tokens", "6")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("weights", "kind"), [("bf16", TensorProto.BFLOAT16), ("fp16", TensorProto.FLOAT16)])
def test_sixteen_bits_are_the_transformers_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: str, kind: int
) -> None:
    path = tmp_path / "step.onnx"
    flags = [*STEP, "--guidance", "fused", "--weights", weights]
    export(monkeypatch, "expert", folder / "transformer", path, *flags)
    # onnx itself infers every datatype, and refuses an operation that does not take it in this opset.
    onnx.checker.check_model(onnx.load(path), full_check=True)
    kinds = stored(path)
    assert kinds["transformer.blocks.0.ffn.net.0.proj.weight.transposed"] == kind
    assert kinds["transformer.patch_embedding.weight"] == kind
    for name in ("blocks.0.scale_shift_table", "condition_embedder.time_embedder.linear_1.weight", "rope.freqs_cos"):
        assert kinds[f"transformer.{name}"] == TensorProto.FLOAT
    graph = onnx.load(path).graph
    assert {value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)} == {TensorProto.FLOAT}
    # The same function of the same rounded weights, all arithmetic in FP32.
    expert = load_expert(folder / "transformer", torch.bfloat16 if weights == "bf16" else torch.float16).float()
    inputs = step_inputs(True, seed=6)
    theirs = ExpertStep(expert, coordinates(LATENT[1:]))(*inputs.values())[0]
    playable = widened(path, tmp_path / "wide.onnx") if weights == "bf16" else path
    assert apart(play(playable, inputs, "NEXT_STATE"), theirs) <= (1e-5 if weights == "bf16" else 5e-3)


def test_a_text_encoder_in_bf16_gives_an_fp32_context(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "text.onnx"
    export(monkeypatch, "text-encoder", folder / "text_encoder", path, "--tokens", str(TOKENS), "--weights", "bf16")
    onnx.checker.check_model(onnx.load(path), full_check=True)
    assert list(stored(path).values()).count(TensorProto.BFLOAT16) > 10
    assert onnx.load(path).graph.output[0].type.tensor_type.elem_type == TensorProto.FLOAT
    ids, mask = torch.arange(2 * TOKENS).view(2, TOKENS), torch.ones(2, TOKENS).long().tril(2)
    theirs = TextEncoder(load_text_encoder(folder / "text_encoder", torch.bfloat16).float())(ids, mask)
    ours = play(widened(path, tmp_path / "wide.onnx"), {"TOKEN_IDS": ids, "TOKEN_MASK": mask}, "CONTEXT")
    # The constants of GELU and of the mask are rounded to BF16 too.
    assert apart(ours, theirs) <= 1e-3


@pytest.mark.parametrize(
    ("latent", "told"), [("16,3,4,4", "--latent has 16 channels, the checkpoint 4"), ("4,3,5,4", "patches of 1, 2, 2")]
)
def test_a_latent_that_does_not_fit_ends_with_two_lines(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    latent: str,
    told: str,
) -> None:
    flags = ["--latent", latent, *STEP[2:], "--guidance", "off"]
    with pytest.raises(SystemExit) as ended:
        export(monkeypatch, "expert", folder / "transformer", tmp_path / "step.onnx", *flags)
    assert ended.value.code == 2
    error, hint = capsys.readouterr().err.splitlines()[-2:]
    assert error.startswith("error: ") and told in error
    assert hint.startswith("hint: ")
    assert list(tmp_path.iterdir()) == []
