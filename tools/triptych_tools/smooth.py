"""SmoothQuant on an ONNX graph: outliers of activations move into the weights, and the function stays the same.

A product ``X @ W`` becomes ``(X / s) @ (s * W)`` with one factor for each input channel k,
``s[k] = max|X[k]|**alpha / max|W[k]|**(1 - alpha)``. The division is folded into the normalisation or the linear
layer that made X where that has constants to take it, and is a multiplication of its own elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from triptych_tools.calibration import Calibration, samples
from triptych_tools.products import PRODUCTS, Product
from triptych_tools.providers import open_on

Array = npt.NDArray[Any]

RANGE = 1e-4, 1e4
"""Bounds of a factor."""


def channel_maxima(work: Path, products: Sequence[Product], data: Calibration, device: str) -> dict[str, Array]:
    """Largest absolute value of each channel of the products' activations, by tensor, over all samples."""
    # The weights stay where they are: the probe is the same graph with more outputs, in the same folder.
    model = onnx.load(work, load_external_data=False)
    dims = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    turned = {node.name for node in model.graph.node if _transposed(node)}
    channels = {product.activation: dims[product.weight][product.node in turned] for product in products}
    runs = list(samples(data, model))
    del model.graph.output[:]
    for tensor, count in channels.items():
        _add_maximum(model, tensor, count)
    probe = work.with_name("maxima.onnx")
    onnx.save(model, probe)
    session = open_on(probe, device)
    found = [session.run([f"{tensor}/max" for tensor in channels], feeds) for feeds in runs]
    return {tensor: np.max([run[index] for run in found], axis=0) for index, tensor in enumerate(channels)}


def _add_maximum(model: onnx.ModelProto, tensor: str, channels: int) -> None:
    def name(part: str) -> str:
        return f"{tensor}/{part}"

    model.graph.initializer.extend(
        [
            numpy_helper.from_array(np.array([-1, channels]), name("rows")),
            numpy_helper.from_array(np.array([0]), name("axis")),
        ]
    )
    model.graph.node.extend(
        [
            helper.make_node("Abs", [tensor], [name("abs")], name=name("abs")),
            helper.make_node("Reshape", [name("abs"), name("rows")], [name("flat")], name=name("flat")),
            helper.make_node("ReduceMax", [name("flat"), name("axis")], [name("max")], name=name("max"), keepdims=0),
        ]
    )
    model.graph.output.append(helper.make_tensor_value_info(name("max"), onnx.TensorProto.FLOAT, [channels]))


def can_smooth(model: onnx.ModelProto, product: Product) -> bool:
    """Whether a product is ``X @ W`` with a weight matrix that only products use."""
    users = [node for node in model.graph.node if product.weight in node.input]
    dims = next(len(tensor.dims) for tensor in model.graph.initializer if tensor.name == product.weight)
    only_products = all(node.op_type in PRODUCTS and node.input[1] == product.weight for node in users)
    return dims == 2 and only_products and not any(_is_set(node, "transA") for node in users)


def smooth(model: onnx.ModelProto, products: Sequence[Product], maxima: dict[str, Array], alpha: float) -> int:
    """Smooth the products in place; returns how many divisions were folded.

    Products that share an activation or a weight (one layer in two passes) get the same factors.
    """
    graph = _Graph(model)
    folded = 0
    for group in _groups(products):
        weights = {product.weight: product.node for product in group}
        tensors = {product.activation for product in group}
        if any(graph.users[weight] - {product.node for product in group} for weight in weights):
            continue
        strongest = np.max([np.abs(graph.matrix(node)).max(axis=1) for node in weights.values()], axis=0)
        factors = _factors(np.max([maxima[tensor] for tensor in tensors], axis=0), strongest, alpha)
        for node in weights.values():
            graph.scale_rows(node, factors)
        for tensor in sorted(tensors):
            nodes = [product.node for product in group if product.activation == tensor]
            if graph.users[tensor] == set(nodes) and graph.fold(tensor, 1 / factors):
                folded += 1
            else:
                graph.multiply(tensor, nodes, 1 / factors)
    graph.finish()
    return folded


