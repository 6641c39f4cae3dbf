"""Exported graphs compute what torch computes, and carry nothing of the machine that made them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch
from diffusers import WanTransformer3DModel
from onnx import TensorProto, helper, numpy_helper
from support import notes_of_the_exporter
from torch import Tensor, nn

from triptych_runtime.session import open_session
from triptych_tools.cast import POSITIONS, store_fp16
from triptych_tools.experts import coordinates
from triptych_tools.export import export_graph
from triptych_tools.networks import ExpertStep, LatentDecoder, TextEncoder
from triptych_tools.wan_tiny.text import new_text_encoder

Array = npt.NDArray[Any]

LATENT = (4, 3, 4, 4)
TOKENS, DIM = 6, 32
STATE_SIZE = 3


def tiny_expert() -> WanTransformer3DModel:
    """A transformer of one block with random weights, three of its input channels for positions."""
    torch.manual_seed(0)
    expert = WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=16,
        in_channels=LATENT[0] + 3,
        out_channels=LATENT[0],
        text_dim=DIM,
        freq_dim=32,
        ffn_dim=64,
        num_layers=1,
        rope_max_seq_len=16,
    )
    for parameter in expert.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return expert.eval().requires_grad_(False)


def step_inputs(guided: bool, seed: int = 1) -> dict[str, Tensor]:
    source = torch.Generator().manual_seed(seed)
    inputs = {
        "STATE": torch.randn(STATE_SIZE, *LATENT, generator=source),
        "TIMESTEP": torch.rand(1, generator=source) * 1000,
        "CONTEXT": torch.randn(2, TOKENS, DIM, generator=source),
        "COEFFICIENTS": torch.randn(STATE_SIZE, STATE_SIZE + 1, generator=source),
    }
    return {**inputs, "GUIDANCE": torch.tensor([2.5])} if guided else inputs


def run(path: Path, inputs: dict[str, Tensor], outputs: tuple[str, ...]) -> list[Array]:
    arrays: list[Array] = open_session(path).run(list(outputs), {name: x.numpy() for name, x in inputs.items()})
    return arrays


def by_hand(expert: WanTransformer3DModel, inputs: dict[str, Tensor]) -> Tensor:
    """A step written out: velocity, guidance, and the linear map row by row."""
    state = inputs["STATE"]
    x = torch.cat([state[0], coordinates(LATENT[1:])[0]])[None]
    negative, positive = (
        expert(x, inputs["TIMESTEP"], inputs["CONTEXT"][row : row + 1], return_dict=False)[0][0] for row in (0, 1)
    )
    v = negative + inputs["GUIDANCE"] * (positive - negative) if "GUIDANCE" in inputs else positive
    rows = [sum(w * part for w, part in zip(row, [*state, v], strict=True)) for row in inputs["COEFFICIENTS"]]
    return torch.stack(rows)


GUIDANCES = ("fused", "sequential", "off")


def step_of(expert: WanTransformer3DModel, guidance: str) -> ExpertStep:
    return ExpertStep(expert, coordinates(LATENT[1:]), sequential=guidance == "sequential")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The step of the tiny expert, with each kind of guidance, as ONNX files."""
    folder = tmp_path_factory.mktemp("onnx")
    paths = {guidance: folder / f"{guidance}.onnx" for guidance in GUIDANCES}
    for guidance, path in paths.items():
        inputs = step_inputs(guidance != "off")
        export_graph(step_of(tiny_expert(), guidance), inputs, ("NEXT_STATE", "LATENT"), path)
    return paths


@pytest.mark.parametrize("guidance", GUIDANCES)
def test_a_step_is_guidance_and_a_linear_map(guidance: str) -> None:
    expert, inputs = tiny_expert(), step_inputs(guidance != "off")
    following, latent = step_of(expert, guidance)(*inputs.values())
    assert torch.allclose(following, by_hand(expert, inputs), atol=1e-5)
    assert torch.equal(latent, following[0])


