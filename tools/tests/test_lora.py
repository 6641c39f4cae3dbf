"""A fused LoRA adds what its file says to the weights it names, and nothing in a file is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers import WanTransformer3DModel
from diffusers.loaders.lora_conversion_utils import _convert_non_diffusers_wan_lora_to_diffusers
from safetensors.torch import save_file
from tiny import BLOCKS, FFN, HEAD_WIDTH, HEADS, arguments, saved, tiny_expert
from torch import Tensor

from triptych_tools import lora
from triptych_tools.command import InputError

WIDTH = HEADS * HEAD_WIDTH
RANK, ALPHA = 4, 8.0
LAYERS = {
    "self_attn.q": ("attn1.to_q", WIDTH, WIDTH),
    "self_attn.o": ("attn1.to_out.0", WIDTH, WIDTH),
    "cross_attn.k": ("attn2.to_k", WIDTH, WIDTH),
    "cross_attn.v": ("attn2.to_v", WIDTH, WIDTH),
    "ffn.0": ("ffn.net.0.proj", FFN, WIDTH),
    "ffn.2": ("ffn.net.2", WIDTH, FFN),
}
"""Wan's own name of a layer of a block → diffusers' name, outputs, inputs."""

Entries = dict[str, Tensor]


def published(down: str = "lora_down", up: str = "lora_up", alpha: bool = True) -> Entries:
    """A LoRA for every block, in the layout of the published few-step ones."""
    source = torch.Generator().manual_seed(3)
    entries: Entries = {}
    for index in range(BLOCKS):
        for name, (_, outputs, inputs) in LAYERS.items():
            layer = f"diffusion_model.blocks.{index}.{name}"
            entries[f"{layer}.{down}.weight"] = torch.randn(RANK, inputs, generator=source) * 0.1
            entries[f"{layer}.{up}.weight"] = torch.randn(outputs, RANK, generator=source) * 0.1
            if alpha:
                entries[f"{layer}.alpha"] = torch.tensor(ALPHA)
    return entries


def fuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entries: Entries, *more: object
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Weights before and after the command, the latter as diffusers itself loads them."""
    file, target, parent = tmp_path / "lora.safetensors", tmp_path / "out", tiny_expert()
    tmp_path.mkdir(exist_ok=True)
    save_file(entries, file)
    folder = saved(parent, tmp_path / "whole")
    arguments(monkeypatch, folder, file, target, "--weights", "fp32", *more)
    lora.main()
    fused = WanTransformer3DModel.from_pretrained(target, torch_dtype=torch.float32)
    return dict(parent.named_parameters()), dict(fused.named_parameters())


@pytest.mark.parametrize(("down", "up"), [("lora_down", "lora_up"), ("lora_A", "lora_B")])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_products_are_added_at_alpha_over_rank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, down: str, up: str, scale: float
) -> None:
    entries = published(down, up)
    before, after = fuse(tmp_path, monkeypatch, entries, "--scale", scale)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    expected = set()
    for index in range(BLOCKS):
        for ours, (theirs, _, _) in LAYERS.items():
            layer, name = f"diffusion_model.blocks.{index}.{ours}", f"blocks.{index}.{theirs}.weight"
            product = entries[f"{layer}.{up}.weight"] @ entries[f"{layer}.{down}.weight"]
            assert torch.allclose(after[name], before[name] + scale * ALPHA / RANK * product, atol=1e-6)
            expected.add(name)
    assert changed == expected


def test_without_alpha_the_product_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = published(alpha=False)
    before, after = fuse(tmp_path, monkeypatch, entries)
    layer = "diffusion_model.blocks.1.ffn.0"
    product = entries[f"{layer}.lora_up.weight"] @ entries[f"{layer}.lora_down.weight"]
    name = "blocks.1.ffn.net.0.proj.weight"
    assert torch.allclose(after[name], before[name] + product, atol=1e-6)


@pytest.mark.parametrize("alpha", [True, False])
def test_names_and_factors_are_those_of_diffusers_own_converter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alpha: bool
) -> None:
    entries = published(alpha=alpha)
    before, after = fuse(tmp_path, monkeypatch, entries)
    theirs = {
        key.removeprefix("transformer."): value
        for key, value in _convert_non_diffusers_wan_lora_to_diffusers(dict(entries)).items()
    }
    layers = {key.removesuffix(".lora_A.weight") for key in theirs if key.endswith(".lora_A.weight")}
    assert len(layers) == BLOCKS * len(LAYERS)
    for layer in layers:
        product = theirs[f"{layer}.lora_B.weight"] @ theirs[f"{layer}.lora_A.weight"]
        assert torch.allclose(after[f"{layer}.weight"], before[f"{layer}.weight"] + product, atol=1e-6)


