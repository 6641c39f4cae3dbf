"""What ModelOpt needs apart, and what it takes apart: shared activations and shared weights.

onnxruntime's quantiser, on which ModelOpt stands, rounds a tensor for all its users once it rounds it for one. Where a
kept layer or a residual takes the same tensor as a quantised product, the products get it under a name of their own.

ModelOpt copies a weight for every product that uses it. A graph with two passes would be twice as large; the copies,
equal once they are rounded, become one again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import onnx
from onnx import helper

from triptych_tools.products import PRODUCTS

_NAME = "/to_quantise"


def separate(model: onnx.ModelProto, products: Collection[str]) -> None:
    """Give products (by node) what they take under another name where others take it too."""
    mine = {node.input[0] for node in model.graph.node if node.name in products}
    others = {tensor for node in model.graph.node if node.name not in products for tensor in node.input}
    shared = mine & (others | {output.name for output in model.graph.output})
    nodes: list[onnx.NodeProto] = []
    named: set[str] = set()
    for node in model.graph.node:
        tensor = node.input[0] if node.name in products else ""
        if tensor in shared:
            if tensor not in named:
                nodes.append(helper.make_node("Identity", [tensor], [tensor + _NAME], name=tensor + _NAME))
                named.add(tensor)
            node.input[0] = tensor + _NAME
        nodes.append(node)
    _set_nodes(model, nodes)


def join(model: onnx.ModelProto) -> None:
    """Take the other names away again."""
    origin = {node.output[0]: node.input[0] for node in model.graph.node if node.name.endswith(_NAME)}
    for node in model.graph.node:
        for index, tensor in enumerate(node.input):
            node.input[index] = origin.get(tensor, tensor)
    _set_nodes(model, [node for node in model.graph.node if not node.name.endswith(_NAME)])


def share_weights(model: onnx.ModelProto) -> None:
    """Let equal weights of products be one, whether they were rounded or kept."""
    weights = {node.input[0] for node in model.graph.node if node.op_type == "DequantizeLinear"}
    weights |= {node.input[1] for node in model.graph.node if node.op_type in PRODUCTS}
    first: dict[tuple[object, ...], str] = {}
    same: dict[str, str] = {}
    for tensor in model.graph.initializer:
        if tensor.name in weights and len(tensor.dims) > 1 and tensor.raw_data:
            # The scales are tensors of their own: weights with equal steps may differ in them and still be one.
            key = (tensor.data_type, tuple(tensor.dims), hashlib.sha256(tensor.raw_data).digest())
            same[tensor.name] = first.setdefault(key, tensor.name)
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = same.get(name, name)
    for index in reversed(range(len(model.graph.initializer))):
        name = model.graph.initializer[index].name
        if same.get(name, name) != name:
            del model.graph.initializer[index]


def _set_nodes(model: onnx.ModelProto, nodes: list[onnx.NodeProto]) -> None:
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)
