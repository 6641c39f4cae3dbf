"""The loop over both experts, behind both of its doors, with experts that are arithmetic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
import triton_python_backend_utils as triton
from diffusers import UniPCMultistepScheduler
from triton_python_backend_utils import Arrays, Request, Server, bytes_tensor

from triptych_runtime import denoise, denoiser, stream
from triptych_runtime.noise import initial_noise
from triptych_runtime.outcome import Cancelled

Array = npt.NDArray[Any]

SHAPE = (2, 3, 4, 4)
SHIFT = 5
STEPS = (4, 2)
GUIDANCE = {"high_noise": 2.0, "low_noise": 1.5}
SCHEDULES = Path(__file__).parent / "data" / "schedules"
CONTEXT = np.random.RandomState(1).standard_normal((2, 3, 5)).astype(np.float32)
RESULTS = ("VIDEO", "FRAMES", "LATENT")


@pytest.fixture(autouse=True)
def long_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps here take no time; the server is asked before each, as before one at full size."""
    monkeypatch.setattr(denoise, "CANCEL_INTERVAL", 0.0)


def velocity(expert: str, x: Array, timestep: float, context: Array) -> Array:
    """What a transformer would give: it depends on everything, and differs between the experts."""
    bias = 0.3 if expert == "high_noise" else -0.2
    bent: Array = np.tanh(x + float(context.mean()) + bias) + np.sin(timestep / 150)
    return bent


def expert(name: str) -> Any:
    """An expert graph in numpy."""

    def step(arrays: Arrays) -> Arrays:
        state, t = arrays["STATE"], float(arrays["TIMESTEP"][0])
        negative, v = (velocity(name, state[0], t, context) for context in arrays["CONTEXT"])
        if "GUIDANCE" in arrays:
            v = negative + arrays["GUIDANCE"][0] * (v - negative)
        following = np.tensordot(arrays["COEFFICIENTS"], np.concatenate([state, v[None]]), axes=1)
        following = following.astype(np.float32)
        return {"NEXT_STATE": following, "LATENT": following[0]}

    return step


def by_diffusers(seed: int, steps: int, guidance: dict[str, float] | None) -> Array:
    """The same by diffusers' own scheduler."""
    scheduler = UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=SHIFT)
    scheduler.set_timesteps(steps)
    x = torch.from_numpy(initial_noise(seed, SHAPE)).double()
    for t in scheduler.timesteps:
        name = "high_noise" if t >= 875 else "low_noise"
        negative, v = (velocity(name, x.numpy(), float(t), context) for context in CONTEXT)
        if guidance is not None:
            v = negative + guidance[name] * (v - negative)
        x = scheduler.step(torch.from_numpy(v), t, x, return_dict=False)[0]
    result: Array = x.numpy()
    return result


def arguments(folder: Path, guided: bool) -> dict[str, str]:
    """A rendered model: its config, and its schedules from those that are proved."""
    (folder / "1").mkdir(parents=True)
    schedules = [json.loads((SCHEDULES / f"unipc-shift{SHIFT}-{steps}.json").read_text()) for steps in STEPS]
    document = {"stateSize": schedules[0]["stateSize"], "schedules": schedules}
    (folder / "1" / "schedule.json").write_text(json.dumps(document))
    parameters = {
        "schedule": "schedule.json",
        "high_noise": "v_high_noise",
        "low_noise": "v_low_noise",
        "latent_shape": ",".join(map(str, SHAPE)),
        "residency": "resident",
        "residency_group": "v_high_noise,v_low_noise",
    }
    if guided:
        parameters |= {f"guidance_{name}": str(value) for name, value in GUIDANCE.items()}
    config = {
        "name": "v_model",
        "parameters": {key: {"string_value": value} for key, value in parameters.items()},
        "output": [{"name": "LATENT", "dims": [str(size) for size in SHAPE]}],
    }
    return {"model_config": json.dumps(config), "model_repository": str(folder), "model_version": "1"}


