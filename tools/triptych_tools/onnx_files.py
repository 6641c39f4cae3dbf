"""Writing ONNX files of any size: whole or not at all, and with nothing of the machine that made them."""

from __future__ import annotations

import os
import shutil
from itertools import chain
from pathlib import Path

import onnx
import onnx_ir as ir

IR_VERSION = 10
"""The IR of the opsets in use; the exporter writes a newer one that onnxruntime for Python 3.10 does not read."""

EXTERNAL_DATA_ABOVE = 1_500_000_000
"""Bytes of weights above which they get a file of their own: no protobuf can hold 2 GB."""


def write_model(model: ir.Model, path: Path, external_data_above: int = EXTERNAL_DATA_ABOVE) -> None:
    """Write a graph as ``path``, or as ``path`` and ``path.data`` if its weights take more bytes than given.

    Both are made and checked in a folder beside, so that they appear under their names only when whole, the
    weights first.
    """
    _forget_origins(model)
    model.ir_version = IR_VERSION
    data = f"{path.name}.data" if _weight_bytes(model) > external_data_above else None
    partial = path.with_name(f"{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        ir.save(model, partial / path.name, external_data=data)
        onnx.checker.check_model(str(partial / path.name))
        _take(partial, path, data)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _take(partial: Path, path: Path, data: str | None) -> None:
    # A graph of before would find the weights of now: it goes first.
    path.unlink(missing_ok=True)
    if data is None:
        path.with_name(f"{path.name}.data").unlink(missing_ok=True)
    else:
        os.replace(partial / data, path.with_name(data))
    os.replace(partial / path.name, path)


def _weight_bytes(model: ir.Model) -> int:
    return sum(value.const_value.nbytes for value in model.graph.initializers.values() if value.const_value is not None)


def _forget_origins(model: ir.Model) -> None:
    """Drop the exporter's notes: they hold paths of this machine and are half the size of a small graph."""
    graphs: tuple[ir.Graph | ir.Function, ...] = (model.graph, *model.functions.values())
    nodes = [node for graph in graphs for node in graph.all_nodes()]
    values = [value for graph in graphs for value in graph.inputs]
    values += [value for node in nodes for value in node.outputs]
    values += list(model.graph.initializers.values())
    weights = [value.const_value for value in model.graph.initializers.values() if value.const_value is not None]
    for part in chain((model,), graphs, nodes, values, weights):
        part.metadata_props.clear()
        part.doc_string = None
