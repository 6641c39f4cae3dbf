"""Frames to an MP4 that browsers play."""

from __future__ import annotations

import io
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

ENCODERS = {"h264": "libx264", "vp9": "libvpx-vp9"}


@dataclass(frozen=True)
class VideoFormat:
    """How frames become an MP4."""

    codec: str
    crf: int
    fps: int
    enlarge: int


def encode_mp4(frames: npt.NDArray[np.uint8], form: VideoFormat) -> bytes:
    """MP4 bytes of frames [F, H, W, 3]; the same frames give the same bytes."""
    target = io.BytesIO()
    _, height, width, _ = frames.shape
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream(ENCODERS[form.codec], rate=form.fps)
        stream.width, stream.height = width * form.enlarge, height * form.enlarge
        stream.pix_fmt = "yuv420p"
        # More threads would make the bytes depend on the machine.
        stream.thread_count = 1
        # Said in the file: a player that has to guess takes other colours for small pictures than for large ones.
        stream.codec_context.colorspace = Colorspace.ITU709
        stream.codec_context.color_primaries = ColorPrimaries.BT709
        stream.codec_context.color_trc = ColorTrc.BT709
        stream.codec_context.color_range = ColorRange.MPEG
        stream.options = {"crf": str(form.crf), **({"b:v": "0"} if form.codec == "vp9" else {"preset": "veryfast"})}
        for array in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(array), format="rgb24")
            resized = frame.reformat(
                stream.width, stream.height, "yuv420p", dst_colorspace=Colorspace.ITU709, interpolation="BICUBIC"
            )
            container.mux(stream.encode(resized))
        container.mux(stream.encode(None))
    return target.getvalue()