@pytest.fixture
def pipeline(server: Server) -> Server:
    """A server with every model that a front door calls; tokens, frames and video tell what they came from."""
    server.models = {
        "v_high_noise": expert("high_noise"),
        "v_low_noise": expert("low_noise"),
        "tokenizer": lambda arrays: {"TOKEN_IDS": np.zeros((2, 3)), "TOKEN_MASK": np.ones((2, 3))},
        "text_encoder": lambda arrays: {"CONTEXT": CONTEXT},
        "vae_decoder": lambda arrays: {"FRAMES": np.round(arrays["LATENT"] * 10).astype(np.int64)},
        "video_encoder": lambda arrays: {"VIDEO": bytes_tensor(arrays["FRAMES"].tobytes())},
    }
    return server


def unary(folder: Path, guided: bool = True) -> denoiser.TritonPythonModel:
    model = denoiser.TritonPythonModel()
    model.initialize(arguments(folder / "denoiser", guided))
    return model


def streaming(folder: Path, guided: bool = True) -> stream.TritonPythonModel:
    model = stream.TritonPythonModel()
    model.initialize(arguments(folder / "stream", guided))
    return model


def i64(value: int) -> Array:
    return np.array([value], dtype=np.int64)


def f32(value: float) -> Array:
    return np.array([value], dtype=np.float32)


def ask(model: denoiser.TritonPythonModel, **inputs: Array) -> Array:
    response = model.execute([Request(["LATENT"], CONTEXT=CONTEXT, **inputs)])[0]
    assert not response.has_error(), response.error().message()
    latent: Array = response.output_tensors()[0].as_numpy()
    return latent


def close(ours: Array, theirs: Array) -> bool:
    return bool(np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max())


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("guided", [True, False])
def test_the_loop_is_diffusers_own(pipeline: Server, tmp_path: Path, guided: bool, steps: int) -> None:
    latent = ask(unary(tmp_path, guided), SEED=i64(7), STEPS=i64(steps))
    assert latent.shape == SHAPE
    assert close(latent, by_diffusers(7, steps, GUIDANCE if guided else None))


def test_a_request_may_set_steps_and_guidance(pipeline: Server, tmp_path: Path) -> None:
    model = unary(tmp_path)
    assert np.array_equal(ask(model, SEED=i64(7)), ask(model, SEED=i64(7), STEPS=i64(4), GUIDANCE_LOW_NOISE=f32(1.5)))
    high = ask(model, SEED=i64(7), GUIDANCE_HIGH_NOISE=f32(5.0))
    low = ask(model, SEED=i64(7), GUIDANCE_LOW_NOISE=f32(5.0))
    assert close(high, by_diffusers(7, 4, {**GUIDANCE, "high_noise": 5.0}))
    assert close(low, by_diffusers(7, 4, {**GUIDANCE, "low_noise": 5.0}))


def test_an_unguided_variant_takes_no_guidance(pipeline: Server, tmp_path: Path) -> None:
    model = unary(tmp_path, guided=False)
    assert np.array_equal(ask(model, SEED=i64(1), GUIDANCE_HIGH_NOISE=f32(9.0)), ask(model, SEED=i64(1)))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "SEED: missing"),
        ({"SEED": i64(-1)}, "SEED: expected 0 to"),
        ({"SEED": i64(1), "STEPS": i64(3)}, "STEPS: expected one of 4, 2, got 3"),
        ({"SEED": i64(1), "GUIDANCE_LOW_NOISE": f32(np.nan)}, "GUIDANCE_LOW_NOISE: expected a number"),
    ],
)
def test_a_bad_order_is_refused_before_any_work(
    pipeline: Server, tmp_path: Path, inputs: dict[str, Array], message: str
) -> None:
    response = unary(tmp_path).execute([Request(["LATENT"], CONTEXT=CONTEXT, **inputs)])[0]
    request = Request(["LATENT"], PROMPT=bytes_tensor("x"), **inputs)
    streaming(tmp_path).execute([request])
    for error in (response.error(), request.sender.responses[-1].error()):
        assert error.message().startswith(message)
        assert error.code() == triton.TritonError.INVALID_ARG
    assert pipeline.journal == []


