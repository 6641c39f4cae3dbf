"""Calibration data of a graph: recorded inputs by name, joined along their first axis, in one ``.npz`` file."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

from triptych_tools.command import InputError
from triptych_tools.graphs import input_shapes

Calibration = Mapping[str, npt.NDArray[Any]]
"""Recorded inputs of a graph by name, joined along their first axis."""

_RECORD = "record it with triptych_tools.record for this very graph"


def save_calibration(data: Calibration, path: Path) -> None:
    """Write recorded inputs; the file appears only when whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.partial.npz")
    np.savez(partial, **data)  # type: ignore[arg-type] # numpy's stubs take any name for its option
    os.replace(partial, path)


def load_calibration(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read what ``save_calibration`` wrote."""
    try:
        with np.load(path) as file:
            return dict(file)
    except (OSError, ValueError, TypeError, zipfile.BadZipFile) as cause:
        raise InputError(f"{path} holds no calibration data: {cause}", _RECORD) from cause


def check_calibration(data: Calibration, model: onnx.ModelProto) -> int:
    """Number of samples in ``data``; refuses data that are not inputs of this graph or not finite."""
    shapes = input_shapes(model)
    if set(data) != set(shapes):
        expected, got = ", ".join(sorted(shapes)), ", ".join(sorted(data))
        raise InputError(f"calibration data is for other inputs: expected {expected}; got {got}", _RECORD)
    types = {item.name: helper.tensor_dtype_to_np_dtype(item.type.tensor_type.elem_type) for item in model.graph.input}
    counts = {name: _samples(name, data[name], shape, types[name]) for name, shape in shapes.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise InputError(f"calibration data has a different number of samples by input: {listed}", _RECORD)
    return next(iter(counts.values()))


def _samples(name: str, array: npt.NDArray[Any], shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    if array.dtype != dtype:
        raise InputError(f"calibration data of {name}: expected {dtype}, got {array.dtype}", _RECORD)
    fits = array.ndim == len(shape) and array.shape[1:] == shape[1:] and len(array) > 0 and len(array) % shape[0] == 0
    if not fits:
        wanted = " x ".join(map(str, ("N" if shape[0] == 1 else f"N*{shape[0]}", *shape[1:])))
        got = " x ".join(map(str, array.shape))
        raise InputError(f"calibration data of {name}: expected {wanted}, got {got}", _RECORD)
    if not np.isfinite(array).all():
        raise InputError(f"calibration data of {name} is not finite", "a recorded step overflowed: record in fp32")
    return len(array) // shape[0]


def samples(data: Calibration, model: onnx.ModelProto) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """The inputs of one run after another."""
    shapes = input_shapes(model)
    for index in range(check_calibration(data, model)):
        yield {name: data[name][index * shape[0] : (index + 1) * shape[0]] for name, shape in shapes.items()}
