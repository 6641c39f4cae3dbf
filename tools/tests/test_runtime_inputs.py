"""What a request may say, and how a refusal names its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import triton_python_backend_utils as triton
from triton_python_backend_utils import Request, Server, bytes_tensor

from triptych_runtime import inputs
from triptych_runtime.call import call, renamed
from triptych_runtime.config import read_arguments
from triptych_runtime.inputs import BadInput
from triptych_runtime.outcome import Cancelled, answer_all, to_error


def i64(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


def f32(*values: float) -> Any:
    return np.array(values, dtype=np.float32)


@pytest.mark.parametrize("value", [0, 7, 2**63 - 1])
def test_seed(value: int) -> None:
    assert inputs.seed(Request(SEED=i64(value))) == value


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(), "SEED: missing"),
        (Request(SEED=i64(-1)), "SEED: expected 0 to 9223372036854775807, got -1"),
        (Request(SEED=i64(1, 2)), "SEED: expected one element, got 2"),
        (Request(SEED=i64()), "SEED: expected one element, got 0"),
    ],
)
def test_bad_seed(request_: Request, message: str) -> None:
    with pytest.raises(BadInput) as refusal:
        inputs.seed(request_)
    assert str(refusal.value) == message


def test_steps_are_one_of_the_offered_and_the_first_by_default() -> None:
    assert inputs.steps(Request(), (20, 4)) == 20
    assert inputs.steps(Request(STEPS=np.array([4], dtype=np.int32)), (20, 4)) == 4
    with pytest.raises(BadInput, match=r"^STEPS: expected one of 20, 4, got 5$"):
        inputs.steps(Request(STEPS=np.array([5], dtype=np.int32)), (20, 4))


def test_scale() -> None:
    assert inputs.scale(Request(), "GUIDANCE_LOW_NOISE", 1.5, 30.0) == 1.5
    assert inputs.scale(Request(G=f32(0.0)), "G", 1.5, 30.0) == 0.0
    assert inputs.scale(Request(G=f32(30.0)), "G", 1.5, 30.0) == 30.0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.1, 30.1])
def test_bad_scale(value: float) -> None:
    with pytest.raises(BadInput, match=r"^G: expected a number from 0 to 30, got "):
        inputs.scale(Request(G=f32(value)), "G", 1.5, 30.0)


def test_text() -> None:
    assert inputs.text(Request(), "PROMPT") is None
    assert inputs.text(Request(PROMPT=bytes_tensor("红色圆形")), "PROMPT") == "红色圆形"
    assert inputs.text(Request(PROMPT=bytes_tensor("")), "PROMPT") == ""
    with pytest.raises(BadInput, match=r"^PROMPT: not valid UTF-8 at byte 2$"):
        inputs.text(Request(PROMPT=bytes_tensor(b"ab\xff")), "PROMPT")
    with pytest.raises(BadInput, match=r"^PROMPT: expected one element, got 2$"):
        inputs.text(Request(PROMPT=bytes_tensor("a", "b")), "PROMPT")


def arguments(folder: Path, **parameters: str) -> dict[str, str]:
    config = {
        "name": "tokenizer",
        "parameters": {key: {"string_value": value} for key, value in parameters.items()},
        "output": [{"name": "TOKEN_IDS", "dims": ["2", "32"]}],
    }
    return {"model_config": json.dumps(config), "model_repository": str(folder), "model_version": "1"}


def test_arguments(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "there.json").touch()
    found = read_arguments(arguments(tmp_path, file="there.json", other="gone.json"))
    assert (found.name, found.folder) == ("tokenizer", tmp_path / "1")
    assert found.output_dims == {"TOKEN_IDS": (2, 32)}
    assert found.file("file") == tmp_path / "1" / "there.json"
    with pytest.raises(FileNotFoundError, match=r"gone\.json is missing; link the weights"):
        found.file("other")
    with pytest.raises(ValueError, match=r"no parameter 'pad_id'; render the repository again"):
        found.parameter("pad_id")


def test_errors_carry_their_code_and_only_faults_are_logged(server: Server) -> None:
    assert server.journal == []
    bad = to_error(BadInput("SEED: missing"), "m")
    assert (bad.message(), bad.code()) == ("SEED: missing", triton.TritonError.INVALID_ARG)
    gone = to_error(Cancelled(), "m")
    assert (gone.message(), gone.code()) == ("cancelled by the caller", triton.TritonError.CANCELLED)
    assert triton.Logger.errors == []
    fault = to_error(KeyError("x"), "m")
    assert (fault.message(), fault.code()) == ("m: KeyError: 'x'", triton.TritonError.INTERNAL)
    assert "Traceback" not in fault.message()
    assert len(triton.Logger.errors) == 1


def test_a_bad_request_does_not_spoil_its_neighbours(server: Server) -> None:
    def answer(request: Request) -> list[triton.Tensor]:
        return [triton.Tensor("OUT", i64(inputs.seed(request)))]

    responses = answer_all([Request(SEED=i64(1)), Request(), Request(SEED=i64(3))], "m", answer)
    assert [response.has_error() for response in responses] == [False, True, False]
    assert [response.output_tensors()[0].as_numpy().tolist() for response in (responses[0], responses[2])] == [[1], [3]]


def refuse(message: str, code: Any = triton.TritonError.INTERNAL) -> Any:
    def model(_arrays: triton.Arrays) -> triton.Arrays:
        raise triton.TritonError(message, code)

    return model


@pytest.mark.parametrize(
    ("message", "code", "expected"),
    [
        ("NEGATIVE_PROMPT: empty", triton.TritonError.INTERNAL, BadInput),
        ("gone", triton.TritonError.CANCELLED, Cancelled),
        ("tokenizer: KeyError: 'x'", triton.TritonError.INTERNAL, RuntimeError),
    ],
)
def test_a_callees_error_keeps_its_meaning(server: Server, message: str, code: Any, expected: type[Exception]) -> None:
    server.models["m"] = refuse(message, code)
    with pytest.raises(Exception) as error:
        call("m", [], ["OUT"])
    assert type(error.value) is expected


def test_a_call_gives_the_wanted_tensors_in_order(server: Server) -> None:
    server.models["m"] = lambda arrays: {"A": arrays["X"], "B": arrays["X"] + 1}
    outputs = call("m", [triton.Tensor("X", i64(1))], ["B", "A"])
    assert [(tensor.name(), tensor.as_numpy().tolist()) for tensor in outputs] == [("B", [2]), ("A", [1])]
    with pytest.raises(RuntimeError, match=r"m gave no C"):
        call("m", [triton.Tensor("X", i64(1))], ["C"])


@pytest.mark.parametrize("on_gpu", [False, True])
def test_renaming_keeps_memory_and_device(on_gpu: bool) -> None:
    tensor = triton.Tensor("NEXT_STATE", f32(1.0), on_gpu)
    again = renamed(tensor, "STATE")
    assert again.name() == "STATE"
    assert again.is_cpu() == (not on_gpu)
    assert again.to_dlpack()[0] is tensor.to_dlpack()[0]
    assert renamed(again, "STATE") is again
