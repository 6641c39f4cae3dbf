"""A rendered pipeline played in one process: the same ONNX files, tokenizer and schedules that Triton serves.

It is the reference that serving is compared with, and what records calibration data and quality figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych_runtime.noise import initial_noise
from triptych_runtime.schedule import Row, Schedules, initial_state, load_schedules
from triptych_runtime.session import open_session
from triptych_tools.tokens import load_tokenizer, token_rows

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Guidance:
    """Guidance scales by expert."""

    high_noise: float
    low_noise: float


class OnnxExperts:
    """Two expert graphs and the schedules they are played with."""

    def __init__(self, high_noise: Path, low_noise: Path, schedule: Path, guidance: Guidance | None) -> None:
        self.sessions = {"high_noise": open_session(high_noise), "low_noise": open_session(low_noise)}
        self.schedules: Schedules = load_schedules(schedule)
        self.guidance = guidance

    def feeds(self, row: Row, state: Array, context: Array) -> dict[str, Array]:
        """The inputs of one step."""
        feeds: dict[str, Array] = {
            "STATE": state,
            "TIMESTEP": row.timestep,
            "CONTEXT": context,
            "COEFFICIENTS": row.coefficients,
        }
        if self.guidance is not None:
            feeds["GUIDANCE"] = np.array([getattr(self.guidance, row.expert)], dtype=np.float32)
        return feeds

    def denoise(
        self,
        context: Array,
        noise: npt.NDArray[np.float32],
        steps: int | None = None,
        record: dict[str, list[dict[str, Array]]] | None = None,
    ) -> Array:
        """Play a schedule; returns LATENT. ``record`` collects each expert's inputs."""
        state: Array = initial_state(noise, self.schedules.state_size)
        latent: Array = noise
        for row in self.schedules.rows[steps or self.schedules.offered[0]]:
            feeds = self.feeds(row, state, context)
            if record is not None:
                record.setdefault(row.expert, []).append(feeds)
            state, latent = self.sessions[row.expert].run(["NEXT_STATE", "LATENT"], feeds)
        return latent


class OnnxText:
    """Tokenizer and text encoder graph."""

    def __init__(self, tokenizer: Path, encoder: Path, length: int) -> None:
        self.tokenizer = load_tokenizer(tokenizer)
        self.encoder = open_session(encoder)
        self.length = length

    def context(self, prompt: str, negative: str = "") -> Array:
        """CONTEXT [2, L, D] of a prompt and a negative prompt."""
        ids, mask = token_rows(self.tokenizer, [negative, prompt], self.length)
        context: Array = self.encoder.run(["CONTEXT"], {"TOKEN_IDS": ids, "TOKEN_MASK": mask})[0]
        return context


class OnnxDecoder:
    """The VAE decoder graph."""

    def __init__(self, decoder: Path) -> None:
        self.session = open_session(decoder)

    def frames(self, latent: Array) -> npt.NDArray[np.uint8]:
        """FRAMES [F, H, W, 3] of LATENT."""
        frames: npt.NDArray[np.uint8] = self.session.run(["FRAMES"], {"LATENT": latent})[0]
        return frames


class VaeSteps:
    """The VAE decoder as two graphs, of the first latent frame and of every next one, with caches between them."""

    def __init__(self, first: Path, following: Path) -> None:
        self.first = open_session(first)
        self.following = open_session(following)

    def frames(self, latent: Array) -> npt.NDArray[np.uint8]:
        """FRAMES [F, H, W, 3] of LATENT [C, T, H, W]."""
        session, parts = self.first, []
        caches: list[Array] = []
        for index in range(latent.shape[1]):
            names = [item.name for item in session.get_inputs()]
            feeds = dict(zip(names, [latent[:, index : index + 1], *caches], strict=True))
            frames, *caches = session.run(None, feeds)
            parts.append(frames)
            session = self.following
        return np.concatenate(parts)


def joined(records: list[dict[str, Array]]) -> dict[str, Array]:
    """Recorded inputs of many steps, joined along their first axis."""
    return {name: np.concatenate([record[name] for record in records]) for name in records[0]}


__all__ = ["Guidance", "OnnxDecoder", "OnnxExperts", "OnnxText", "VaeSteps", "initial_noise", "joined"]
