"""NVIDIA's own Python client, driven line by line: each line of standard input is one call, each line out its answer.

Argument: the server's gRPC endpoint.
A call:   {"method": name, "arguments": {...}}   a method of InferenceServerClient; bytes as {"base64": …}
          {"infer": {"model_name", "inputs", "outputs", ...}}   one inference
          {"stream": [{...}, ...]}                              several on one stream, answered when all have ended
An answer: {"value": …} or {"error": {"status", "message"}}

A tensor is {"name", "datatype", "shape", "data"}: data as base64, little-endian; of BYTES a list of base64.
"""

import base64
import json
import queue
import sys
from typing import Any

import ml_dtypes
import numpy as np
import tritonclient.grpc as grpcclient
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

Json = dict[str, Any]
JSON_METHODS = (
    "get_server_metadata",
    "get_model_metadata",
    "get_model_config",
    "get_model_repository_index",
    "get_inference_statistics",
    "get_trace_settings",
    "update_trace_settings",
    "get_log_settings",
    "update_log_settings",
)


def decoded(value: object) -> object:
    """An argument with bytes where there is base64."""
    if isinstance(value, dict):
        if set(value) == {"base64"}:
            return base64.b64decode(value["base64"])
        return {key: decoded(item) for key, item in value.items()}
    return value


def array_of(tensor: Json) -> np.ndarray:
    """The numpy array that tritonclient wants for a tensor."""
    shape = tensor["shape"]
    if tensor["datatype"] == "BYTES":
        elements = [base64.b64decode(item) for item in tensor["data"]]
        array = np.empty(len(elements), dtype=np.object_)
        array[:] = elements
        return array.reshape(shape)
    kind = ml_dtypes.bfloat16 if tensor["datatype"] == "BF16" else triton_to_np_dtype(tensor["datatype"])
    return np.frombuffer(base64.b64decode(tensor["data"]), dtype=kind).reshape(shape)


def tensor_of(output: Any, result: Any) -> Json:
    """A tensor of an answer, as tritonclient reads it."""
    array = result.as_numpy(output.name)
    data: object
    if array.dtype == np.object_:
        data = [base64.b64encode(item).decode() for item in array.flatten()]
    else:
        data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"name": output.name, "datatype": output.datatype, "shape": list(array.shape), "data": data}


def answer_of(result: Any) -> Json:
    """An answer of a model."""
    response = result.get_response()
    parameters = {name: getattr(it, it.WhichOneof("parameter_choice")) for name, it in response.parameters.items()}
    return {
        "id": response.id,
        "version": response.model_version,
        "parameters": parameters,
        "outputs": [tensor_of(output, result) for output in response.outputs],
    }


def request_of(call: Json) -> Json:
    """The arguments of one inference."""
    inputs = []
    for tensor in call.pop("inputs"):
        item = grpcclient.InferInput(tensor["name"], tensor["shape"], tensor["datatype"])
        inputs.append(item.set_data_from_numpy(array_of(tensor)))
    outputs = [
        grpcclient.InferRequestedOutput(output["name"], class_count=output.get("classes", 0))
        for output in call.pop("outputs", [])
    ]
    return {"inputs": inputs, "outputs": outputs or None, **call}


def stream(client: grpcclient.InferenceServerClient, calls: list[Json]) -> list[Json]:
    """All answers to several requests on one stream, in the order in which they came."""
    answers: queue.Queue[Any] = queue.Queue()
    client.start_stream(lambda result, error: answers.put(error or result))
    for call in calls:
        client.async_stream_infer(**request_of(call), enable_empty_final_response=True)
    ended, found = 0, []
    while ended < len(calls):
        answer = answers.get(timeout=60)
        if isinstance(answer, InferenceServerException):
            ended += 1
            found.append({"error": answer.message()})
            continue
        found.append(answer_of(answer))
        ended += bool(found[-1]["parameters"].get("triton_final_response"))
    client.stop_stream()
    return found


def handle(client: grpcclient.InferenceServerClient, call: Json) -> object:
    """Makes one call."""
    if "infer" in call:
        return answer_of(client.infer(**request_of(call["infer"])))
    if "stream" in call:
        return stream(client, call["stream"])
    method, arguments = call["method"], decoded(call.get("arguments", {}))
    assert isinstance(arguments, dict)
    if method in JSON_METHODS:
        arguments["as_json"] = True
    return getattr(client, method)(**arguments)


def main() -> None:
    """Answers until standard input ends."""
    client = grpcclient.InferenceServerClient(sys.argv[1])
    for line in sys.stdin:
        try:
            answer: Json = {"value": handle(client, json.loads(line))}
        except InferenceServerException as error:
            answer = {"error": {"status": error.status() or "", "message": error.message()}}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
