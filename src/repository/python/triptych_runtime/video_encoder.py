"""The model ``video_encoder``: frames to an MP4 that browsers play."""

from __future__ import annotations

from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

from triptych_runtime.config import read_arguments
from triptych_runtime.mp4 import ENCODERS, VideoFormat, encode_mp4
from triptych_runtime.outcome import answer_all


class TritonPythonModel:
    """FRAMES UINT8 [F, H, W, 3] → VIDEO, one MP4."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read codec, rate factor, frame rate and enlargement."""
        arguments = read_arguments(args)
        self.name = arguments.name
        self.form = VideoFormat(
            codec=arguments.parameter("codec"),
            crf=int(arguments.parameter("crf")),
            fps=int(arguments.parameter("fps")),
            enlarge=int(arguments.parameter("enlarge")),
        )
        if self.form.codec not in ENCODERS:
            raise ValueError(f"parameter codec: expected one of {', '.join(ENCODERS)}, got {self.form.codec!r}")

    def execute(self, requests: list[Any]) -> list[Any]:
        """Encode each request."""
        return answer_all(requests, self.name, self._answer)

    def _answer(self, request: Any) -> list[Any]:
        frames = pb_utils.get_input_tensor_by_name(request, "FRAMES").as_numpy()
        data = encode_mp4(frames, self.form)
        return [pb_utils.Tensor("VIDEO", np.array([data], dtype=np.object_))]
