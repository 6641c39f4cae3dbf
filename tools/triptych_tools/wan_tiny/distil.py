"""Few-step distillation: a student learns to make the teacher's big steps, guidance folded in.

The teacher's trajectories are recorded on a fine grid that contains the student's grid. In the
first stage each expert learns the mean velocity between two neighbouring points of its own range
(trajectory matching). In the second both students roll out together from noise and are pulled to
where the teacher ends, so that errors of early steps are mended by later ones.
"""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor

from triptych_tools.experts import velocity
from triptych_tools.loop import Plan, Trainer, seeded
from triptych_tools.sampling import Experts
from triptych_tools.teacher import Samples

STEPS = 4
REFINE = 6
"""Teacher steps to one step of the student."""


def match_steps(
    name: str, teacher: WanTransformer3DModel, data: Samples, work: Path, steps: int
) -> WanTransformer3DModel:
    """Stage one for one expert: regress the mean velocity of each of its steps."""
    high = name == "high_noise"
    sigma = data.sigmas
    mine = data.steps_of(name)
    plan = Plan(f"match_{name}", steps, learning_rate=5e-4, warmup=50, ema=0.998, seed=41 if high else 42)
    generator = seeded(plan)
    student = _trainable_copy(teacher)
    trainer = Trainer(plan, {"student": student}, work, generator)

    def losses() -> dict[str, Tensor]:
        rows = torch.from_numpy(generator.integers(0, len(data.points), 32))
        index = torch.from_numpy(generator.choice(mine, 32))
        now, then = data.points[rows, index].float(), data.points[rows, index + 1].float()
        span = (sigma[index + 1] - sigma[index])[:, None, None, None, None]
        with torch.autocast("cpu", torch.bfloat16):
            predicted = velocity(student, now, sigma[index] * 1000, data.contexts[rows].float())
        return {"loss": (predicted.float() - (then - now) / span).square().mean()}

    trainer.run(losses)
    return student


def roll_out(high: WanTransformer3DModel, low: WanTransformer3DModel, data: Samples, work: Path, steps: int) -> Experts:
    """Stage two for both experts: play all steps from noise and match the teacher's points."""
    plan = Plan("roll_out", steps, learning_rate=2e-4, warmup=30, ema=0.998, seed=43)
    generator = seeded(plan)
    sigma = data.sigmas
    pair = {"high_noise": high.train().requires_grad_(True), "low_noise": low.train().requires_grad_(True)}
    trainer = Trainer(plan, pair, work, generator)

    def losses() -> dict[str, Tensor]:
        rows = torch.from_numpy(generator.integers(0, len(data.points), 16))
        x, context = data.points[rows, 0].float(), data.contexts[rows].float()
        total = torch.zeros(())
        for i in range(STEPS):
            student = pair["high_noise" if float(sigma[i]) >= data.boundary else "low_noise"]
            with torch.autocast("cpu", torch.bfloat16):
                v = velocity(student, x, sigma[i].expand(len(x)) * 1000, context).float()
            x = x + (sigma[i + 1] - sigma[i]) * v
            total = total + (x - data.points[rows, i + 1].float()).square().mean()
        end = (x - data.points[rows, STEPS].float()).square().mean()
        return {"loss": total + end, "end": end}

    trainer.run(losses)
    return Experts(high.eval().requires_grad_(False), low.eval().requires_grad_(False), data.boundary)


def _trainable_copy(model: WanTransformer3DModel) -> WanTransformer3DModel:
    twin = WanTransformer3DModel.from_config(model.config)
    twin.load_state_dict(model.state_dict())
    return twin.train()
