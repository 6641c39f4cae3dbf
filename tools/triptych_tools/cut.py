"""One cut of structured pruning: which blocks, hidden channels and heads go, and the expert without them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from diffusers import WanTransformer3DModel
from torch import Tensor, nn

from triptych_tools.axes import axes_of, keep_units, unit_scores
from triptych_tools.command import InputError
from triptych_tools.recover import Points
from triptych_tools.scores import effects_of_blocks, magnitude, taylor

FFN_STEP = 16
"""Hidden channels stay a multiple of this: what INT8 and 2:4 kernels want of an inner dimension."""


@dataclass(frozen=True)
class Size:
    """What remains of an expert."""

    layers: int
    ffn_dim: int
    heads: int

    @staticmethod
    def of(expert: WanTransformer3DModel) -> Size:
        """The size of an expert as it is."""
        config = expert.config
        return Size(config.num_layers, config.ffn_dim, config.num_attention_heads)

    def without(self, blocks: float, ffn: float, width: float) -> Size:
        """The size without a number of blocks and shares (0..1) of hidden channels and of heads."""
        return Size(
            self.layers - math.ceil(blocks),
            min(self.ffn_dim, max(1, round(self.ffn_dim * (1 - ffn) / FFN_STEP)) * FFN_STEP),
            max(1, round(self.heads * (1 - width))),
        )


def drop_blocks(expert: WanTransformer3DModel, count: int, names: list[int], points: Points | None) -> list[int]:
    """Remove the blocks whose absence changes the velocity least, one after the other; returns the names left."""
    names = list(names)
    for _ in range(count):
        if points is None:
            raise InputError("--blocks needs --samples", "blocks are judged by what their absence changes")
        effects = effects_of_blocks(expert, points)
        least = effects.index(min(effects))
        expert.blocks = nn.ModuleList(block for index, block in enumerate(expert.blocks) if index != least)
        del names[least]
    return names


def narrow(expert: WanTransformer3DModel, size: Size, score: str, points: Points | None) -> WanTransformer3DModel:
    """A new expert of a size that keeps the worthiest units of every space."""
    if score == "taylor" and points is None:
        raise InputError("--score taylor needs --samples", "use --score magnitude, or record samples")
    axes = axes_of(expert)
    now = Size.of(expert)
    kept: dict[str, Tensor] = {}
    if (size.ffn_dim, size.heads) != (now.ffn_dim, now.heads):
        worth = magnitude(expert) if points is None or score == "magnitude" else taylor(expert, points)
        kept = chosen(unit_scores(axes, worth), now, size, expert.config.attention_head_dim)
    weights = {name: weight.detach() for name, weight in expert.named_parameters()}
    if size.heads != now.heads:
        weights |= rescaled_norms(weights, kept, expert.config.attention_head_dim)
    changes = {"num_layers": len(expert.blocks), "ffn_dim": size.ffn_dim, "num_attention_heads": size.heads}
    # What diffusers notes in a config would bring back defaults where the expert was loaded with them.
    config = {key: value for key, value in expert.config.items() if not key.startswith("_")}
    smaller = WanTransformer3DModel(**{**config, **changes})
    smaller.load_state_dict(keep_units(axes, weights, kept))
    result: WanTransformer3DModel = smaller.eval().requires_grad_(False).to(expert.device)
    return result


def chosen(scores: dict[str, Tensor], now: Size, size: Size, head_width: int) -> dict[str, Tensor]:
    """Units to keep of each space that shrinks, in their order."""
    kept = {}
    for space, values in scores.items():
        if space.endswith(".ffn"):
            count = size.ffn_dim
        elif space.endswith(".heads"):
            count = size.heads
        else:
            count = size.heads * head_width
        if count < len(values):
            kept[space] = values.topk(count).indices.sort().values
    return kept


def rescaled_norms(weights: dict[str, Tensor], kept: dict[str, Tensor], head_width: int) -> dict[str, Tensor]:
    """Weights of the norms of queries and keys for fewer heads.

    Such a norm divides by the root mean square over all heads, which is another one without some of
    them. The expected ratio goes into its weight. It is taken from the projection before the norm:
    for inputs without correlation an output's mean square is that of its row and its bias.
    """
    changed = {}
    for space, heads in kept.items():
        for part in ("q", "k") if space.endswith(".heads") else ():
            attention = space.removesuffix(".heads")
            norm, projection = f"{attention}.norm_{part}.weight", f"{attention}.to_{part}"
            rows = weights[f"{projection}.weight"].float().square().sum(1)
            squares = (rows + weights[f"{projection}.bias"].float().square()).view(-1, head_width).mean(1)
            changed[norm] = weights[norm] * (squares[heads].mean() / squares.mean()).sqrt()
    return changed
