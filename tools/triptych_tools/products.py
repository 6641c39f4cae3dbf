"""The matrix products of a graph, under the names of the layers they come from, and which of them to keep."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import onnx

from triptych_tools.command import InputError

PRODUCTS = ("MatMul", "Gemm")
DEEP = 12
"""Blocks from which on an expert's outer blocks and its ends are kept."""
OUTER = 3
"""Blocks kept at each end of a deep expert."""
ENDS = ("*patch_embedding*", "*condition_embedder*", "*proj_out*")
"""Layers of a deep expert that meet its inputs and outputs."""

_BLOCK = re.compile(r"(?:^|[./])blocks[./](\d+)(?:[./]|$)")
_PARAMETER = re.compile(r"(.+)\.(?:weight|bias)(?:\.transposed)?$")


@dataclass(frozen=True)
class Product:
    """A matrix product with a constant second factor."""

    node: str
    layer: str
    """Name of the layer in the checkpoint where the graph tells it, else the node's."""
    activation: str
    weight: str

    @property
    def block(self) -> int | None:
        """Index of the transformer block it belongs to."""
        found = _BLOCK.search(self.layer)
        return int(found[1]) if found else None


def weighted_products(model: onnx.ModelProto) -> list[Product]:
    """All products with constant weights, in the graph's order."""
    constants = {tensor.name for tensor in model.graph.initializer}
    biases = _biases(model, constants)
    return [
        Product(node.name, _layer(node, biases), node.input[0], node.input[1])
        for node in model.graph.node
        if node.op_type in PRODUCTS and node.input[1] in constants
    ]


def products_of_activations(model: onnx.ModelProto) -> list[str]:
    """Names of products whose second factor is no constant."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [node.name for node in model.graph.node if node.op_type in PRODUCTS and node.input[1] not in constants]


def _biases(model: onnx.ModelProto, constants: set[str]) -> dict[str, str]:
    """The constant that is added to each tensor."""
    added = {}
    for node in model.graph.node:
        if node.op_type == "Add":
            for here, there in (tuple(node.input), tuple(reversed(node.input))):
                if there in constants:
                    added[here] = there
    return added


def _layer(node: onnx.NodeProto, biases: dict[str, str]) -> str:
    # The exporter folds the transposition of a weight into a new, nameless constant, but leaves the bias its name.
    names = (*node.input[1:], biases.get(node.output[0], ""))
    return next((found[1] for found in map(_PARAMETER.match, names) if found), node.name)


def whole_blocks(text: str) -> frozenset[int]:
    """Blocks as on a command line: ``0-2,37-39``, or ``none``."""
    blocks: set[int] = set()
    for part in () if text == "none" else text.split(","):
        first, _, last = part.partition("-")
        blocks |= set(range(int(first), int(last or first) + 1))
    return frozenset(blocks)


def kept(
    products: Sequence[Product], patterns: Collection[str] = (), blocks: Collection[int] | None = None
) -> dict[str, str]:
    """Why each kept product (by node) is kept.

    Without ``blocks`` an expert of ``DEEP`` blocks or more keeps its outer ones and its ends.
    """
    depth = 1 + max((product.block for product in products if product.block is not None), default=-1)
    ends: tuple[str, ...] = ()
    if blocks is None:
        deep = depth >= DEEP
        blocks = (*range(OUTER), *range(depth - OUTER, depth)) if deep else ()
        ends = ENDS if deep else ()
    beyond = [block for block in blocks if block not in {product.block for product in products}]
    if beyond:
        raise InputError(f"no product belongs to block {beyond[0]}", f"the graph has {depth} blocks")
    for pattern in patterns:
        if not any(_matches(product, [pattern]) for product in products):
            raise InputError(f"--keep {pattern} matches no product", f"layers are named as {products[0].layer}")
    reasons = {product.node: f"block {product.block}" for product in products if product.block in blocks}
    for product in products:
        pattern = _matches(product, (*patterns, *ends))
        if pattern:
            reasons[product.node] = f"matches {pattern}"
    return reasons


def _matches(product: Product, patterns: Iterable[str]) -> str:
    """The first pattern that a product's layer or node matches."""
    names = (product.layer, product.node)
    return next((p for p in patterns if any(fnmatch.fnmatchcase(name, p) for name in names)), "")