@pytest.mark.parametrize("guidance", GUIDANCES)
def test_an_exported_step_agrees_with_torch(exported: dict[str, Path], guidance: str) -> None:
    # Other values than those it was exported with, so that nothing of them can have become a constant.
    inputs = step_inputs(guidance != "off", seed=2)
    ours = run(exported[guidance], inputs, ("NEXT_STATE", "LATENT"))
    theirs = by_hand(tiny_expert(), inputs)
    for array, expected in zip(ours, (theirs, theirs[0]), strict=True):
        assert np.abs(array - expected.numpy()).max() <= 1e-5 * expected.abs().max()


def test_passes_one_after_the_other_share_their_weights_and_make_no_batch(exported: dict[str, Path]) -> None:
    graphs = {guidance: onnx.load(path).graph for guidance, path in exported.items()}
    rows = {
        guidance: [
            value.type.tensor_type.shape.dim[0].dim_value for value in graph.value_info if value.name == "conv3d"
        ]
        for guidance, graph in graphs.items()
    }
    assert rows == {"fused": [2], "sequential": [1], "off": [1]}
    weights = {guidance: sum(len(t.raw_data) for t in graph.initializer) for guidance, graph in graphs.items()}
    assert weights["sequential"] <= 1.01 * weights["off"]


@pytest.mark.parametrize("guidance", GUIDANCES)
def test_an_exported_step_has_the_repositorys_names_types_and_shapes(exported: dict[str, Path], guidance: str) -> None:
    session = open_session(exported[guidance])
    inputs = {item.name: (item.type, tuple(item.shape)) for item in session.get_inputs()}
    expected = step_inputs(guidance != "off")
    assert inputs == {name: ("tensor(float)", tuple(x.shape)) for name, x in expected.items()}
    outputs = {item.name: tuple(item.shape) for item in session.get_outputs()}
    assert outputs == {"NEXT_STATE": (STATE_SIZE, *LATENT), "LATENT": LATENT}


def test_nothing_of_this_machine_is_in_the_file(exported: dict[str, Path]) -> None:
    for path in exported.values():
        assert notes_of_the_exporter(path) == []


