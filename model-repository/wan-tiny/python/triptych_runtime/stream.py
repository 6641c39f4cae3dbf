"""The model ``V_stream``: the whole pipeline with a response after each step, cancellable between steps."""

from __future__ import annotations

import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

from triptych_runtime import inputs
from triptych_runtime.call import call
from triptych_runtime.config import read_arguments
from triptych_runtime.denoise import Denoiser
from triptych_runtime.inputs import BadInput
from triptych_runtime.outcome import Cancelled, to_error

RESULTS = ("VIDEO", "FRAMES", "LATENT")


class Progress:
    """Sends one response for each step that is done.

    ``courier``, an executor of one thread, hands the steps to the server while the next one runs: a hand-over is two
    changes of process, which would otherwise be added to every step.

    The last response carries the final flag itself. A flag sent after an error would reach a stream that the
    server may have closed by then, and Triton 2.51 crashes on that.
    """

    def __init__(self, sender: Any, courier: Executor) -> None:
        self.sender = sender
        self.courier = courier
        self.under_way: list[Future[None]] = []
        self.started = time.monotonic_ns()

    def report(self, stage: str, step: int, steps: int) -> None:
        """Tell the client of a step."""
        self.under_way.append(self.courier.submit(self._send, stage, step, steps, self._elapsed_us()))

    def finish(self, results: list[Any]) -> None:
        """Hand over the results; nothing can be sent after it."""
        tensors = [*_tensors("done", 1, 1, self._elapsed_us()), *results]
        for step in self.under_way:
            step.result()
        self._send_last(pb_utils.InferenceResponse(output_tensors=tensors))

    def fail(self, error: Any) -> None:
        """Say what went wrong; nothing can be sent after it."""
        # A step that could not be sent may be the very failure.
        wait(self.under_way)
        self._send_last(pb_utils.InferenceResponse(output_tensors=[], error=error))

    def _send(self, stage: str, step: int, steps: int, elapsed_us: int) -> None:
        self.sender.send(pb_utils.InferenceResponse(output_tensors=_tensors(stage, step, steps, elapsed_us)))

    def _send_last(self, response: Any) -> None:
        self.sender.send(response, flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)

    def _elapsed_us(self) -> int:
        return (time.monotonic_ns() - self.started) // 1000


def _tensors(stage: str, step: int, steps: int, elapsed_us: int) -> list[Any]:
    return [
        pb_utils.Tensor("STAGE", np.array([stage.encode()], dtype=np.object_)),
        pb_utils.Tensor("STEP", np.array([step], dtype=np.int32)),
        pb_utils.Tensor("STEPS", np.array([steps], dtype=np.int32)),
        pb_utils.Tensor("ELAPSED_US", np.array([elapsed_us], dtype=np.int64)),
    ]


class TritonPythonModel:
    """PROMPT, SEED, … → STAGE, STEP, STEPS, ELAPSED_US, and with the last response VIDEO, FRAMES, LATENT."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the schedules."""
        arguments = read_arguments(args)
        self.name = arguments.name
        self.denoiser = Denoiser(arguments)
        self.courier = ThreadPoolExecutor(max_workers=1, thread_name_prefix="courier")

    def finalize(self) -> None:
        """End the courier's thread."""
        self.courier.shutdown()

    def execute(self, requests: list[Any]) -> None:
        """Play each request to its end, or to the step after which its caller left."""
        for request in requests:
            progress = Progress(request.get_response_sender(), self.courier)
            try:
                self._play(request, progress)
            except Exception as reason:  # noqa: BLE001 - whatever it is, the caller is owed an answer
                progress.fail(to_error(reason, self.name))

    def _play(self, request: Any, progress: Progress) -> None:
        order = self.denoiser.order(request)
        _require_text(request)
        wanted = [name for name in RESULTS if name in request.requested_output_names()]
        prompts = [
            tensor
            for name in ("PROMPT", "NEGATIVE_PROMPT")
            if (tensor := pb_utils.get_input_tensor_by_name(request, name)) is not None
        ]
        tokens = call("tokenizer", prompts, ["TOKEN_IDS", "TOKEN_MASK"])
        progress.report("tokenizer", 1, 1)
        context = call("text_encoder", tokens, ["CONTEXT"])[0]
        progress.report("text_encoder", 1, 1)
        latent = self.denoiser.run(request, order, context, progress.report)
        made = {"LATENT": latent, **self._show(request, latent, wanted, progress)}
        progress.finish([made[name] for name in wanted])

    def _show(self, request: Any, latent: Any, wanted: list[str], progress: Progress) -> dict[str, Any]:
        """Decode and encode as far as somebody wants the outcome."""
        if not {"VIDEO", "FRAMES"} & set(wanted):
            return {}
        _stop_if_cancelled(request)
        frames = call("vae_decoder", [latent], ["FRAMES"])[0]
        progress.report("vae_decoder", 1, 1)
        if "VIDEO" not in wanted:
            return {"FRAMES": frames}
        _stop_if_cancelled(request)
        video = call("video_encoder", [frames], ["VIDEO"])[0]
        progress.report("video_encoder", 1, 1)
        return {"FRAMES": frames, "VIDEO": video}


def _stop_if_cancelled(request: Any) -> None:
    if request.is_cancelled():
        raise Cancelled


def _require_text(request: Any) -> None:
    # The tokenizer checks the prompts too, but a missing one is clearer said here.
    if inputs.text(request, "PROMPT") is None:
        raise BadInput("PROMPT: missing")
