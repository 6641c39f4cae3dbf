"""Few-step distillation: a pair of students learns to make the teacher's big steps, guidance folded in.

``python -m triptych_tools.distil HIGH_NOISE LOW_NOISE OUT --samples SAMPLES.safetensors``

The teacher's paths are recorded at the points of the student's grid (``triptych_tools.teacher``).
In the first stage each expert learns the mean velocity between two neighbouring points of its own
range (trajectory matching). In the second both students are played from noise to the end, so that
errors of early steps are mended by later ones. Its loss is a sum of terms:

- ``trajectory``: distance to the teacher's path at each point of the grid;
- ``end``: distance to where the teacher's path ends, once more;
- ``distribution``: distribution matching. Where the student ends, the teacher and a third model that
  is trained beside it on the student's own clips say where a noised clip came from; the difference
  of the two moves the student towards what the teacher finds likely, whatever path it took.
"""

from __future__ import annotations

import argparse
import copy
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor

from triptych_tools.checkpoint import load_expert
from triptych_tools.command import InputError, run
from triptych_tools.expert_folder import add_output_options, check_free, save_expert
from triptych_tools.experts import velocity
from triptych_tools.loop import Plan, Trainer, seeded
from triptych_tools.recover import open_work
from triptych_tools.sampling import Experts, Guidance, guided_velocity
from triptych_tools.teacher import Samples, load_samples

LOSSES = ("trajectory", "end", "distribution")
MATCH_STEPS = 1200
ROLL_OUT_STEPS = 300


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


@dataclass(frozen=True)
class Critic:
    """What the term ``distribution`` asks: the teacher, and a model of what the student makes."""

    teacher: Experts
    guidance: Guidance | None
    student_model: Experts
    empty: Tensor
    """Negative context, [L, D]."""

    @classmethod
    def of(cls, teacher: Experts, guidance: Guidance | None, empty: Tensor) -> Critic:
        """A critic whose model of the student begins as the teacher."""
        pair = (_trainable_copy(teacher.high_noise), _trainable_copy(teacher.low_noise))
        return cls(teacher, guidance, Experts(*pair, teacher.boundary), empty)

    def student_loss(self, end: Tensor, context: Tensor) -> Tensor:
        """How far a clip [B, C, T, H, W] is from what the teacher finds likely, with the right gradient to it."""
        sigma = float(torch.rand(()) * 0.96 + 0.02)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            noised = (1 - sigma) * end + sigma * torch.randn_like(end)
            real = guided_velocity(self.teacher, noised, sigma * 1000, context, self.empty, self.guidance).float()
            fake = guided_velocity(self.student_model, noised, sigma * 1000, context, self.empty, None).float()
            # Where each says that the noised clip came from is noised - sigma * velocity.
            direction = sigma * (real - fake)
            scale = (end - (noised - sigma * real)).abs().mean(dim=(1, 2, 3, 4), keepdim=True)
            target = end - direction / scale.clamp_min(1e-3)
        return 0.5 * (end - target).square().mean()

    def model_loss(self, end: Tensor, context: Tensor) -> Tensor:
        """Flow matching of the student's own clips, which keeps the model of the student up to date."""
        clean = end.detach()
        sigma = float(torch.rand(()) * 0.96 + 0.02)
        noise = torch.randn_like(clean)
        with torch.autocast("cpu", torch.bfloat16):
            predicted = guided_velocity(
                self.student_model, (1 - sigma) * clean + sigma * noise, sigma * 1000, context, self.empty, None
            )
        return (predicted.float() - (noise - clean)).square().mean()