def test_what_the_converter_makes_is_taken_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, first = fuse(tmp_path / "a", monkeypatch, published())
    converted = _convert_non_diffusers_wan_lora_to_diffusers(published())
    _, second = fuse(tmp_path / "b", monkeypatch, {name: value.contiguous() for name, value in converted.items()})
    assert all(torch.allclose(first[name], second[name], atol=1e-6) for name in first)


FULL = {
    "blocks.0.self_attn.q.diff_b": "blocks.0.attn1.to_q.bias",
    "blocks.0.self_attn.norm_q.diff": "blocks.0.attn1.norm_q.weight",
    "blocks.2.norm3.diff": "blocks.2.norm2.weight",
    "blocks.2.norm3.diff_b": "blocks.2.norm2.bias",
    "blocks.1.diff_m": "blocks.1.scale_shift_table",
    "head.diff_m": "scale_shift_table",
    "head.head.diff": "proj_out.weight",
    "time_projection.1.diff_b": "condition_embedder.time_proj.bias",
    "text_embedding.0.diff": "condition_embedder.text_embedder.linear_1.weight",
    "time_embedding.2.diff": "condition_embedder.time_embedder.linear_2.weight",
    "patch_embedding.diff": "patch_embedding.weight",
}
"""Entry of a full difference → the weight it belongs to."""


def test_full_differences_are_added_wherever_they_belong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = dict(tiny_expert().named_parameters())
    source = torch.Generator().manual_seed(8)
    entries = {
        f"diffusion_model.{name}": torch.randn(weights[target].shape, generator=source) for name, target in FULL.items()
    }
    before, after = fuse(tmp_path, monkeypatch, entries, "--scale", 0.5)
    for name, target in FULL.items():
        wanted = before[target] + 0.5 * entries[f"diffusion_model.{name}"]
        assert torch.allclose(after[target], wanted, atol=1e-6), name
    assert {name for name in before if not torch.equal(before[name], after[name])} == set(FULL.values())


def test_a_layer_may_have_a_product_and_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = published()
    layer = "diffusion_model.blocks.0.self_attn.q"
    entries[f"{layer}.diff"] = torch.ones(WIDTH, WIDTH)
    before, after = fuse(tmp_path, monkeypatch, entries)
    product = ALPHA / RANK * entries[f"{layer}.lora_up.weight"] @ entries[f"{layer}.lora_down.weight"]
    name = "blocks.0.attn1.to_q.weight"
    assert torch.allclose(after[name], before[name] + product + 1, atol=1e-6)


Q = "diffusion_model.blocks.0.self_attn.q"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({f"{Q}.dora_scale": torch.ones(1)}, r"q\.dora_scale"),
        ({"diffusion_model.blocks.7.ffn.0.diff": torch.ones(FFN, WIDTH)}, r"no blocks\.7\.ffn\.net\.0\.proj\.weight"),
        ({"diffusion_model.blocks.0.cross_attn.k_img.diff": torch.ones(1)}, r"blocks\.0\.attn2\.add_k_proj"),
        ({f"{Q}.lora_up.weight": torch.ones(WIDTH, RANK + 1)}, r"self_attn\.q: factors .* do not fit"),
        ({f"{Q}.lora_up.weight": torch.ones(WIDTH + 1, RANK)}, r"attn1\.to_q\.weight: expected \[64, 64\]"),
        ({f"{Q}.diff_b": torch.ones(3)}, r"attn1\.to_q\.bias: expected \[64\], got \[3\]"),
        ({f"{Q}.lora_up.weight": None}, "lacks the rest of a product"),
        ({f"{Q}.lora_up.weight": None, f"{Q}.lora_down.weight": None}, "has alpha and lacks"),
        ({f"transformer_2.{Q.split('.', 1)[1]}.lora_up.weight": torch.ones(WIDTH, RANK)}, "two entries for"),
    ],
    ids=str,
)
def test_a_file_that_does_not_fit_whole_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Tensor | None], message: str
) -> None:
    entries = {**published(), **changes}
    with pytest.raises(InputError, match=message):
        fuse(tmp_path, monkeypatch, {name: value for name, value in entries.items() if value is not None})
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_lora_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lora.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match="no safetensors file"):
        lora.read_patches(tmp_path / "lora.safetensors")


def test_a_weight_too_large_for_fp16_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"to_q\.bias holds a value too large for fp16"):
        fuse(tmp_path, monkeypatch, {f"{Q}.diff_b": torch.full((WIDTH,), 1e5)}, "--weights", "fp16")
    assert not (tmp_path / "out").exists()
