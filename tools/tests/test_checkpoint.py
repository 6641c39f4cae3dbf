"""The checkpoint in ``models/wan-tiny``, which is in git: what is served is what the checkpoint says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from diffusers import (
    AutoencoderKLWan,
    FlowMatchEulerDiscreteScheduler,
    UniPCMultistepScheduler,
    WanTransformer3DModel,
)
from safetensors import safe_open
from support import notes_of_the_exporter
from torch import Tensor
from transformers import PreTrainedTokenizerFast, UMT5EncoderModel

from triptych_runtime.noise import initial_noise
from triptych_runtime.session import open_session
from triptych_tools import onnx_pipeline, sampling
from triptych_tools.experts import velocity
from triptych_tools.onnx_pipeline import OnnxExperts, OnnxText
from triptych_tools.text import encode_text
from triptych_tools.vae import decode_clip
from triptych_tools.wan_tiny.captions import all_captions
from triptych_tools.wan_tiny.card import model_card
from triptych_tools.wan_tiny.experts import BOUNDARY, LATENT_SHAPE, SHIFT
from triptych_tools.wan_tiny.served import SERVED
from triptych_tools.wan_tiny.text import TOKENS, tokenize, train_tokenizer
from triptych_tools.wan_tiny.train_vae import denormalise

Array = npt.NDArray[Any]

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models" / "wan-tiny"
REPOSITORY = ROOT / "model-repository" / "wan-tiny" / "models"
EXPERTS = {
    "final_high_noise": "transformer",
    "final_low_noise": "transformer_2",
    "draft_high_noise": "distilled-4step/transformer",
    "draft_low_noise": "distilled-4step/transformer_2",
}
MB = 1_000_000


def graph(name: str) -> Path:
    """The served file of a network."""
    return MODELS / "onnx" / f"{SERVED[name]}.onnx"


def size(pattern: str) -> int:
    """Bytes of all files of a pattern that are in git; there is at least one."""
    files = [path for path in MODELS.rglob(pattern) if "build" not in path.relative_to(MODELS).parts]
    assert files, f"no {pattern} below {MODELS}"
    return sum(path.stat().st_size for path in files)


def run(name: str, outputs: list[str], feeds: dict[str, Array]) -> list[Array]:
    arrays: list[Array] = open_session(graph(name), threads=2).run(outputs, feeds)
    return arrays


def load(part: Any, folder: str) -> Any:
    """A part as FP32: its weights are stored as FP16."""
    return part.from_pretrained(MODELS / folder, torch_dtype=torch.float32).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer of the checkpoint."""
    return PreTrainedTokenizerFast.from_pretrained(MODELS / "tokenizer")


@pytest.fixture(scope="module")
def context(tokenizer: PreTrainedTokenizerFast) -> Tensor:
    """CONTEXT of an empty negative prompt and a caption, by the checkpoint."""
    encoder = load(UMT5EncoderModel, "text_encoder")
    return encode_text(encoder, *tokenize(tokenizer, ["", "a red circle moves right"]))


def test_the_manifest_is_right() -> None:
    entries = json.loads((MODELS / "manifest.json").read_text())["files"]
    assert set(entries) == {*(f"onnx/{graph(name).name}" for name in SERVED), "tokenizer/tokenizer.json"}
    assert {path.name for path in (MODELS / "onnx").glob("*.onnx")} == {graph(name).name for name in SERVED}
    for name, entry in entries.items():
        data = (MODELS / name).read_bytes()
        assert entry == {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}, name


def test_it_is_small_enough_for_git() -> None:
    assert size("*.onnx") <= 20 * MB
    assert size("*.safetensors") <= 25 * MB


@pytest.mark.parametrize("name", SERVED)
def test_nothing_of_the_machine_that_made_it_is_in_a_graph(name: str) -> None:
    assert notes_of_the_exporter(graph(name)) == []


def test_the_index_names_what_is_there() -> None:
    index = json.loads((MODELS / "model_index.json").read_text())
    assert (index["_class_name"], index["boundary_ratio"]) == ("WanPipeline", BOUNDARY)
    parts = {name: value for name, value in index.items() if isinstance(value, list)}
    assert all((MODELS / name).is_dir() for name in parts)
    assert set(parts) == {"scheduler", "text_encoder", "tokenizer", "transformer", "transformer_2", "vae"}


def test_weights_are_stored_as_fp16() -> None:
    files = list(MODELS.rglob("*.safetensors"))
    assert len(files) == 6
    for path in files:
        with safe_open(path, "pt") as weights:
            assert {weights.get_slice(key).get_dtype() for key in weights.keys()} == {"F16"}, path  # noqa: SIM118


def test_schedulers_load() -> None:
    final = UniPCMultistepScheduler.from_pretrained(MODELS / "scheduler").config
    assert (final.flow_shift, final.use_flow_sigmas, final.prediction_type) == (SHIFT, True, "flow_prediction")
    draft = FlowMatchEulerDiscreteScheduler.from_pretrained(MODELS / "distilled-4step" / "scheduler").config
    assert draft.shift == SHIFT


def test_the_tokenizer_is_the_one_that_the_code_trains(tokenizer: PreTrainedTokenizerFast) -> None:
    captions = [text for *_, text in all_captions()]
    assert torch.equal(tokenize(tokenizer, captions)[0], tokenize(train_tokenizer(), captions)[0])


