"""How a model answers: every request gets one response, and an error names its place."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any

import triton_python_backend_utils as pb_utils

from triptych_runtime.inputs import BadInput


class Cancelled(Exception):
    """The caller has gone; there is nobody to answer."""


def to_error(reason: BaseException, model: str) -> Any:
    """A Triton error for whatever went wrong, without a stack trace of ours in the answer."""
    if isinstance(reason, BadInput):
        return pb_utils.TritonError(str(reason), pb_utils.TritonError.INVALID_ARG)
    if isinstance(reason, Cancelled):
        return pb_utils.TritonError("cancelled by the caller", pb_utils.TritonError.CANCELLED)
    pb_utils.Logger.log_error(f"{model}: {''.join(traceback.format_exception(reason))}")
    return pb_utils.TritonError(f"{model}: {type(reason).__name__}: {reason}", pb_utils.TritonError.INTERNAL)


def answer_all(requests: Sequence[Any], model: str, answer: Callable[[Any], list[Any]]) -> list[Any]:
    """Answer each request on its own, so that a bad one does not spoil its neighbours."""
    return [_answer(request, model, answer) for request in requests]


def _answer(request: Any, model: str, answer: Callable[[Any], list[Any]]) -> Any:
    try:
        return pb_utils.InferenceResponse(output_tensors=answer(request))
    except Exception as reason:  # noqa: BLE001 - whatever it is, the caller is owed an answer
        return pb_utils.InferenceResponse(output_tensors=[], error=to_error(reason, model))
