"""The two models that wrap a library: any ONNX graph, and the video encoder."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper
from triton_python_backend_utils import Request

from triptych_runtime import onnx_model, video_encoder
from triptych_runtime.mp4 import VideoFormat, encode_mp4
from triptych_tools.wan_tiny.captions import SCENES
from triptych_tools.wan_tiny.clips import make_clip
from triptych_tools.wan_tiny.judge import judge, psnr

Frames = npt.NDArray[np.uint8]

FORMATS = [VideoFormat("h264", 12, 8, 4), VideoFormat("vp9", 20, 16, 2)]


def arguments(folder: Path, **parameters: str) -> dict[str, str]:
    config = {
        "name": "model",
        "parameters": {key: {"string_value": value} for key, value in parameters.items()},
        "output": [],
    }
    return {"model_config": json.dumps(config), "model_repository": str(folder), "model_version": "1"}


def test_an_onnx_graph_gives_the_outputs_that_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    tensors = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("A", "B", "SUM", "DIFF")}
    nodes = [helper.make_node("Add", ["A", "B"], ["SUM"]), helper.make_node("Sub", ["A", "B"], ["DIFF"])]
    graph = helper.make_graph(nodes, "g", [tensors["A"], tensors["B"]], [tensors["SUM"], tensors["DIFF"]])
    file = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(file, tmp_path / "1" / "model.onnx")
    model = onnx_model.TritonPythonModel()
    model.initialize(arguments(tmp_path, onnx_file="model.onnx", intra_op_num_threads="1"))

    a, b = (np.array(values, dtype=np.float32) for values in ([3, 4], [1, 1]))
    both, one, bad = model.execute(
        [Request(["DIFF", "SUM"], A=a, B=b), Request(["SUM"], A=b, B=b), Request(["SUM"], A=a[:1], B=b)]
    )
    assert [(tensor.name(), tensor.as_numpy().tolist()) for tensor in both.output_tensors()] == [
        ("DIFF", [2, 3]),
        ("SUM", [4, 5]),
    ]
    assert [tensor.as_numpy().tolist() for tensor in one.output_tensors()] == [[2, 2]]
    assert bad.error().message().startswith("model: ")


def clip(seed: int = 0) -> Frames:
    scene = SCENES[seed]
    return np.round(make_clip(scene, np.random.default_rng(seed)) * 255).astype(np.uint8)


def decoded(data: bytes) -> tuple[Any, list[Frames]]:
    """The stream and the frames of an MP4."""
    container = av.open(io.BytesIO(data))
    video = container.streams.video[0]
    return video, [frame.to_ndarray(format="rgb24") for frame in container.decode(video)]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.codec)
def test_the_video_plays_and_shows_the_frames(form: VideoFormat) -> None:
    frames = clip()
    stream, shown = decoded(encode_mp4(frames, form))
    assert form.codec in stream.codec_context.name
    assert stream.codec_context.pix_fmt == "yuv420p"
    assert stream.average_rate == form.fps
    tags = stream.codec_context
    assert (tags.colorspace, tags.color_primaries, tags.color_trc, tags.color_range) == (1, 1, 1, 1)
    assert float(stream.duration * stream.time_base) == pytest.approx(len(frames) / form.fps)
    assert len(shown) == len(frames)
    assert {frame.shape for frame in shown} == {(64 * form.enlarge, 64 * form.enlarge, 3)}
    half = form.enlarge // 2
    sampled = np.stack([frame[half :: form.enlarge, half :: form.enlarge] for frame in shown])
    assert psnr(sampled, frames) > 28
    assert judge(sampled).shows(SCENES[0])


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.codec)
def test_the_same_frames_give_the_same_bytes(form: VideoFormat) -> None:
    frames = clip()
    data = encode_mp4(frames, form)
    assert encode_mp4(frames.copy(), form) == data
    # A view with other strides holds the same frames.
    assert encode_mp4(np.asfortranarray(frames), form) == data
    assert encode_mp4(clip(5), form) != data


def test_a_lower_rate_factor_keeps_more() -> None:
    frames = clip()
    coarse, fine = (encode_mp4(frames, VideoFormat("h264", crf, 8, 4)) for crf in (40, 10))
    assert len(fine) > len(coarse)


def test_the_model_encodes_and_refuses_an_unknown_codec(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    model = video_encoder.TritonPythonModel()
    model.initialize(arguments(tmp_path, codec="h264", crf="12", fps="8", enlarge="4"))
    good, bad = model.execute([Request(["VIDEO"], FRAMES=clip()), Request(["VIDEO"], FRAMES=clip()[0])])
    video = good.output_tensors()[0]
    assert (video.name(), video.as_numpy().dtype, video.as_numpy().shape) == ("VIDEO", np.object_, (1,))
    assert video.as_numpy()[0] == encode_mp4(clip(), FORMATS[0])
    assert bad.has_error()
    with pytest.raises(ValueError, match="expected one of h264, vp9, got 'av1'"):
        model.initialize(arguments(tmp_path, codec="av1", crf="12", fps="8", enlarge="4"))
