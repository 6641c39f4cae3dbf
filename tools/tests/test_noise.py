"""A seed gives the same noise for ever: training, calibration, judging and serving share one function."""

from __future__ import annotations

import numpy as np
import pytest

import triptych_runtime.noise
from triptych_runtime.noise import initial_noise
from triptych_tools import onnx_pipeline, sampling
from triptych_tools.wan_tiny import evaluate
from triptych_tools.wan_tiny.experts import LATENT_SHAPE

# Written down once; a change here breaks every stored clip and seed.
PINNED = {
    0: (-0.3625903, -0.41597474, 0.9548649, -0.9255024),
    7: (-0.1000841, 0.25419962, -1.1552522, -0.26454654),
    2**63 - 1: (1.0388756, -1.4511973, -0.21159105, 1.3802028),
}


@pytest.mark.parametrize("seed", PINNED)
def test_first_values_are_pinned(seed: int) -> None:
    noise = initial_noise(seed, LATENT_SHAPE)
    assert noise.shape == LATENT_SHAPE
    assert noise.dtype == np.float32
    assert noise.ravel()[:4].tolist() == [np.float32(value) for value in PINNED[seed]]


def test_it_is_one_function() -> None:
    for module in (sampling, onnx_pipeline, evaluate):
        assert module.initial_noise is triptych_runtime.noise.initial_noise


def test_sampling_starts_from_it() -> None:
    seeds = [0, 2**40, 5]
    batch = sampling.noise(seeds, LATENT_SHAPE).numpy()
    assert all(np.array_equal(row, initial_noise(seed, LATENT_SHAPE)) for row, seed in zip(batch, seeds, strict=True))


def test_seeds_that_share_their_low_or_high_half_differ() -> None:
    seeds = [1, 1 + 2**32, 2**32, 2**33, 2**63 - 1, 2**32 - 1]
    firsts = {float(initial_noise(seed, (1,))[0]) for seed in seeds}
    assert len(firsts) == len(seeds)


def test_it_is_standard_normal() -> None:
    noise = initial_noise(11, (200_000,))
    assert abs(float(noise.mean())) < 0.01
    assert abs(float(noise.std()) - 1.0) < 0.01
