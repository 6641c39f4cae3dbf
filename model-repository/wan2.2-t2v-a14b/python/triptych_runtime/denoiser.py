"""The model ``V_denoiser``: the middle panel of the ensemble, unary."""

from __future__ import annotations

from typing import Any

import triton_python_backend_utils as pb_utils

from triptych_runtime.config import read_arguments
from triptych_runtime.denoise import Denoiser
from triptych_runtime.outcome import answer_all


class TritonPythonModel:
    """CONTEXT, SEED, STEPS, guidance → LATENT."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the schedules."""
        arguments = read_arguments(args)
        self.name = arguments.name
        self.denoiser = Denoiser(arguments)

    def execute(self, requests: list[Any]) -> list[Any]:
        """Denoise each request."""
        return answer_all(requests, self.name, self._answer)

    def _answer(self, request: Any) -> list[Any]:
        order = self.denoiser.order(request)
        context = pb_utils.get_input_tensor_by_name(request, "CONTEXT")
        return [self.denoiser.run(request, order, context)]