def _groups(products: Sequence[Product]) -> list[list[Product]]:
    """Products that share an activation or a weight, directly or by others."""
    groups: list[list[Product]] = []
    for product in products:
        ties = {product.activation, product.weight}
        near = [group for group in groups if any(ties & {other.activation, other.weight} for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([*(other for group in near for other in group), product])
    return groups


def _factors(activation: Array, weight: Array, alpha: float) -> Array:
    dead = (activation <= 0) | (weight <= 0)
    raw = np.where(dead, 1.0, activation) ** alpha / np.where(dead, 1.0, weight) ** (1 - alpha)
    factors: Array = np.clip(raw, *RANGE).astype(np.float32)
    return factors


class _Graph:
    """A graph with its constants, makers and users at hand."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.nodes = {node.name: node for node in model.graph.node}
        self.order = {name: index for index, name in enumerate(self.nodes)}
        self.constants = {tensor.name: tensor for tensor in model.graph.initializer}
        self.makers = {output: node for node in model.graph.node for output in node.output}
        self.users: dict[str, set[str]] = defaultdict(set)
        self.before: dict[str, onnx.NodeProto] = {}
        for node in model.graph.node:
            for tensor in node.input:
                self.users[tensor].add(node.name)
        for output in model.graph.output:
            self.users[output.name].add("the graph's output")

    def matrix(self, node: str) -> Array:
        """The weight of a product as [inputs, outputs]."""
        weight = numpy_helper.to_array(self.constants[self.nodes[node].input[1]])
        return weight.T if _transposed(self.nodes[node]) else weight

    def scale_rows(self, node: str, factors: Array) -> None:
        """Multiply the weight of a product for each of its inputs."""
        self._scale(self.nodes[node].input[1], factors if _transposed(self.nodes[node]) else factors[:, None])

    def fold(self, tensor: str, factors: Array) -> bool:
        """Multiply what makes a tensor, if constants can take it."""
        node = self.makers.get(tensor)
        places = None if node is None else self._places(node, factors)
        if places is None or any(len(self.users[name]) > 1 for name in places):
            return False
        for name, by in places.items():
            self._scale(name, by)
        return True

    def _places(self, node: onnx.NodeProto, factors: Array) -> dict[str, Array] | None:
        """What to multiply each constant by, so that a node's output is multiplied."""
        if node.op_type in PRODUCTS and node.input[1] in self.constants and self._all_vectors(node.input[2:], factors):
            wide = factors[:, None] if _transposed(node) else factors
            return {node.input[1]: wide, **self._vectors(node.input[2:], factors)}
        if node.op_type == "LayerNormalization" and self._all_vectors(node.input[1:], factors):
            return self._vectors(node.input[1:], factors)
        if node.op_type in ("Add", "Mul"):
            constant, other = sorted(node.input, key=lambda name: name not in self.constants)
            if not self._all_vectors([constant], factors):
                return None
            own = self._vectors([constant], factors)
            if node.op_type == "Mul":
                return own
            maker = self.makers.get(other)
            before = None if maker is None or len(self.users[other]) > 1 else self._places(maker, factors)
            return None if before is None else {**own, **before}
        return None

    def _all_vectors(self, names: Iterable[str], factors: Array) -> bool:
        sizes = [int(np.prod(self.constants[name].dims)) if name in self.constants else 0 for name in names]
        last = [self.constants[name].dims[-1] for name in names if name in self.constants and self.constants[name].dims]
        return all(size == len(factors) for size in (*sizes, *last))

    def _vectors(self, names: Iterable[str], factors: Array) -> dict[str, Array]:
        return {name: factors for name in names if name}

    def multiply(self, tensor: str, nodes: Sequence[str], factors: Array) -> None:
        """Put a multiplication between a tensor and the products that take it."""
        name = f"{tensor}/smooth"
        self.model.graph.initializer.append(numpy_helper.from_array(factors.astype(np.float32), f"{name}/factors"))
        multiplication = helper.make_node("Mul", [tensor, f"{name}/factors"], [name], name=name)
        self.before[min(nodes, key=self.order.__getitem__)] = multiplication
        for node in nodes:
            self.nodes[node].input[0] = name

    def finish(self) -> None:
        """Put the new multiplications into the graph, in an order that can be run."""
        ordered = [part for node in self.nodes.values() for part in (self.before.get(node.name), node) if part]
        copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in ordered]
        del self.model.graph.node[:]
        self.model.graph.node.extend(copies)

    def _scale(self, name: str, factors: Array) -> None:
        array = numpy_helper.to_array(self.constants[name])
        self.constants[name].CopyFrom(numpy_helper.from_array((array * factors).astype(array.dtype), name))


def _transposed(node: onnx.NodeProto) -> bool:
    return _is_set(node, "transB")


def _is_set(node: onnx.NodeProto, flag: str) -> bool:
    return any(attribute.name == flag and attribute.i == 1 for attribute in node.attribute)
