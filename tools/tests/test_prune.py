"""Pruning removes what is worth least, everywhere it is, and leaves a plain transformer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from diffusers import WanTransformer3DModel
from safetensors.torch import load_file
from tiny import BLOCKS, FFN, HEAD_WIDTH, HEADS, arguments, ask, saved, tiny_expert, tiny_samples

from triptych_tools import prune
from triptych_tools.axes import axes_of, keep_units, unit_scores
from triptych_tools.command import InputError
from triptych_tools.cut import Size, narrow
from triptych_tools.recover import Points, recover

DEAD = [3, 10, 17, 40, 41, 42, 50, 51, 52, 53, 54, 55, 60, 61, 62, 63]


class Stopped(Exception):
    """The machine went away."""


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, target: Path, *more: object) -> WanTransformer3DModel:
    """Prune by the command line; the result as diffusers itself loads it, in FP32."""
    arguments(monkeypatch, folder, target, "--device", "cpu", "--batch", 4, *more)
    prune.main()
    return WanTransformer3DModel.from_pretrained(target, torch_dtype=torch.float32).eval()


def report(target: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((target / "prune.json").read_text())
    return found


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    tiny_samples().save(tmp_path / "samples.safetensors")
    return tmp_path / "samples.safetensors"


def test_units_in_another_order_are_the_same_expert() -> None:
    # Every weight that holds a unit must move with it: one that is forgotten changes the velocity.
    expert = tiny_expert()
    axes, weights = axes_of(expert), dict(expert.named_parameters())
    source = torch.Generator().manual_seed(4)
    units = {space: len(scores) for space, scores in unit_scores(axes, weights).items()}
    order = {space: torch.randperm(count, generator=source) for space, count in units.items()}
    shuffled = tiny_expert(seed=1)
    shuffled.load_state_dict(keep_units(axes, weights, order))
    assert torch.allclose(ask(shuffled), ask(expert), atol=1e-5)
    assert {*units.values()} == {FFN, HEADS, HEADS * HEAD_WIDTH}


def test_channels_that_do_nothing_go_first_and_nothing_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expert = tiny_expert()
    for block in expert.blocks:
        block.ffn.net[0].proj.weight.data[DEAD] = 0
        block.ffn.net[0].proj.bias.data[DEAD] = 0
        block.ffn.net[2].weight.data[:, DEAD] = 0
    folder = saved(expert, tmp_path / "whole")
    pruned = run(monkeypatch, folder, tmp_path / "out", "--ffn", 0.25, "--weights", "fp32")
    assert pruned.config.ffn_dim == FFN - len(DEAD)
    assert torch.allclose(ask(pruned), ask(expert), atol=1e-6)
    count = sum(weight.numel() for weight in pruned.parameters())
    assert report(tmp_path / "out")["parameters"]["after"] == count
    assert not (tmp_path / "out.work").exists()


def test_a_block_that_does_nothing_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, samples: Path) -> None:
    expert = tiny_expert()
    idle = expert.blocks[1]
    for layer in (idle.attn1.to_out[0], idle.attn2.to_out[0], idle.ffn.net[2]):
        layer.weight.data.zero_()
        layer.bias.data.zero_()
    folder = saved(expert, tmp_path / "whole")
    where = ("--samples", samples, "--expert", "low_noise", "--weights", "fp32")
    pruned = run(monkeypatch, folder, tmp_path / "out", "--blocks", 1, *where)
    assert len(pruned.blocks) == pruned.config.num_layers == BLOCKS - 1
    assert torch.allclose(ask(pruned), ask(expert), atol=1e-6)
    found = report(tmp_path / "out")
    assert found["blocks_removed"] == [1]
    assert found["rounds"][-1]["distance_after_cut"] == 0.0


def test_gradients_see_what_magnitudes_do_not() -> None:
    expert = tiny_expert()
    for block in expert.blocks:
        # Large weights behind an activation that is never open.
        block.ffn.net[0].proj.bias.data[DEAD] = -100.0
        block.ffn.net[2].weight.data[:, DEAD] = 10.0
    points = Points(tiny_samples(), "high_noise", "cpu", 4)
    size = Size(BLOCKS, FFN - len(DEAD), HEADS)
    by_gradient = narrow(expert, size, "taylor", points)
    by_size = narrow(expert, size, "magnitude", points)
    assert torch.allclose(ask(by_gradient), ask(expert), atol=1e-6)
    assert all(float(block.ffn.net[0].proj.bias.min()) == -100.0 for block in by_size.blocks)
    assert not any(weight.requires_grad for weight in expert.parameters())


def test_a_narrow_expert_has_fewer_heads_and_as_many_channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved(tiny_expert(), tmp_path / "whole")
    pruned = run(monkeypatch, folder, tmp_path / "out", "--width", 0.25, "--ffn", 0.5)
    assert (pruned.config.num_attention_heads, pruned.config.attention_head_dim) == (HEADS - 1, HEAD_WIDTH)
    assert pruned.patch_embedding.weight.shape[0] == (HEADS - 1) * HEAD_WIDTH
    assert ask(pruned).isfinite().all()
    stored = load_file(tmp_path / "out" / "diffusion_pytorch_model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}


def test_norms_over_fewer_heads_give_what_they_gave() -> None:
    expert = tiny_expert()
    for block in expert.blocks:
        for attention in (block.attn1, block.attn2):
            for layer in (attention.to_q, attention.to_k, attention.to_v):
                layer.weight.data[HEAD_WIDTH : 2 * HEAD_WIDTH] = 0
                layer.bias.data[HEAD_WIDTH : 2 * HEAD_WIDTH] = 0
            attention.to_out[0].weight.data[:, HEAD_WIDTH : 2 * HEAD_WIDTH] = 0
    smaller = narrow(expert, Size(BLOCKS, FFN, HEADS - 1), "magnitude", None)
    rest = [entry for entry in range(HEADS * HEAD_WIDTH) if entry // HEAD_WIDTH != 1]
    values = torch.randn(5, HEADS * HEAD_WIDTH, generator=torch.Generator().manual_seed(6))
    values[:, HEAD_WIDTH : 2 * HEAD_WIDTH] = 0
    for block, narrowed in zip(expert.blocks, smaller.blocks, strict=True):
        for name in ("norm_q", "norm_k"):
            weight = getattr(narrowed.attn2, name).weight
            wanted = F.rms_norm(values, (len(values[0]),), getattr(block.attn2, name).weight, 1e-6)[:, rest]
            assert torch.allclose(F.rms_norm(values[:, rest], (len(rest),), weight, 1e-6), wanted, atol=1e-5)


def test_a_stopped_run_goes_on_as_if_it_never_had_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, samples: Path
) -> None:
    folder = saved(tiny_expert(), tmp_path / "whole")
    common = ("--expert", "high_noise", "--samples", samples, "--recover", 6, "--rounds", 2, "--blocks", 1)
    run(monkeypatch, folder, tmp_path / "a", "--ffn", 0.5, *common)

    calls: list[object] = []

    def stop(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise Stopped
        recover(*given)

    def counted(*given: Any) -> None:
        calls.append(given)
        recover(*given)

    with monkeypatch.context() as patch:
        patch.setattr(prune, "recover", stop)
        with pytest.raises(Stopped):
            run(patch, folder, tmp_path / "b", "--ffn", 0.5, *common)
    assert not (tmp_path / "b").exists()
    with pytest.raises(InputError, match="other options"):
        run(monkeypatch, folder, tmp_path / "b", "--ffn", 0.25, *common)
    calls.clear()
    with monkeypatch.context() as patch:
        patch.setattr(prune, "recover", counted)
        run(patch, folder, tmp_path / "b", "--ffn", 0.5, *common)
    assert len(calls) == 1
    for name in ("diffusion_pytorch_model.safetensors", "prune.json", "config.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    rows = report(tmp_path / "a")["rounds"]
    assert [(len(row["blocks_kept"]), row["ffn_dim"]) for row in rows] == [(2, 48), (2, 32)]
    assert all(row["distance_after_recovery"] < row["distance_after_cut"] for row in rows)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ((), "nothing is to be removed"),
        (("--ffn", 1.0), "shares from 0"),
        (("--ffn", 0.5, "--rounds", 0), "--rounds"),
        (("--blocks", 1), "--blocks needs --samples"),
        (("--ffn", 0.5, "--score", "taylor"), "--score taylor needs --samples"),
        (("--ffn", 0.5, "--recover", 5), "--recover needs --samples"),
        (("--blocks", BLOCKS), "leaves none"),
    ],
    ids=str,
)
def test_what_cannot_be_pruned_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[object, ...], message: str
) -> None:
    folder = saved(tiny_expert(), tmp_path / "whole")
    with pytest.raises(InputError, match=message):
        run(monkeypatch, folder, tmp_path / "out", *more)
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="exists already"):
        run(monkeypatch, folder, folder, "--ffn", 0.5)


def test_an_image_to_video_expert_is_refused() -> None:
    sizes = {"num_attention_heads": 2, "attention_head_dim": 8, "num_layers": 1, "ffn_dim": 16, "text_dim": 8}
    expert = WanTransformer3DModel(**sizes, added_kv_proj_dim=16, image_dim=8, rope_max_seq_len=16)
    with pytest.raises(InputError, match="no weight of a text-to-video expert"):
        axes_of(expert)