def roll_out(
    high: WanTransformer3DModel,
    low: WanTransformer3DModel,
    data: Samples,
    work: Path,
    steps: int,
    terms: Sequence[str] = ("trajectory", "end"),
    critic: Critic | None = None,
) -> Experts:
    """Stage two for both experts: play all steps from noise, and minimise the sum of the terms."""
    plan = Plan("roll_out", steps, learning_rate=2e-4, warmup=30, ema=0.998, seed=43)
    generator = seeded(plan)
    sigma = data.sigmas
    pair = {"high_noise": high.train().requires_grad_(True), "low_noise": low.train().requires_grad_(True)}
    models = {} if critic is None else {"critic_high": critic.student_model.high_noise}
    models |= {} if critic is None else {"critic_low": critic.student_model.low_noise}
    trainer = Trainer(plan, {**pair, **models}, work, generator)

    def losses() -> dict[str, Tensor]:
        rows = torch.from_numpy(generator.integers(0, len(data.points), 16))
        x, context = data.points[rows, 0].float(), data.contexts[rows].float()
        path = torch.zeros(())
        for i in range(len(sigma) - 1):
            student = pair["high_noise" if float(sigma[i]) >= data.boundary else "low_noise"]
            with torch.autocast("cpu", torch.bfloat16):
                v = velocity(student, x, sigma[i].expand(len(x)) * 1000, context).float()
            x = x + (sigma[i + 1] - sigma[i]) * v
            path = path + (x - data.points[rows, i + 1].float()).square().mean()
        found = {"trajectory": path, "end": (x - data.points[rows, -1].float()).square().mean()}
        if critic is not None:
            found["distribution"] = critic.student_loss(x, context) + critic.model_loss(x, context)
        return {"loss": sum((found[term] for term in terms), torch.zeros(())), **found}

    trainer.run(losses)
    return Experts(high.eval().requires_grad_(False), low.eval().requires_grad_(False), data.boundary)


def _trainable_copy(model: WanTransformer3DModel) -> WanTransformer3DModel:
    return copy.deepcopy(model).train().requires_grad_(True)


def distil(
    teacher: Experts,
    data: Samples,
    work: Path,
    match: int = MATCH_STEPS,
    roll: int = ROLL_OUT_STEPS,
    terms: Sequence[str] = ("trajectory", "end"),
    guidance: Guidance | None = None,
) -> Experts:
    """Both stages. What is done of them stands in the work folder, from where a stopped run goes on."""
    matched = {}
    for name in ("high_noise", "low_noise"):
        folder = work / f"matched_{name}"
        if not folder.exists():
            save_expert(match_steps(name, getattr(teacher, name), data, work, match), folder, "fp32", {})
        matched[name] = load_expert(folder)
    critic = Critic.of(teacher, guidance, data.empty.float()) if "distribution" in terms else None
    return roll_out(matched["high_noise"], matched["low_noise"], data, work, roll, terms, critic)


def loss_terms(text: str) -> list[str]:
    """Names of loss terms with commas between them, as on a command line."""
    terms = text.split(",")
    unknown = [term for term in terms if term not in LOSSES]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(LOSSES)}")
    return terms


def _check(data: Samples, match: int, roll: int) -> None:
    for name in ("high_noise", "low_noise"):
        if not data.steps_of(name):
            hint = "record the samples with more steps, or with a shift that gives both experts some"
            raise InputError(f"the {name} expert makes none of the {len(data.sigmas) - 1} steps of these samples", hint)
    if min(match, roll) < 1:
        raise InputError("each stage takes one step at least", "give --match and --roll-out above 0")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("high_noise", type=Path, help="folder of the teacher's high-noise expert")
    parser.add_argument("low_noise", type=Path, help="folder of the teacher's low-noise expert")
    parser.add_argument("target", type=Path, help="gets transformer/ and transformer_2/")
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--match", type=int, default=MATCH_STEPS, help="training steps of the first stage, each expert")
    parser.add_argument("--roll-out", type=int, default=ROLL_OUT_STEPS, help="training steps of the second stage")
    parser.add_argument("--losses", type=loss_terms, default=["trajectory", "end"], help=", ".join(LOSSES))
    parser.add_argument("--guidance", type=float, nargs=2, metavar=("HIGH", "LOW"), help="the teacher's scales")
    add_output_options(parser)
    options = parser.parse_args()
    check_free(options.target)
    data = load_samples(options.samples)
    _check(data, options.match, options.roll_out)
    teacher = Experts(load_expert(options.high_noise), load_expert(options.low_noise), data.boundary)
    guidance = None if options.guidance is None else Guidance(*options.guidance)
    work = options.target.with_name(f"{options.target.name}.work")
    open_work(work, vars(options))
    pair = distil(teacher, data, work, options.match, options.roll_out, options.losses, guidance)
    result = options.target.with_name(f"{options.target.name}.partial")
    shutil.rmtree(result, ignore_errors=True)
    for folder, student in (("transformer", pair.high_noise), ("transformer_2", pair.low_noise)):
        save_expert(student, result / folder, options.weights, {})
    result.rename(options.target)
    shutil.rmtree(work)


if __name__ == "__main__":
    run(main)
