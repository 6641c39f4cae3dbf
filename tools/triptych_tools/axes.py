"""Which weights of a Wan transformer belong together, so that a unit is removed from all of them or from none.

A *space* is a set of units that several weights share: the channels of the residual stream, the
hidden channels of one feed-forward, the heads of one attention. Every dimension of every weight
is either made of the units of one space or left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor

from triptych_tools.command import InputError


@dataclass(frozen=True)
class Axis:
    """A dimension of a weight: some copies of a space, each unit some entries wide."""

    space: str
    copies: int = 1
    width: int = 1

    def entries(self, units: Tensor, length: int) -> Tensor:
        """Entries along a dimension of a length that belong to units."""
        places = torch.arange(length).view(self.copies, -1, self.width)
        return places[:, units].flatten()

    def totals(self, values: Tensor) -> Tensor:
        """Sum of a dimension's values for each unit."""
        return values.view(self.copies, -1, self.width).sum((0, 2))


Axes = dict[str, tuple[Axis | None, ...]]
"""Axes of each weight by name; dimensions behind the last one listed are left alone."""

RESIDUAL = Axis("residual")
TIME = Axis("time")
TEXT = Axis("text")
TEXT_HIDDEN = Axis("text_hidden")


def axes_of(expert: WanTransformer3DModel) -> Axes:
    """Axes of every weight of an expert."""
    found = _around_the_blocks()
    for index in range(len(expert.blocks)):
        found |= _of_block(f"blocks.{index}", expert.config.attention_head_dim)
    unknown = sorted({name for name, _ in expert.named_parameters()} - found.keys())
    if unknown:
        raise InputError(f"{unknown[0]} is no weight of a text-to-video expert", "only such experts can be pruned")
    return found


def _around_the_blocks() -> Axes:
    embedder = "condition_embedder"
    six = Axis("residual", copies=6)
    return {
        "scale_shift_table": (None, None, RESIDUAL),
        **_linear("patch_embedding", RESIDUAL, None),
        **_linear(f"{embedder}.time_embedder.linear_1", TIME, None),
        # The final norm adds the time embedding to a table of the residual stream, so both share its channels.
        **_linear(f"{embedder}.time_embedder.linear_2", RESIDUAL, TIME),
        **_linear(f"{embedder}.time_proj", six, RESIDUAL),
        **_linear(f"{embedder}.text_embedder.linear_1", TEXT_HIDDEN, None),
        **_linear(f"{embedder}.text_embedder.linear_2", TEXT, TEXT_HIDDEN),
        **_linear("proj_out", None, RESIDUAL),
    }


def _of_block(block: str, head_width: int) -> Axes:
    ffn = Axis(f"{block}.ffn")
    found: Axes = {
        f"{block}.scale_shift_table": (None, None, RESIDUAL),
        **_linear(f"{block}.norm2", RESIDUAL, None),
        **_linear(f"{block}.ffn.net.0.proj", ffn, RESIDUAL),
        **_linear(f"{block}.ffn.net.2", RESIDUAL, ffn),
    }
    for name, source in (("attn1", RESIDUAL), ("attn2", TEXT)):
        attention = f"{block}.{name}"
        heads = Axis(f"{attention}.heads", width=head_width)
        found |= _linear(f"{attention}.to_q", heads, RESIDUAL)
        found |= _linear(f"{attention}.to_k", heads, source)
        found |= _linear(f"{attention}.to_v", heads, source)
        found |= _linear(f"{attention}.to_out.0", RESIDUAL, heads)
        found |= {f"{attention}.norm_q.weight": (heads,), f"{attention}.norm_k.weight": (heads,)}
    return found


def _linear(name: str, out: Axis | None, into: Axis | None) -> Axes:
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def unit_scores(axes: Axes, worth: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Worth of each unit of each space: the sum over all weights it touches, given the worth of every entry."""
    scores: dict[str, Tensor] = {}
    for name, values in worth.items():
        for dim, axis in enumerate(axes[name]):
            if axis is not None and values.ndim > dim:
                others = [other for other in range(values.ndim) if other != dim]
                found = axis.totals(values.sum(others) if others else values)
                scores[axis.space] = scores[axis.space] + found if axis.space in scores else found
    return scores


def keep_units(axes: Axes, weights: Mapping[str, Tensor], kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights without the units that are not kept; spaces that ``kept`` does not name stay whole."""
    smaller = dict(weights)
    for name, tensor in smaller.items():
        for dim, axis in enumerate(axes[name]):
            if axis is not None and axis.space in kept and tensor.ndim > dim:
                entries = axis.entries(kept[axis.space].cpu(), tensor.shape[dim])
                tensor = tensor.index_select(dim, entries.to(tensor.device))
        smaller[name] = tensor
    return smaller
