"""Any ONNX graph as a Triton model, for servers that have no onnxruntime backend.

Names, datatypes and shapes are those of the graph, so that a repository for this model and one
for a native backend differ only in the backend they name.
"""

from __future__ import annotations

from typing import Any

import triton_python_backend_utils as pb_utils

from triptych_runtime.config import read_arguments
from triptych_runtime.outcome import answer_all
from triptych_runtime.session import open_session


class TritonPythonModel:
    """Runs the ONNX file that the parameter ``onnx_file`` names."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the graph with the number of threads that ``intra_op_num_threads`` gives."""
        arguments = read_arguments(args)
        self.name = arguments.name
        threads = int(arguments.parameter("intra_op_num_threads"))
        self.session = open_session(arguments.file("onnx_file"), threads)
        self.inputs = [item.name for item in self.session.get_inputs()]

    def execute(self, requests: list[Any]) -> list[Any]:
        """Run the graph once for each request, computing only the outputs it names."""
        return answer_all(requests, self.name, self._answer)

    def _answer(self, request: Any) -> list[Any]:
        feeds = {name: pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in self.inputs}
        wanted = list(request.requested_output_names())
        arrays = self.session.run(wanted, feeds)
        return [pb_utils.Tensor(name, array) for name, array in zip(wanted, arrays, strict=True)]