def test_exporting_again_gives_the_same_bytes(exported: dict[str, Path], tmp_path: Path) -> None:
    step = step_of(tiny_expert(), "off")
    export_graph(step, step_inputs(False), ("NEXT_STATE", "LATENT"), tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == exported["off"].read_bytes()


def test_an_exported_text_encoder_agrees_with_torch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = TextEncoder(new_text_encoder(20).eval().requires_grad_(False))
    inputs = {"TOKEN_IDS": torch.ones(2, TOKENS, dtype=torch.int64), "TOKEN_MASK": torch.ones(2, TOKENS).long()}
    export_graph(module, inputs, ("CONTEXT",), tmp_path / "text.onnx")
    other = {"TOKEN_IDS": torch.arange(2 * TOKENS).view(2, TOKENS), "TOKEN_MASK": torch.ones(2, TOKENS).long().tril(2)}
    ours, theirs = run(tmp_path / "text.onnx", other, ("CONTEXT",))[0], module(*other.values()).numpy()
    assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()
    assert (ours[other["TOKEN_MASK"].numpy() == 0] == 0).all()


class Enlarge(nn.Module):
    """Stands in for a decoder: [1, 3, T, H, W] → the same, one frame each."""

    def forward(self, latents: Tensor) -> Tensor:
        return latents * 1.0


def test_the_decoder_undoes_the_scaling_and_rounds_to_bytes(tmp_path: Path) -> None:
    mean, std = torch.tensor([0.5, 0.0, -0.5]), torch.tensor([2.0, 1.0, 0.5])
    # Levels between bytes, at bytes, at both ends, and beyond them.
    levels = torch.tensor([-9.0, -1.0, -0.999, 0.0, 0.3, 0.999, 1.0, 9.0])
    video = levels.view(1, 1, 2, 4).expand(3, 2, 2, 4).contiguous()
    latent = (video - mean.view(-1, 1, 1, 1)) / std.view(-1, 1, 1, 1)
    decoder = LatentDecoder(Enlarge(), mean, std)
    export_graph(decoder, {"LATENT": torch.zeros_like(latent)}, ("FRAMES",), tmp_path / "decoder.onnx")
    expected = np.array([0, 0, 0, 128, 166, 255, 255, 255], dtype=np.uint8).reshape(2, 4)
    for frames in (decoder(latent).numpy(), run(tmp_path / "decoder.onnx", {"LATENT": latent}, ("FRAMES",))[0]):
        assert frames.dtype == np.uint8
        assert frames.shape == (2, 2, 4, 3)
        assert all(np.array_equal(frames[i, ..., c], expected) for i in range(2) for c in range(3))


class Product(nn.Module):
    """One matrix product and a bias too small to be worth storing as FP16."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(128, 32)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.linear(x)
        return out


def test_store_fp16_halves_the_file(exported: dict[str, Path], tmp_path: Path) -> None:
    light = tmp_path / "light.onnx"
    store_fp16(exported["fused"], light)
    parameters = sum(parameter.numel() for parameter in tiny_expert().parameters())
    saved = exported["fused"].stat().st_size - light.stat().st_size
    assert 1.8 * parameters < saved < 2.1 * parameters


def test_store_fp16_rounds_the_weights_and_nothing_else(tmp_path: Path) -> None:
    module, x = Product(), torch.randn(5, 128, generator=torch.Generator().manual_seed(3))
    export_graph(module, {"X": x}, ("Y",), tmp_path / "full.onnx")
    store_fp16(tmp_path / "full.onnx", tmp_path / "light.onnx")
    module.linear.weight.data = module.linear.weight.data.half().float()
    export_graph(module, {"X": x}, ("Y",), tmp_path / "rounded.onnx")
    light, rounded = (run(tmp_path / f"{name}.onnx", {"X": x}, ("Y",))[0] for name in ("light", "rounded"))
    full = run(tmp_path / "full.onnx", {"X": x}, ("Y",))[0]
    assert light.dtype == np.float32
    assert np.array_equal(light, rounded)
    assert not np.array_equal(light, full)
    stored = {tensor.name: tensor.data_type for tensor in onnx.load(tmp_path / "light.onnx").graph.initializer}
    assert sorted(stored.values()) == [TensorProto.FLOAT, TensorProto.FLOAT16]


def test_store_fp16_of_an_expert_rounds_its_weights_and_not_its_positions(
    exported: dict[str, Path], tmp_path: Path
) -> None:
    light, inputs, expert = tmp_path / "light.onnx", step_inputs(True, seed=4), tiny_expert()
    store_fp16(exported["fused"], light, keep=POSITIONS)
    for parameter in expert.parameters():
        if parameter.numel() >= 64:
            parameter.data = parameter.data.half().float()
    theirs = ExpertStep(expert, coordinates(LATENT[1:]))(*inputs.values())[0]
    assert np.abs(run(light, inputs, ("NEXT_STATE",))[0] - theirs.numpy()).max() <= 1e-5 * theirs.abs().max()
    stored = {tensor.name: tensor.data_type for tensor in onnx.load(light).graph.initializer}
    assert {stored[name] for name in POSITIONS} == {TensorProto.FLOAT}


def test_store_fp16_refuses_a_weight_that_would_become_infinite(tmp_path: Path) -> None:
    weight = numpy_helper.from_array(np.full((64,), 70_000.0, dtype=np.float32), "W")
    spec = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [64]) for name in ("X", "Y")]
    graph = helper.make_graph([helper.make_node("Add", ["X", "W"], ["Y"])], "g", spec[:1], spec[1:], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]), tmp_path / "large.onnx")
    with pytest.raises(ValueError, match="W: a weight is too large for FP16"):
        store_fp16(tmp_path / "large.onnx", tmp_path / "light.onnx")
