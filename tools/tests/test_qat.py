"""Quantisation-aware training: what it writes is plain weights, and their INT8 graph is nearer to the parent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from diffusers import WanTransformer3DModel
from graphs_by_hand import error, play

from triptych_tools import qat
from triptych_tools.checkpoint import load_expert, save_part
from triptych_tools.command import InputError
from triptych_tools.export import export_graph
from triptych_tools.networks import ExpertStep
from triptych_tools.quantise import Recipe, quantise
from triptych_tools.teacher import Samples, grid

LATENT, TOKENS, DIM = (4, 3, 4, 4), 6, 32


def coarse_expert(folder: Path) -> Path:
    """An expert that INT8 treats badly: some of what its layers take is far larger than the rest."""
    torch.manual_seed(0)
    expert = WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=16,
        in_channels=LATENT[0],
        out_channels=LATENT[0],
        text_dim=DIM,
        freq_dim=32,
        ffn_dim=64,
        num_layers=1,
        rope_max_seq_len=16,
    )
    for parameter in expert.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    block = expert.blocks[0]
    block.ffn.net[0].proj.bias.data[:4] += 60.0
    block.ffn.net[2].weight.data[:, :4] /= 60.0
    save_part(expert, folder)
    return folder


def samples() -> Samples:
    source = torch.Generator().manual_seed(1)
    return Samples(
        points=torch.randn(32, 5, *LATENT, generator=source),
        sigmas=grid(4, 5.0),
        contexts=torch.randn(32, TOKENS, DIM, generator=source),
        empty=torch.zeros(TOKENS, DIM),
        boundary=0.875,
    )


def recorded(data: Samples, rows: slice) -> dict[str, npt.NDArray[Any]]:
    """Inputs of a graph whose NEXT_STATE is the velocity, at the first point of some paths."""
    points, contexts = data.points[rows, 0], data.contexts[rows]
    both = torch.stack([torch.zeros_like(contexts), contexts], dim=1).flatten(0, 1)
    return {
        "STATE": points.numpy(),
        "TIMESTEP": np.full(len(points), 1000.0, dtype=np.float32),
        "CONTEXT": both.numpy(),
        "COEFFICIENTS": np.tile(np.array([[0.0, 1.0]], dtype=np.float32), (len(points), 1)),
    }


def exported(folder: Path, path: Path) -> Path:
    inputs = {name: torch.from_numpy(array) for name, array in recorded(samples(), slice(0, 1)).items()}
    export_graph(ExpertStep(load_expert(folder)), inputs, ("NEXT_STATE", "LATENT"), path)
    return path


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The coarse expert's folder, with its graph beside it."""
    folder = coarse_expert(tmp_path_factory.mktemp("expert") / "parent")
    exported(folder, folder.with_suffix(".onnx"))
    return folder


def train(parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> None:
    samples().save(tmp_path / "samples.safetensors")
    where = ["qat", str(parent), str(tmp_path / "student"), "--samples"]
    options = [str(tmp_path / "samples.safetensors"), "--expert", "high_noise", "--device", "cpu", *more]
    monkeypatch.setattr(sys, "argv", [*where, *options])
    qat.main()


def test_a_trained_student_loses_less_to_int8(parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(parent, tmp_path, monkeypatch, "--steps", "150", "--lr", "2e-3")
    assert not list(tmp_path.glob("*.partial"))
    student = exported(tmp_path / "student", tmp_path / "student.onnx")
    data = recorded(samples(), slice(0, 32))
    wanted = play(parent.with_suffix(".onnx"), data, "NEXT_STATE")
    errors = []
    for graph in (parent.with_suffix(".onnx"), student):
        quantise(graph, tmp_path / "int8.onnx", data, Recipe("int8"))
        errors.append(error(play(tmp_path / "int8.onnx", data, "NEXT_STATE"), wanted))
    assert errors[1] < 0.8 * errors[0]


def test_the_fake_quantisers_round_what_the_graph_rounds(parent: Path, tmp_path: Path) -> None:
    expert = load_expert(parent)
    data = samples()
    inputs = (data.points[:4, 0], torch.full((4,), 1000.0), data.contexts[:4])
    full = expert(*inputs, return_dict=False)[0]
    qat.fake_quantise(expert, qat.kept_layers(1), lambda model: model(*inputs))
    names = {name for name, module in expert.named_modules() if getattr(module, "is_enabled", False)}
    layers = {name.rsplit(".", 1)[0] for name in names}
    assert {name.rsplit(".", 1)[1] for name in names} == {"input_quantizer", "weight_quantizer"}
    linear = {name for name, module in load_expert(parent).named_modules() if "Linear" in str(type(module))}
    assert linear - layers == {
        "condition_embedder.time_embedder.linear_1",
        "condition_embedder.time_embedder.linear_2",
        "condition_embedder.time_proj",
    }
    assert layers <= linear
    rounded = expert(*inputs, return_dict=False)[0]
    few = recorded(data, slice(0, 4))
    quantise(parent.with_suffix(".onnx"), tmp_path / "int8.onnx", few, Recipe("int8"))
    ours = play(tmp_path / "int8.onnx", few, "NEXT_STATE")[:, 0]
    # Sums in another order: a value at the edge of two steps may fall to either side.
    assert error(ours, rounded.numpy()) < 0.1 * error(rounded.numpy(), full.numpy())


def test_a_deep_expert_trains_with_the_layers_unrounded_that_are_kept() -> None:
    kept = qat.kept_layers(40)
    assert {"*blocks.0.*", "*blocks.2.*", "*blocks.37.*", "*blocks.39.*", "*proj_out*"} <= set(kept)
    assert "*blocks.3.*" not in kept


def test_what_cannot_be_trained_is_refused(parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "student").mkdir()
    with pytest.raises(InputError, match="student exists already"):
        train(parent, tmp_path, monkeypatch, "--steps", "1")
    low = samples()
    low.sigmas[:] = torch.linspace(0.8, 0.0, 5)
    with pytest.raises(InputError, match="high_noise makes no step in these samples"):
        qat.Batches(low, "high_noise", 4, 0.0, np.random.default_rng(0))
