"""Decoding over a whole clip, unrolled and step by step is what diffusers decodes, in torch and as ONNX."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch
from diffusers import AutoencoderKLWan
from support import notes_of_the_exporter
from test_vae import difference, shaken
from torch import Tensor

from triptych_runtime.session import open_session
from triptych_tools import export
from triptych_tools.checkpoint import save_part
from triptych_tools.export import export_graph, main
from triptych_tools.networks import OneFrame
from triptych_tools.onnx_pipeline import OnnxDecoder, VaeSteps
from triptych_tools.vae import decode_clip, decode_frame, largest_tensor
from triptych_tools.wan_tiny.vae import new_vae

TOLERANCE = 1e-5
CHANNELS, SIZE = 4, (2, 3)
LAYOUTS = ("a14b", "residual")


def vae_of(layout: str) -> AutoencoderKLWan:
    """A small VAE in the layout of A14B, or in the residual one of wan-tiny."""
    torch.manual_seed(0)
    scaling = {"latents_mean": [0.5, 0.0, -0.5, 1.0], "latents_std": [2.0, 1.0, 0.5, 1.5]}
    if layout == "residual":
        return shaken(new_vae(z_dim=4, base_dim=8, decoder_base_dim=8, num_res_blocks=0, **scaling))
    return shaken(AutoencoderKLWan(base_dim=8, z_dim=4, num_res_blocks=0, **scaling))


def latent_of(frames: int) -> Tensor:
    return torch.randn(CHANNELS, frames, *SIZE, generator=torch.Generator().manual_seed(frames))


def decoded(vae: AutoencoderKLWan, latent: Tensor) -> npt.NDArray[Any]:
    """What diffusers makes of a latent, as bytes."""
    mean, std = (torch.tensor(values).view(-1, 1, 1, 1) for values in (vae.config.latents_mean, vae.config.latents_std))
    video = vae.decode((latent * std + mean)[None]).sample[0]
    frames: npt.NDArray[Any] = ((video * 0.5 + 0.5) * 255).round().to(torch.uint8).permute(1, 2, 3, 0).numpy()
    return frames


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("frames", [1, 2, 5])
def test_a_whole_clip_and_single_frames_are_decode(layout: str, frames: int) -> None:
    vae = vae_of(layout)
    latents = torch.stack([latent_of(frames), -latent_of(frames)])
    theirs = vae.decode(latents).sample
    # Only where the clamp of diffusers has left something to compare does equality say anything.
    assert (theirs.abs() < 1).float().mean() > 0.3
    assert difference(decode_clip(vae, latents).clamp(-1, 1), theirs) <= TOLERANCE
    parts, caches = [], list[Tensor]()
    for latent in torch.split(latents, 1, dim=2):
        part, caches = decode_frame(vae, latent, caches)
        parts.append(part)
    assert [part.shape[2] for part in parts] == [1, 4, 4, 4, 4][:frames]
    assert difference(torch.cat(parts, dim=2).clamp(-1, 1), theirs) <= TOLERANCE


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_largest_tensor_of_a_whole_clip_is_known_beforehand(layout: str) -> None:
    vae, latent, sizes = vae_of(layout), latent_of(3), list[int]()
    for module in vae.modules():
        module.register_forward_hook(lambda _, inputs, output: sizes.append(max(inputs[0].numel(), output.numel())))
    decode_clip(vae, latent[None])
    assert largest_tensor(vae, (CHANNELS, 3, *SIZE)) == max(sizes)


def test_a_clip_too_large_for_a_convolution_of_tensorrt_is_unrolled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save_part(vae_of("a14b"), tmp_path)
    made: list[tuple[int, ...]] = []
    monkeypatch.setattr(export, "export_graph", lambda _, inputs, *rest, **more: made.append(inputs["LATENT"].shape))
    for frames in (21, 400):
        export.export_vae_decoder(tmp_path, tmp_path / "decoder.onnx", latent=(CHANNELS, frames, 60, 104))
    assert capsys.readouterr().out.splitlines() == [f"1/2 VAE loaded, its graph: {g}" for g in ("whole", "unrolled")]
    assert made == [(CHANNELS, 21, 60, 104), (CHANNELS, 400, 60, 104)]


def test_exported_steps_are_decode_before_they_are_rounded(tmp_path: Path) -> None:
    vae, latents = vae_of("residual"), latent_of(4)[None]
    frame = latents[:, :, :1]
    caches = decode_frame(vae, frame)[1]
    inputs = {f"CACHE_{index}": cache for index, cache in enumerate(caches)}
    outputs = ("VIDEO", *(f"NEXT_{name}" for name in inputs))
    export_graph(OneFrame(vae), {"LATENT": frame}, outputs, tmp_path / "first.onnx")
    export_graph(OneFrame(vae), {"LATENT": frame, **inputs}, outputs, tmp_path / "next.onnx")
    session, parts = open_session(tmp_path / "first.onnx"), []
    held: list[npt.NDArray[Any]] = []
    for latent in torch.split(latents, 1, dim=2):
        feeds = dict(zip(("LATENT", *inputs), [latent.numpy(), *held], strict=False))
        video, *held = session.run(None, feeds)
        parts.append(torch.from_numpy(video))
        session = open_session(tmp_path / "next.onnx")
    assert difference(torch.cat(parts, dim=2).clamp(-1, 1), vae.decode(latents).sample) <= TOLERANCE


@pytest.mark.parametrize(("graph", "frames"), [("whole", 3), ("unrolled", 2), ("step", 3)])
def test_exported_decoders_give_the_frames_of_diffusers(
    graph: str, frames: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vae, latent, path = vae_of("a14b"), latent_of(frames), tmp_path / "decoder.onnx"
    save_part(vae, tmp_path / "vae")
    flags = ["--latent", ",".join(map(str, latent.shape)), "--graph", graph]
    monkeypatch.setattr(sys, "argv", ["export", "vae-decoder", str(tmp_path / "vae"), str(path), *flags])
    main()
    files = sorted(tmp_path.glob("*.onnx"))
    if graph == "step":
        assert [file.name for file in files] == ["decoder.first.onnx", "decoder.next.onnx"]
        ours = VaeSteps(*files).frames(latent.numpy())
        for file in files:
            caches = [item.name for item in onnx.load(file).graph.output][1:]
            assert caches == [f"NEXT_CACHE_{index}" for index in range(len(caches))]
    else:
        assert files == [path]
        ours = OnnxDecoder(path).frames(latent.numpy())
    assert [note for file in files for note in notes_of_the_exporter(file)] == []
    theirs = decoded(vae, latent)
    assert theirs.std() > 30
    assert ours.shape == theirs.shape == (4 * frames - 3, SIZE[0] * 8, SIZE[1] * 8, 3)
    assert np.abs(ours.astype(int) - theirs).max() <= 1
