"""A small training loop that can be stopped and resumed without changing its result."""

from __future__ import annotations

import copy
import csv
import math
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Losses = dict[str, Tensor]


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train: linear warm-up, then cosine decay to zero."""

    name: str
    steps: int
    learning_rate: float
    warmup: int = 50
    clip_norm: float = 1.0
    weight_decay: float = 0.0
    ema: float = 0.0
    seed: int = 0

    def rate(self, step: int) -> float:
        """Learning rate at a step counted from 0."""
        warm = min(1.0, (step + 1) / self.warmup)
        return self.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * step / self.steps)) + 1e-7


def seeded(plan: Plan) -> np.random.Generator:
    """Seed torch and return the generator that draws this plan's data."""
    torch.manual_seed(plan.seed)
    return np.random.default_rng(plan.seed)


class Trainer:
    """Runs a plan over a set of modules, saving its whole state every ``save_every`` steps."""

    def __init__(
        self,
        plan: Plan,
        modules: dict[str, nn.Module],
        work: Path,
        generator: np.random.Generator,
        save_every: int = 250,
    ) -> None:
        self.plan = plan
        self.modules = modules
        self.generator = generator
        self.save_every = save_every
        self.state_file = work / f"{plan.name}.state.pt"
        self.log_file = work / f"{plan.name}.csv"
        self.parameters = [p for m in modules.values() for p in m.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters,
            lr=plan.learning_rate,
            betas=(0.9, 0.97),
            weight_decay=plan.weight_decay,
        )
        self.average = [p.detach().clone() for p in self.parameters] if plan.ema else []
        self.rows: list[dict[str, float]] = []
        self.step = 0

    def run(
        self,
        losses: Callable[[], Losses],
        probe: Callable[[], dict[str, float]] | None = None,
        probe_every: int = 500,
    ) -> None:
        """Train to the end; ``losses`` returns a dict whose ``loss`` entry is minimised."""
        self._resume()
        started = time.monotonic()
        while self.step < self.plan.steps:
            row = self._one_step(losses())
            if self.step % 25 == 0 or self.step == self.plan.steps:
                row["seconds"] = round(time.monotonic() - started, 1)
                if probe is not None and (self.step % probe_every == 0 or self.step == self.plan.steps):
                    row.update(probe())
                self.rows.append({"step": self.step, **row})
                text = " ".join(f"{key}={value:.4g}" for key, value in row.items())
                print(f"{self.plan.name} {self.step}/{self.plan.steps} {text}", flush=True)
            if self.step % self.save_every == 0:
                self._save()
        self._adopt_average()
        self._write_log()
        self.state_file.unlink(missing_ok=True)

    def _one_step(self, values: Losses) -> dict[str, float]:
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate(self.step)
        self.optimizer.zero_grad(set_to_none=True)
        values["loss"].backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters, self.plan.clip_norm)
        self.optimizer.step()
        self.step += 1
        if self.plan.ema:
            decay = min(self.plan.ema, self.step / (self.step + 10))
            torch._foreach_lerp_(self.average, [p.detach() for p in self.parameters], 1 - decay)
        return {key: float(value.detach()) for key, value in values.items()}

    def averaged(self) -> list[Tensor]:
        """The averaged weights in the order of ``parameters`` (the live ones without averaging)."""
        return self.average or [p.detach() for p in self.parameters]

    def _adopt_average(self) -> None:
        for parameter, value in zip(self.parameters, self.averaged(), strict=True):
            parameter.data.copy_(value)

    def _save(self) -> None:
        state: dict[str, Any] = {
            "step": self.step,
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "rows": self.rows,
            "torch_rng": torch.get_rng_state(),
            "numpy_rng": self.generator.bit_generator.state,
        }
        partial = self.state_file.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, self.state_file)

    def _resume(self) -> None:
        if not self.state_file.exists():
            return
        # The state file is this trainer's own and holds generator state beside tensors.
        state = torch.load(self.state_file, weights_only=False)
        for name, module in self.modules.items():
            module.load_state_dict(state["modules"][name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average = state["average"]
        self.rows = state["rows"]
        self.step = state["step"]
        torch.set_rng_state(state["torch_rng"])
        self.generator.bit_generator.state = state["numpy_rng"]
        print(f"{self.plan.name}: resumed at step {self.step}", flush=True)

    def _write_log(self) -> None:
        names: list[str] = []
        for row in self.rows:
            names += [key for key in row if key not in names]
        with self.log_file.open("w", newline="") as handle:
            writer = csv.DictWriter(handle, names)
            writer.writeheader()
            writer.writerows(self.rows)


def averaged_copy(trainer: Trainer, module: nn.Module) -> nn.Module:
    """A frozen copy of ``module`` that carries the trainer's averaged weights."""
    twin = copy.deepcopy(module).eval().requires_grad_(False)
    targets: Iterable[tuple[nn.Parameter, nn.Parameter]] = zip(module.parameters(), twin.parameters(), strict=True)
    lookup = {id(p): a for p, a in zip(trainer.parameters, trainer.averaged(), strict=True)}
    for source, target in targets:
        if id(source) in lookup:
            target.data.copy_(lookup[id(source)])
    return twin
