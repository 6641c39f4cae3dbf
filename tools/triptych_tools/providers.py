"""Where onnxruntime runs a graph of the offline tools."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from triptych_runtime.session import open_session

DEVICES = ("cpu", "cuda")


def default_device() -> str:
    """``cuda`` where onnxruntime has it, else ``cpu``."""
    return "cuda" if "CUDAExecutionProvider" in onnxruntime.get_available_providers() else "cpu"


def open_on(path: Path, device: str) -> onnxruntime.InferenceSession:
    """A session on a device."""
    if device == "cpu":
        return open_session(path)
    return onnxruntime.InferenceSession(str(path), providers=["CUDAExecutionProvider", "CPUExecutionProvider"])
