"""Which weights of an ONNX graph have the 2:4 pattern along the axis that their product sums over.

A product's weight may stand behind casts, transpositions and quantisers: FP32, FP16 and INT8 graphs
are read alike. An entry is zero where it equals its zero point.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from triptych_tools.command import InputError

Array = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Weight:
    """One constant factor of a matrix product."""

    name: str
    inputs: int
    outputs: int
    sparse: bool | None
    """Whether it has the pattern; ``None`` if its inputs do not come in whole fours."""


class Graph:
    """An ONNX graph, asked for its constants."""

    def __init__(self, path: Path) -> None:
        try:
            self.model = onnx.load(path, load_external_data=False)
        except Exception as cause:
            raise InputError(f"{path} is no ONNX file: {cause}", "give the file of an exported expert") from cause
        self.folder = path.parent
        self.makers = {name: node for node in self.model.graph.node for name in node.output}
        self.initializers = {tensor.name: tensor for tensor in self.model.graph.initializer}

    def constant(self, name: str) -> TensorProto | None:
        """A constant by name, however the graph holds it."""
        maker = self.makers.get(name)
        if maker is not None and maker.op_type == "Constant":
            return next((entry.t for entry in maker.attribute if entry.name == "value"), None)
        return self.initializers.get(name)

    def values(self, tensor: TensorProto) -> npt.NDArray[np.generic]:
        """Values of a constant, from the file beside the graph if they are there."""
        copy = TensorProto()
        copy.CopyFrom(tensor)
        return np.asarray(numpy_helper.to_array(copy, str(self.folder)))

    def nonzero(self, name: str) -> Array | None:
        """Where a matrix that depends on nothing but constants is not zero, or nothing if it is none."""
        tensor = self.constant(name)
        if tensor is not None:
            return self.values(tensor) != 0 if len(tensor.dims) == 2 else None
        maker = self.makers.get(name)
        return None if maker is None else self._behind(maker)

    def _behind(self, node: NodeProto) -> Array | None:
        if node.op_type in ("Cast", "Identity", "QuantizeLinear"):
            return self.nonzero(node.input[0])
        if node.op_type == "Transpose":
            found = self.nonzero(node.input[0])
            order = next((list(entry.ints) for entry in node.attribute if entry.name == "perm"), [1, 0])
            return found if found is None else found.transpose(order)
        return self._dequantised(node) if node.op_type == "DequantizeLinear" else None

    def _dequantised(self, node: NodeProto) -> Array | None:
        stored = self.constant(node.input[0])
        if stored is None or len(stored.dims) != 2 or len(node.input) < 3:
            return self.nonzero(node.input[0])
        zero = self.constant(node.input[2])
        if zero is None:
            return None
        axis = next((entry.i for entry in node.attribute if entry.name == "axis"), 1)
        points = self.values(zero)
        shape = [1, 1]
        if points.size > 1:
            shape[axis] = points.size
        return np.asarray(self.values(stored) != points.reshape(shape))


def weights_of(path: Path) -> list[Weight]:
    """Every constant matrix that a MatMul or Gemm multiplies by, in the order of the graph."""
    graph = Graph(path)
    found = []
    for node in graph.model.graph.node:
        if node.op_type in ("MatMul", "Gemm"):
            matrix = graph.nonzero(node.input[1])
            if matrix is not None:
                attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
                rows = matrix if attributes.get("transB") else matrix.T
                found.append(Weight(node.input[1], rows.shape[1], rows.shape[0], has_pattern(rows)))
    return found


def has_pattern(rows: Array) -> bool | None:
    """Whether at most two of each four neighbouring entries of every row [out, in] are set."""
    outputs, inputs = rows.shape
    if inputs % 4:
        return None
    return bool((rows.reshape(outputs, inputs // 4, 4).sum(-1) <= 2).all())


def check_graph(path: Path) -> int:
    """Print what a graph has of the pattern; returns 0, or 1 if no weight has it."""
    weights = weights_of(path)
    eligible = [weight for weight in weights if weight.sparse is not None]
    sparse = [weight for weight in eligible if weight.sparse]
    for weight in weights:
        verdict = {True: "2:4", False: "dense", None: "inputs not in whole fours"}[weight.sparse]
        print(f"{weight.name} [{weight.inputs} in, {weight.outputs} out]: {verdict}")
    print(f"{len(weights)} constant weights, {len(eligible)} eligible, {len(sparse)} sparse 2:4")
    return 0 if sparse else 1
