"""Small graphs with the shapes of an expert, made by hand, and what is looked for in graphs made of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[Any]

WIDTH, ROWS = 32, 24


def linear(
    source: np.random.Generator, layer: str, taken: str, made: str, node: str = "", sizes: Array | float = 1.0
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """A linear layer as torch's exporter writes it: a product with a nameless weight, and a named bias.

    ``sizes`` are those of its inputs; the weights are the smaller for it, so that all inputs count alike.
    """
    weight = source.standard_normal((WIDTH, WIDTH)) / WIDTH**0.5 / np.reshape(sizes, (-1, 1))
    bias = source.standard_normal(WIDTH) * 0.1
    values = [(f"val_{made}", weight), (f"{layer}.bias", bias)]
    nodes = [
        helper.make_node("MatMul", [taken, f"val_{made}"], [f"{made}_product"], name=node or f"node_{made}"),
        helper.make_node("Add", [f"{made}_product", f"{layer}.bias"], [made], name=f"add_{made}"),
    ]
    return nodes, [numpy_helper.from_array(value.astype(np.float32), name) for name, value in values]


def blocks(path: Path, count: int = 2, outliers: float = 1.0, external: bool = False) -> Path:
    """A graph X -> Y of ``count`` blocks, each an affine normalisation, two layers that take it, a GELU and a layer.

    An eighth of the channels of each normalisation is ``outliers`` times as large as the others.
    """
    source = np.random.default_rng(1)
    nodes, values, stream = [], [], "X"
    for index in range(count):
        name = f"blocks.{index}"
        scale = np.where(np.arange(WIDTH) % 8 == 0, outliers, 1.0).astype(np.float32)
        values.append(numpy_helper.from_array(scale, f"{name}.norm.weight"))
        values.append(numpy_helper.from_array(0.1 * scale, f"{name}.norm.bias"))
        norm = [stream, f"{name}.norm.weight", f"{name}.norm.bias"]
        parts = (
            linear(source, f"{name}.to_q", f"n{index}", f"q{index}", sizes=scale),
            linear(source, f"{name}.to_k", f"n{index}", f"k{index}", sizes=scale),
            linear(source, f"{name}.ffn", f"g{index}", f"f{index}"),
        )
        values += [value for _, made in parts for value in made]
        nodes += [
            helper.make_node("LayerNormalization", norm, [f"n{index}"], name=f"norm{index}"),
            *parts[0][0],
            *parts[1][0],
            helper.make_node("Add", [f"q{index}", f"k{index}"], [f"s{index}"], name=f"sum{index}"),
            helper.make_node("Gelu", [f"s{index}"], [f"g{index}"], name=f"gelu{index}"),
            *parts[2][0],
            helper.make_node("Add", [stream, f"f{index}"], [f"x{index}"], name=f"residual{index}"),
        ]
        stream = f"x{index}"
    nodes.append(helper.make_node("Identity", [stream], ["Y"], name="end"))
    return write(path, nodes, values, {"X": (1, ROWS, WIDTH)}, {"Y": (1, ROWS, WIDTH)}, external)


def step_like(path: Path) -> Path:
    """STATE, TIMESTEP, COEFFICIENTS and GUIDANCE as an expert uses them, around one layer each."""
    source = np.random.default_rng(6)
    values = {name: source.standard_normal((WIDTH, WIDTH)) / WIDTH for name in ("time", "layer")}
    arrays = {**values, "frequencies": np.linspace(0.01, 1.0, WIDTH)[None]}
    tensors = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in arrays.items()]
    tensors.append(numpy_helper.from_array(np.array([1, ROWS * WIDTH]), "flat"))
    tensors.append(numpy_helper.from_array(np.array([1, ROWS, WIDTH]), "shape"))
    parts = [
        ("Mul", ["TIMESTEP", "frequencies"], "angle"), ("Sin", ["angle"], "sine"), ("MatMul", ["sine", "time"], "t"),
        ("MatMul", ["STATE", "layer"], "h"), ("Add", ["h", "t"], "u"), ("Sub", ["u", "h"], "difference"),
        ("Mul", ["GUIDANCE", "difference"], "guided"), ("Add", ["h", "guided"], "v"),
        ("Reshape", ["STATE", "flat"], "s1"), ("Reshape", ["v", "flat"], "v1"), ("Concat", ["s1", "v1"], "stack"),
        ("MatMul", ["COEFFICIENTS", "stack"], "next"), ("Reshape", ["next", "shape"], "NEXT_STATE"),
    ]  # fmt: skip
    nodes = [helper.make_node(kind, taken, [made], name=made) for kind, taken, made in parts]
    nodes[10].attribute.append(helper.make_attribute("axis", 0))
    ends = {"STATE": (1, ROWS, WIDTH), "TIMESTEP": (1,), "COEFFICIENTS": (1, 2), "GUIDANCE": (1,)}
    return write(path, nodes, tensors, ends, {"NEXT_STATE": (1, ROWS, WIDTH)})


def step_inputs() -> dict[str, Array]:
    """Recorded inputs of ``step_like`` that take no velocity: NEXT_STATE is STATE."""
    return {
        "STATE": inputs()["X"],
        "TIMESTEP": np.linspace(999.9, 1.3, 8, dtype=np.float32),
        "COEFFICIENTS": np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (8, 1)),
        "GUIDANCE": np.full(8, 2.0, dtype=np.float32),
    }


def two_passes(path: Path) -> Path:
    """One layer behind one norm, run on X and on Z, as an expert with guidance in two passes has it: Y of both."""
    layer, values = linear(np.random.default_rng(7), "layer", "X_norm", "X_made", sizes=np.arange(1.0, WIDTH + 1))
    values.append(numpy_helper.from_array(np.arange(1.0, WIDTH + 1, dtype=np.float32), "norm.weight"))
    nodes = []
    for end in ("X", "Z"):
        nodes.append(helper.make_node("LayerNormalization", [end, "norm.weight"], [f"{end}_norm"], name=f"{end}_norm"))
        nodes.append(helper.make_node("MatMul", [f"{end}_norm", "val_X_made"], [f"{end}_m"], name=f"{end}_product"))
        nodes.append(helper.make_node("Add", [f"{end}_m", layer[1].input[1]], [f"{end}_made"], name=f"{end}_add"))
    nodes.append(helper.make_node("Sub", ["X_made", "Z_made"], ["Y"], name="difference"))
    shape = (1, ROWS, WIDTH)
    return write(path, nodes, values, {"X": shape, "Z": shape}, {"Y": shape})


def write(
    path: Path,
    nodes: list[onnx.NodeProto],
    values: list[onnx.TensorProto],
    inputs: Mapping[str, tuple[int, ...]],
    outputs: Mapping[str, tuple[int, ...]],
    external: bool = False,
) -> Path:
    """Write a graph, with its weights beside it if ``external``."""
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in part.items()]
        for part in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "g", ends[0], ends[1], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    if external:
        onnx.save(model, path, save_as_external_data=True, location=f"{path.name}.data", size_threshold=64)
    else:
        onnx.save(model, path)
    return path


def inputs(count: int = 8, seed: int = 2) -> dict[str, Array]:
    """Recorded inputs of ``blocks``."""
    return {"X": np.random.default_rng(seed).standard_normal((count, ROWS, WIDTH)).astype(np.float32)}


def play(path: Path, data: dict[str, Array], output: str = "Y") -> Array:
    """An output of the graph for each of the recorded inputs, computed plainly."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    first = {item.name: item.shape[0] for item in session.get_inputs()}
    count = min(len(array) // first[name] for name, array in data.items())
    rows = [
        session.run([output], {name: array[i * first[name] : (i + 1) * first[name]] for name, array in data.items()})[0]
        for i in range(count)
    ]
    return np.stack(rows)


def error(ours: Array, theirs: Array) -> float:
    """Relative distance of two arrays."""
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


def io(path: Path) -> list[tuple[str, int, tuple[int, ...]]]:
    """Name, datatype and shape of every input and output."""
    graph = onnx.load(path, load_external_data=False).graph
    return [
        (item.name, item.type.tensor_type.elem_type, tuple(d.dim_value for d in item.type.tensor_type.shape.dim))
        for item in (*graph.input, *graph.output)
    ]
