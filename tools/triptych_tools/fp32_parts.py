"""The parts of an expert's graph that stay FP32 whatever the transformer runs in.

A timestep has too many digits for 16 bits, and the linear map of a step is what keeps STATE exact: rounding there
would not be an error of the model but of the solver.
"""

from __future__ import annotations

import onnx

from triptych_tools.products import PRODUCTS

CLOCK = ("TIMESTEP",)
SOLVER = ("COEFFICIENTS", "GUIDANCE")
_LAYOUT = ("Concat", "Flatten", "Gather", "Reshape", "Slice", "Split", "Squeeze", "Sub", "Transpose", "Unsqueeze")
"""Operations between the transformer's output and the linear map."""


def fp32_nodes(model: onnx.ModelProto) -> set[str]:
    """Names of the nodes from TIMESTEP to its first layer, and of those that make NEXT_STATE of a velocity."""
    inputs = {item.name for item in model.graph.input}
    clock = _after(model, inputs.intersection(CLOCK), stop=PRODUCTS)
    solver = _after(model, inputs.intersection(SOLVER), stop=())
    return clock | solver | _before(model, solver)


def _after(model: onnx.ModelProto, tensors: set[str], stop: tuple[str, ...]) -> set[str]:
    """Nodes that use any of the tensors, directly or not, up to operations that stop the search."""
    reached, names = set(tensors), set()
    for node in model.graph.node:
        if node.op_type not in stop and reached.intersection(node.input):
            reached.update(node.output)
            names.add(node.name)
    return names


def _before(model: onnx.ModelProto, nodes: set[str]) -> set[str]:
    """Nodes that only arrange what the given ones take."""
    wanted = {tensor for node in model.graph.node if node.name in nodes for tensor in node.input}
    names = set()
    for node in reversed(model.graph.node):
        if node.op_type in _LAYOUT and wanted.intersection(node.output):
            wanted.update(node.input)
            names.add(node.name)
    return names
