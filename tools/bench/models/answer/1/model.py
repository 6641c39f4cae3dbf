"""Answers with as many bytes as it is asked for, made once: what is measured is their way to the client."""

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def initialize(self, args):
        self.made = {}

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        size = int(pb_utils.get_input_tensor_by_name(request, "BYTES").as_numpy()[0])
        if size not in self.made:
            self.made[size] = np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)
        return pb_utils.InferenceResponse([pb_utils.Tensor("OUTPUT", self.made[size])])
