import { expertSplit, FAMILIES, tokenCount } from "../../diffusion/index.ts";
import type { PipelinePlan } from "../../plan/index.ts";
import type { TensorSpec } from "../../tensor/index.ts";
import { type Command, EXIT } from "../context.ts";
import { fitText, gpuNamed, loadFits } from "../fit-text.ts";
import { loadPlan } from "../load.ts";
import { table } from "../table.ts";

function tensorText(tensors: readonly TensorSpec[]): string {
  return tensors.map((t) => `${t.name}${t.optional === true ? "?" : ""}`).join(" ");
}

function modelRows(plan: PipelinePlan): string[][] {
  return plan.models.map(({ config }) => [
    config.name,
    config.platform === "ensemble" ? "ensemble" : (config.backend ?? ""),
    tensorText(config.inputs),
    tensorText(config.outputs),
  ]);
}

function scheduleRows(plan: PipelinePlan): string[][] {
  return plan.models
    .filter((model) => model.config.name.endsWith("_denoiser"))
    .flatMap((model) =>
      (model.schedule?.schedules ?? []).map((schedule) => {
        const { highNoise, lowNoise } = expertSplit(schedule);
        const variant = model.config.name.replace(/_denoiser$/, "");
        const passes =
          plan.contract.variants[variant]?.guidance === true ? 2 * schedule.steps : schedule.steps;
        return [variant, schedule.solver, `${schedule.steps}`, `${highNoise}`, `${lowNoise}`, `${passes}`];
      }),
    );
}

function summary(plan: PipelinePlan): string {
  const { video, family, target } = plan.spec;
  const tokens = tokenCount(FAMILIES[family], video);
  return [
    `${plan.name}: ${family}, ${video.width}x${video.height}, ${video.frames} frames at ${video.fps} fps, ${tokens} tokens`,
    `target: ${target.runtime}, Triton ${target.triton}, experts ${target.experts}`,
  ].join("\n");
}

/** Options of `triptych plan`. */
export interface PlanOptions {
  readonly spec: string;
  readonly gpu?: readonly string[];
}

/** `triptych plan SPEC`: what a spec leads to, before anything is written. */
export const plan: Command<PlanOptions> = async ({ terminal, json }, { spec, gpu = [] }) => {
  if (gpu.length > 0) {
    // What does not fit is what somebody who names GPUs wants to see, so it is no reason to refuse.
    const fits = await loadFits(spec, gpu.map(gpuNamed));
    terminal.out(json ? JSON.stringify({ fits }) : fits.map(fitText).join("\n\n"));
    return fits.some(({ fit }) => fit.served.verdict !== "no") ? EXIT.ok : EXIT.no;
  }
  const planned = await loadPlan(spec);
  if (json) {
    terminal.out(JSON.stringify(planned));
    return EXIT.ok;
  }
  const artifacts = planned.artifacts.flatMap(({ serves, path }) =>
    serves === undefined ? [] : [[serves.network, serves.precision, serves.weights, path]],
  );
  terminal.out(
    [
      summary(planned),
      table(["model", "backend", "inputs (? optional)", "outputs"], modelRows(planned)),
      table(["variant", "solver", "steps", "high-noise", "low-noise", "passes"], scheduleRows(planned)),
      table(["network", "precision", "weights", "file"], artifacts),
    ].join("\n\n"),
  );
  return EXIT.ok;
};
