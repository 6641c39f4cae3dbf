"""Calling another model of the repository from inside a model (Triton's business logic scripting)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import triton_python_backend_utils as pb_utils

from triptych_runtime.inputs import BadInput
from triptych_runtime.outcome import Cancelled

_REFUSAL = re.compile(r"[A-Z][A-Z_]*: ")


def call(model: str, inputs: Sequence[Any], outputs: Sequence[str]) -> list[Any]:
    """The named output tensors of one call, where the callee left them (CPU or GPU)."""
    request = pb_utils.InferenceRequest(
        model_name=model,
        requested_output_names=list(outputs),
        inputs=list(inputs),
    )
    response = request.exec()
    if response.has_error():
        raise _translated(response.error(), model)
    return [_output(response, name, model) for name in outputs]


def renamed(tensor: Any, name: str) -> Any:
    """The same memory under another tensor name, on whatever device it lies."""
    if tensor.name() == name:
        return tensor
    if tensor.is_cpu():
        return pb_utils.Tensor(name, tensor.as_numpy())
    return pb_utils.Tensor.from_dlpack(name, tensor.to_dlpack())


def _output(response: Any, name: str, model: str) -> Any:
    tensor = pb_utils.get_output_tensor_by_name(response, name)
    if tensor is None:
        raise RuntimeError(f"{model} gave no {name}")
    return tensor


def _translated(error: Any, model: str) -> Exception:
    # The error code of a callee does not always reach its caller (Triton 2.51 makes it INTERNAL); a message that
    # begins with the name of an input is a refusal by one of this package's own models.
    if _REFUSAL.match(error.message()):
        return BadInput(error.message())
    if error.code() == pb_utils.TritonError.CANCELLED:
        return Cancelled()
    return RuntimeError(f"{model}: {error.message()}")
