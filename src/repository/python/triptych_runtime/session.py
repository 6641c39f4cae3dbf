"""Opening an ONNX graph the way every part of Triptych does, so that figures of one hold for the other."""

from __future__ import annotations

from pathlib import Path

import onnxruntime


def open_session(path: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """A session on the CPU with a fixed number of threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        str(path),
        options,
        providers=["CPUExecutionProvider"],
        # It would turn a quantised product and its bias into a Gemm that has no INT8 kernel.
        disabled_optimizers=["MatMulAddFusion"],
    )
