"""The initial noise of a clip, the same for a seed on every machine and in every version.

numpy freezes the stream of its legacy ``RandomState`` for ever, and no other generator's, so
this is the one that a seed can be kept for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def initial_noise(seed: int, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Standard normal noise of a shape for a seed in 0..2**63-1, as float32."""
    words = np.array([seed & 0xFFFFFFFF, seed >> 32], dtype=np.uint32)
    return np.random.RandomState(words).standard_normal(shape).astype(np.float32)
