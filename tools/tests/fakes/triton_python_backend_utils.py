"""Stands in for the module that Triton's python backend gives its models, as far as ``triptych_runtime`` uses it.

``SERVER`` plays the rest of the server: tests put the models there that others call, load and unload.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Arrays = dict[str, Array]

TRITONSERVER_RESPONSE_COMPLETE_FINAL = 1


class _Code(enum.Enum):
    INTERNAL = enum.auto()
    INVALID_ARG = enum.auto()
    CANCELLED = enum.auto()


class TritonError(Exception):
    """What a model answers instead of tensors."""

    INTERNAL = _Code.INTERNAL
    INVALID_ARG = _Code.INVALID_ARG
    CANCELLED = _Code.CANCELLED

    def __init__(self, message: str, code: _Code = _Code.INTERNAL) -> None:
        super().__init__(message)
        self._message, self._code = message, code

    def message(self) -> str:
        return self._message

    def code(self) -> _Code:
        return self._code


class Tensor:
    """A named tensor; ``on_gpu`` makes it one that the host cannot read."""

    def __init__(self, name: str, array: Array, on_gpu: bool = False) -> None:
        self._name, self._array, self._on_gpu = name, array, on_gpu

    @staticmethod
    def from_dlpack(name: str, capsule: tuple[Array]) -> Tensor:
        return Tensor(name, capsule[0], on_gpu=True)

    def to_dlpack(self) -> tuple[Array]:
        return (self._array,)

    def name(self) -> str:
        return self._name

    def is_cpu(self) -> bool:
        return not self._on_gpu

    def as_numpy(self) -> Array:
        if self._on_gpu:
            raise RuntimeError("a GPU tensor was read on the host")
        return self._array


class InferenceResponse:
    """Tensors or an error."""

    def __init__(self, output_tensors: Sequence[Tensor] = (), error: TritonError | None = None) -> None:
        self._tensors, self._error = list(output_tensors), error

    def output_tensors(self) -> list[Tensor]:
        return self._tensors

    def has_error(self) -> bool:
        return self._error is not None

    def error(self) -> TritonError:
        assert self._error is not None
        return self._error


class Sender:
    """Collects what a decoupled model sends; nothing may follow the final flag."""

    def __init__(self) -> None:
        self.responses: list[InferenceResponse] = []
        self.closed = False

    def send(self, response: InferenceResponse | None = None, flags: int = 0) -> None:
        if self.closed:
            raise TritonError("the response sender has been closed")
        self.closed = flags == TRITONSERVER_RESPONSE_COMPLETE_FINAL
        if response is not None:
            self.responses.append(response)


class Request:
    """A request as a model receives it. ``cancel_after`` looks at ``is_cancelled`` it turns true."""

    def __init__(self, outputs: Sequence[str] = (), cancel_after: int | None = None, **arrays: Array) -> None:
        self.arrays, self.sender = arrays, Sender()
        self._outputs, self._looks_left = list(outputs), cancel_after

    def requested_output_names(self) -> list[str]:
        return self._outputs

    def get_response_sender(self) -> Sender:
        return self.sender

    def is_cancelled(self) -> bool:
        if self._looks_left is None:
            return False
        self._looks_left -= 1
        return self._looks_left < 0


class InferenceRequest:
    """A call of another model."""

    def __init__(
        self, model_name: str, requested_output_names: list[str], inputs: list[Tensor], request_id: str = ""
    ) -> None:
        self.model_name, self.wanted, self.inputs = model_name, requested_output_names, inputs

    def exec(self) -> InferenceResponse:
        return SERVER.call(self.model_name, self.inputs, self.wanted)


class Logger:
    """Keeps what is logged."""

    errors: ClassVar[list[str]] = []

    @staticmethod
    def log_error(message: str) -> None:
        Logger.errors.append(message)


class Server:
    """Models by name, and a journal of what was called, loaded and unloaded."""

    def __init__(self) -> None:
        self.models: dict[str, Callable[[Arrays], Arrays]] = {}
        self.ready: set[str] = set()
        self.journal: list[tuple[str, str]] = []
        self.wanted: list[list[str]] = []
        """Outputs that each call asked for."""
        self.looks_until_gone = 0
        """How often somebody can look at the repository index before an unloaded model has given its memory back."""
        self.on_gpu = False
        self._going: dict[str, int] = {}

    def call(self, name: str, inputs: list[Tensor], wanted: list[str]) -> InferenceResponse:
        self.journal.append(("call", name))
        self.wanted.append(wanted)
        if name not in self.models:
            return InferenceResponse(error=TritonError(f"{name} is not ready"))
        try:
            made = self.models[name]({tensor.name(): tensor.to_dlpack()[0] for tensor in inputs})
        except TritonError as error:
            return InferenceResponse(error=error)
        return InferenceResponse([Tensor(key, made[key], self.on_gpu) for key in wanted if key in made])

    def load(self, name: str) -> None:
        self.journal.append(("load", name))
        self.ready.add(name)

    def unload(self, name: str) -> None:
        self.journal.append(("unload", name))
        self._going[name] = self.looks_until_gone
        # Triton 2.51 says that a model is not ready as soon as its unloading begins.
        self.ready.discard(name)

    def is_ready(self, name: str) -> bool:
        return name in self.ready

    def states(self) -> dict[str, str]:
        """The repository index, in which an unloaded model is seen on its way out."""
        for going in list(self._going):
            self._going[going] -= 1
            if self._going[going] < 0:
                del self._going[going]
                self.journal.append(("gone", going))
        return {**dict.fromkeys(self.ready, "READY"), **dict.fromkeys(self._going, "UNLOADING")}


SERVER = Server()


def reset() -> Server:
    """A new, empty server."""
    global SERVER
    SERVER = Server()
    Logger.errors = []
    return SERVER


def load_model(name: str) -> None:
    SERVER.load(name)


def unload_model(name: str) -> None:
    SERVER.unload(name)


def is_model_ready(name: str) -> bool:
    return SERVER.is_ready(name)


def get_input_tensor_by_name(request: Request, name: str) -> Tensor | None:
    return Tensor(name, request.arrays[name]) if name in request.arrays else None


def get_output_tensor_by_name(response: InferenceResponse, name: str) -> Tensor | None:
    return next((tensor for tensor in response.output_tensors() if tensor.name() == name), None)


def bytes_tensor(*texts: str | bytes) -> Array:
    """A BYTES array as Triton hands it over."""
    return np.array([text.encode() if isinstance(text, str) else text for text in texts], dtype=np.object_)
