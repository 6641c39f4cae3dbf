"""Reading a request's inputs. What is wrong with one is said with its name, before any work is done."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import triton_python_backend_utils as pb_utils

MAX_SEED = 2**63 - 1


class BadInput(ValueError):
    """A request asks for something that cannot be; the message begins with the input's name."""


def text(request: Any, name: str) -> str | None:
    """The one string of a BYTES input, or ``None`` where the request leaves it out."""
    tensor = pb_utils.get_input_tensor_by_name(request, name)
    if tensor is None:
        return None
    value = _single(tensor.as_numpy(), name)
    raw = value if isinstance(value, bytes) else str(value).encode()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{name}: not valid UTF-8 at byte {error.start}") from None


def integer(request: Any, name: str) -> int | None:
    """The one number of an integer input, or ``None`` where the request leaves it out."""
    tensor = pb_utils.get_input_tensor_by_name(request, name)
    return None if tensor is None else int(_single(tensor.as_numpy(), name))


def number(request: Any, name: str) -> float | None:
    """The one number of a float input, or ``None`` where the request leaves it out."""
    tensor = pb_utils.get_input_tensor_by_name(request, name)
    return None if tensor is None else float(_single(tensor.as_numpy(), name))


def seed(request: Any) -> int:
    """SEED, in 0..2**63-1."""
    value = integer(request, "SEED")
    if value is None:
        raise BadInput("SEED: missing")
    if not 0 <= value <= MAX_SEED:
        raise BadInput(f"SEED: expected 0 to {MAX_SEED}, got {value}")
    return value


def steps(request: Any, offered: Sequence[int]) -> int:
    """STEPS, one of the offered counts; the first where the request leaves it out."""
    value = integer(request, "STEPS")
    if value is None:
        return offered[0]
    if value not in offered:
        raise BadInput(f"STEPS: expected one of {', '.join(map(str, offered))}, got {value}")
    return value


def scale(request: Any, name: str, default: float, largest: float) -> float:
    """A guidance scale, finite and in 0..largest."""
    value = number(request, name)
    if value is None:
        return default
    if not math.isfinite(value) or not 0.0 <= value <= largest:
        raise BadInput(f"{name}: expected a number from 0 to {largest:g}, got {value}")
    return value


def _single(array: Any, name: str) -> Any:
    if array.size != 1:
        raise BadInput(f"{name}: expected one element, got {array.size}")
    return array.reshape(-1)[0]
