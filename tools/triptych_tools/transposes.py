"""Turning weights the way that products take them, with neither a second copy in memory nor in the file."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir


def turn_weights(model: ir.Model) -> None:
    """Replace every transposed weight by one weight, which is turned only when it is written.

    torch keeps the weight of a linear layer as [out, in]. The exporter's own folding turns each at once, and once
    for each use: an expert would be twice in memory, and with two passes in one graph twice in the file.
    """
    turned: dict[tuple[str, tuple[int, ...]], ir.Value] = {}
    for node in list(model.graph):
        weight = node.inputs[0] if node.op_type == "Transpose" else None
        if weight is None or weight.name is None or weight.const_value is None or not weight.is_initializer():
            continue
        order = tuple(node.attributes["perm"].as_ints())
        if (weight.name, order) not in turned:
            turned[weight.name, order] = _turned(weight.name, weight.const_value, order)
            model.graph.register_initializer(turned[weight.name, order])
        node.outputs[0].replace_all_uses_with(turned[weight.name, order])
        model.graph.remove(node, safe=True)


def _turned(name: str, weight: ir.TensorProtocol, order: tuple[int, ...]) -> ir.Value:
    def turn() -> ir.TensorProtocol:
        return ir.Tensor(np.ascontiguousarray(weight.numpy().transpose(order)), dtype=weight.dtype)

    sizes = weight.shape.numpy()
    shape = ir.Shape([sizes[axis] for axis in order])
    name = f"{name}.transposed"
    tensor = ir.LazyTensor(turn, dtype=weight.dtype, shape=shape, name=name)
    return ir.Value(name=name, shape=shape, type=ir.TensorType(weight.dtype), const_value=tensor)