def test_a_latent_that_is_not_finite_is_an_error(pipeline: Server, tmp_path: Path) -> None:
    def broken(arrays: Arrays) -> Arrays:
        infinite = np.full_like(arrays["STATE"], np.inf)
        return {"NEXT_STATE": infinite, "LATENT": infinite[0]}

    pipeline.models["v_low_noise"] = broken
    response = unary(tmp_path).execute([Request(["LATENT"], CONTEXT=CONTEXT, SEED=i64(1))])[0]
    assert "the latent is not finite" in response.error().message()


@pytest.mark.parametrize("done", range(5))
def test_cancelling_stops_between_two_steps(pipeline: Server, tmp_path: Path, done: int) -> None:
    request = Request(["LATENT"], cancel_after=done, CONTEXT=CONTEXT, SEED=i64(1))
    response = unary(tmp_path).execute([request])[0]
    assert len(pipeline.journal) == min(done, 4)
    if done == 4:
        assert not response.has_error()
    else:
        assert response.error().code() == triton.TritonError.CANCELLED


def test_the_server_is_not_asked_for_every_short_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(denoise, "CANCEL_INTERVAL", 0.05)
    clock = iter([10.0, 10.02, 10.049, 10.051, 10.06, 10.2])
    monkeypatch.setattr("triptych_runtime.denoise.time.monotonic", lambda: next(clock))
    # Asked at 10.0 and at 10.051, and told at 10.2.
    watch = denoise.CancelWatch(Request(cancel_after=2))
    for _ in range(5):
        watch.stop_if_cancelled()
    with pytest.raises(Cancelled):
        watch.stop_if_cancelled()


def test_only_the_last_step_gives_a_latent(pipeline: Server, tmp_path: Path) -> None:
    ask(unary(tmp_path), SEED=i64(1))
    assert pipeline.wanted == [["NEXT_STATE"]] * 3 + [["LATENT"]]


def play(model: stream.TritonPythonModel, *outputs: str, **extra: Any) -> Request:
    request = Request(outputs, PROMPT=bytes_tensor("red"), SEED=i64(7), **extra)
    model.execute([request])
    assert request.sender.closed
    return request


def told(request: Request) -> list[tuple[str, int, int]]:
    """Stage, step and steps of every response."""
    rows = []
    for response in request.sender.responses:
        if not response.has_error():
            values = {tensor.name(): tensor for tensor in response.output_tensors()}
            stage, step, steps = (values[name].as_numpy()[0] for name in ("STAGE", "STEP", "STEPS"))
            rows.append((stage.decode(), int(step), int(steps)))
    return rows


EXPERTS = [("high_noise", 1, 2), ("high_noise", 2, 2), ("low_noise", 1, 2), ("low_noise", 2, 2)]
BEFORE = [("tokenizer", 1, 1), ("text_encoder", 1, 1)]


def test_the_stream_tells_every_step_and_ends_with_the_results(pipeline: Server, tmp_path: Path) -> None:
    request = play(streaming(tmp_path), *RESULTS)
    assert told(request) == [*BEFORE, *EXPERTS, ("vae_decoder", 1, 1), ("video_encoder", 1, 1), ("done", 1, 1)]
    *steps, last = [[tensor.name() for tensor in response.output_tensors()] for response in request.sender.responses]
    assert all(names == ["STAGE", "STEP", "STEPS", "ELAPSED_US"] for names in steps)
    assert last[4:] == list(RESULTS)
    elapsed = [response.output_tensors()[3].as_numpy()[0] for response in request.sender.responses]
    assert elapsed == sorted(elapsed)


