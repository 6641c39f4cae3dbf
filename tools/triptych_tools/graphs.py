"""ONNX graphs on disk: read with whatever weights lie beside them, written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
from onnx.external_data_helper import uses_external_data

from triptych_tools.command import InputError

EXTERNAL_DATA_ABOVE = 1_500_000_000
"""Bytes of weights above which they get a file of their own: no protobuf can hold 2 GB."""


def load_graph(path: Path) -> onnx.ModelProto:
    """A graph with its weights, every node named."""
    try:
        model = onnx.load(path)
    except Exception as cause:
        hint = "give an ONNX file, with the file of its weights beside it if it has one"
        raise InputError(f"{path} cannot be read: {cause}", hint) from cause
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{index}"
    return model


def save_graph(model: onnx.ModelProto, target: Path, external: bool = False) -> None:
    """Write a checked graph as ``target``; large or ``external`` weights go to ``target.data``.

    Both files appear under their names only when whole. The model's tensors may be moved out of it.
    """
    data = f"{target.name}.data" if external or weight_bytes(model) > EXTERNAL_DATA_ABOVE else None
    with partial_folder(target) as folder:
        if data is None:
            onnx.save(model, folder / target.name)
        else:
            onnx.save(model, folder / target.name, save_as_external_data=True, location=data, size_threshold=1024)
        onnx.checker.check_model(str(folder / target.name))
        # A graph of before would find the weights of now: it goes first.
        target.unlink(missing_ok=True)
        beside = target.with_name(f"{target.name}.data")
        beside.unlink(missing_ok=True)
        if data is not None and (folder / data).exists():
            os.replace(folder / data, beside)
        os.replace(folder / target.name, target)


@contextmanager
def partial_folder(target: Path) -> Iterator[Path]:
    """A folder beside ``target`` for what is not finished; it is gone afterwards."""
    folder = target.with_name(f"{target.name}.partial")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def has_external_data(path: Path) -> bool:
    """Whether a graph's weights lie in a file beside it."""
    return any(map(uses_external_data, onnx.load(path, load_external_data=False).graph.initializer))


def weight_bytes(model: onnx.ModelProto) -> int:
    """Bytes of all initializers that hold their own data."""
    return sum(tensor.ByteSize() for tensor in model.graph.initializer)


def bytes_on_disk(path: Path) -> int:
    """Size of a graph's file and of its weights beside it."""
    files = (path, path.with_name(f"{path.name}.data"))
    return sum(file.stat().st_size for file in files if file.exists())


def input_shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Static shape of each input; shapes that are not static are refused."""
    shapes = {item.name: tuple(dim.dim_value for dim in item.type.tensor_type.shape.dim) for item in model.graph.input}
    for name, shape in shapes.items():
        if not all(shape):
            raise InputError(f"{name}: its shape is not static", "export the graph with static shapes")
    return shapes