def test_the_served_text_encoder_is_the_checkpoints(tokenizer: PreTrainedTokenizerFast, context: Tensor) -> None:
    ids, mask = tokenize(tokenizer, ["", "a red circle moves right"])
    served = run("text_encoder", ["CONTEXT"], {"TOKEN_IDS": ids.numpy(), "TOKEN_MASK": mask.numpy()})[0]
    assert served.shape == (2, TOKENS, context.shape[-1])
    # The graph has FP32 weights, the checkpoint FP16 ones.
    assert np.abs(served - context.numpy()).max() <= 0.02 * context.abs().max()


def served_velocity(name: str, x: Array, timestep: float, context: Tensor, guidance: float | None) -> Array:
    """The velocity that an expert graph computes inside, read through coefficients that pass it on."""
    rows = 4 if name.startswith("final") else 1
    state = np.zeros((rows, *LATENT_SHAPE), dtype=np.float32)
    state[0] = x
    coefficients = np.zeros((rows, rows + 1), dtype=np.float32)
    coefficients[0, -1] = 1.0
    feeds = {
        "STATE": state,
        "TIMESTEP": np.array([timestep], dtype=np.float32),
        "CONTEXT": context.numpy(),
        "COEFFICIENTS": coefficients,
    }
    if guidance is not None:
        feeds["GUIDANCE"] = np.array([guidance], dtype=np.float32)
    return run(name, ["LATENT"], feeds)[0]


def checkpoint_velocity(name: str, x: Array, timestep: float, context: Tensor, guidance: float | None) -> Array:
    """The same by diffusers from the checkpoint."""
    expert = load(WanTransformer3DModel, EXPERTS[name])
    both = velocity(expert, torch.from_numpy(np.stack([x, x])), torch.tensor([timestep] * 2), context)
    v = both[1] if guidance is None else both[0] + guidance * (both[1] - both[0])
    array: Array = v.numpy()
    return array


@pytest.mark.parametrize(("name", "timestep"), [("final_high_noise", 950.0), ("final_low_noise", 500.0)])
@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_a_served_final_expert_is_the_checkpoints(context: Tensor, name: str, timestep: float, guidance: float) -> None:
    x = initial_noise(7, LATENT_SHAPE)
    served = served_velocity(name, x, timestep, context, guidance)
    theirs = checkpoint_velocity(name, x, timestep, context, guidance)
    assert np.abs(served - theirs).max() <= 1e-4 * max(1.0, np.abs(theirs).max())


@pytest.mark.parametrize(("name", "timestep"), [("draft_high_noise", 1000.0), ("draft_low_noise", 833.0)])
def test_a_served_draft_expert_is_the_checkpoints_but_for_int8(context: Tensor, name: str, timestep: float) -> None:
    x = initial_noise(7, LATENT_SHAPE)
    served = served_velocity(name, x, timestep, context, None)
    theirs = checkpoint_velocity(name, x, timestep, context, None)
    error = np.linalg.norm(served - theirs) / np.linalg.norm(theirs)
    assert 1e-4 < error < 0.1


def test_a_served_clip_is_what_diffusers_makes_of_the_checkpoint() -> None:
    text = OnnxText(MODELS / "tokenizer" / "tokenizer.json", graph("text_encoder"), TOKENS)
    context = text.context("a yellow square moves up")
    scales = {"high_noise": 2.0, "low_noise": 1.5}
    schedule = REPOSITORY / "final_denoiser" / "1" / "schedule.json"
    served = OnnxExperts(
        graph("final_high_noise"), graph("final_low_noise"), schedule, onnx_pipeline.Guidance(**scales)
    ).denoise(context, initial_noise(7, LATENT_SHAPE), steps=10)
    pair = sampling.load_experts(MODELS)
    negative, positive = torch.from_numpy(context)
    theirs = sampling.sample(
        pair,
        sampling.unipc(SHIFT, 10),
        sampling.noise([7], LATENT_SHAPE),
        positive[None],
        negative,
        sampling.Guidance(**scales),
    )[-1][0].numpy()
    assert np.abs(served - theirs).max() <= 1e-3 * np.abs(theirs).max()


def test_the_served_decoder_is_the_checkpoints() -> None:
    vae = load(AutoencoderKLWan, "vae")
    latent = initial_noise(7, LATENT_SHAPE)
    served = run("vae_decoder", ["FRAMES"], {"LATENT": latent})[0]
    video = decode_clip(vae, denormalise(vae, torch.from_numpy(latent)[None]))[0].clamp(-1, 1)
    theirs = ((video * 0.5 + 0.5) * 255).round().permute(1, 2, 3, 0).numpy()
    assert served.dtype == np.uint8
    assert np.abs(served - theirs).max() <= 1


def test_the_model_card_says_what_the_figures_say() -> None:
    figures = json.loads((MODELS / "figures.json").read_text())
    assert (MODELS / "README.md").read_text(encoding="utf-8") == model_card(figures)
    assert figures["sizes"]["onnx_total"] == size("*.onnx")
    assert figures["sizes"]["checkpoint_total"] == size("*.safetensors")


@pytest.mark.parametrize("name", SERVED)
def test_a_passport_tells_what_each_file_was_made_from(name: str) -> None:
    text = graph(name).with_name(f"{graph(name).name}.passport.json").read_text(encoding="utf-8")
    passport = json.loads(text)
    assert passport["files"][0]["sha256"] == hashlib.sha256(graph(name).read_bytes()).hexdigest()
    assert not [path for path in ("/work", "/home", "/root", "/tmp", "site-packages") if path in text]