@pytest.mark.parametrize(
    ("outputs", "called"),
    [
        (("LATENT",), []),
        (("FRAMES",), ["vae_decoder"]),
        (("VIDEO", "LATENT"), ["vae_decoder", "video_encoder"]),
        ((), []),
    ],
)
def test_nothing_is_made_that_nobody_wants(
    pipeline: Server, tmp_path: Path, outputs: tuple[str, ...], called: list[str]
) -> None:
    request = play(streaming(tmp_path), *outputs)
    assert [name for _, name in pipeline.journal[6:]] == called
    assert [tensor.name() for tensor in request.sender.responses[-1].output_tensors()[4:]] == list(outputs)


def test_both_doors_give_the_same_latent(pipeline: Server, tmp_path: Path) -> None:
    streamed = play(streaming(tmp_path), "LATENT").sender.responses[-1].output_tensors()[-1].as_numpy()
    assert np.array_equal(streamed, ask(unary(tmp_path), SEED=i64(7)))


@pytest.mark.parametrize("done", range(6))
def test_a_cancelled_stream_ends_between_two_steps(pipeline: Server, tmp_path: Path, done: int) -> None:
    request = play(streaming(tmp_path), *RESULTS, cancel_after=done)
    stages = [*BEFORE, *EXPERTS, ("vae_decoder", 1, 1)]
    assert told(request) == stages[: 2 + done]
    assert request.sender.responses[-1].error().code() == triton.TritonError.CANCELLED


def test_a_failing_model_ends_the_stream_with_its_error_and_the_next_request_is_played(
    pipeline: Server, tmp_path: Path
) -> None:
    model, healthy = streaming(tmp_path), pipeline.models.pop("vae_decoder")
    failed = play(model, *RESULTS)
    assert told(failed) == [*BEFORE, *EXPERTS]
    assert (
        failed.sender.responses[-1].error().message() == "v_model: RuntimeError: vae_decoder: vae_decoder is not ready"
    )
    pipeline.models["vae_decoder"] = healthy
    assert told(play(model, *RESULTS))[-1] == ("done", 1, 1)


def test_a_prompt_that_the_tokenizer_refuses_is_the_callers_fault(pipeline: Server, tmp_path: Path) -> None:
    def refuse(_arrays: Arrays) -> Arrays:
        raise triton.TritonError("PROMPT: empty")

    pipeline.models["tokenizer"] = refuse
    error = play(streaming(tmp_path), "LATENT").sender.responses[-1].error()
    assert (error.message(), error.code()) == ("PROMPT: empty", triton.TritonError.INVALID_ARG)


def test_the_negative_prompt_reaches_the_tokenizer_where_there_is_one(pipeline: Server, tmp_path: Path) -> None:
    seen: list[list[str]] = []
    tokens = pipeline.models["tokenizer"]

    def tokenizer(arrays: Arrays) -> Arrays:
        seen.append(sorted(arrays))
        made: Arrays = tokens(arrays)
        return made

    pipeline.models["tokenizer"] = tokenizer
    model = streaming(tmp_path)
    play(model, "LATENT")
    play(model, "LATENT", NEGATIVE_PROMPT=bytes_tensor("blue"))
    assert seen == [["PROMPT"], ["NEGATIVE_PROMPT", "PROMPT"]]


def test_tensors_on_a_gpu_never_come_to_the_host(pipeline: Server, tmp_path: Path) -> None:
    on_host = play(streaming(tmp_path), "LATENT").sender.responses[-1].output_tensors()[-1].as_numpy()
    pipeline.on_gpu = True
    (tmp_path / "gpu").mkdir()
    latent = play(streaming(tmp_path / "gpu"), *RESULTS).sender.responses[-1].output_tensors()[-1]
    assert not latent.is_cpu()
    assert np.array_equal(latent.to_dlpack()[0], on_host)
