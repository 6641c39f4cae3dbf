import {
  loadAt,
  measurePoints,
  openTargets,
  pointsOf,
  type Report,
  reportFiles,
  type Sweep,
  type SweepOptions,
  type SweepPoint,
  searchLoad,
  type Target,
  writeReport,
} from "../../bench/index.ts";
import { TriptychError } from "../../errors/index.ts";
import type { Contract } from "../../model-config/index.ts";
import { BenchProgress } from "../bench-progress.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { loadPlan } from "../load.ts";
import { requireWritable } from "../write-file.ts";
import { type BenchOptions, sweepOf } from "./bench-plan.ts";
import { showReport } from "./report.ts";

/** Rates are told apart to a tenth of the first one, numbers of requests to one. */
function precisionOf(first: number, isWhole: boolean): number {
  return isWhole ? 1 : first / 10;
}

async function search(sweep: Sweep, options: BenchOptions, how: SweepOptions, context: Context) {
  const [load, more] = sweep.loads;
  if (load === undefined || more !== undefined || sweep.variants.length !== 1)
    throw new TriptychError("usage", "--below: expected one load and one variant to begin with");
  const from = load.kind === "closed" ? load.concurrency : "perSecond" in load ? load.perSecond : 0;
  const pointAt = (level: number): SweepPoint => {
    const [point] = pointsOf({ ...sweep, loads: [loadAt(load, level)] });
    if (point === undefined) throw new TriptychError("internal", "a sweep of one load has no point");
    return point;
  };
  const range = { from, to: options.upTo, precision: precisionOf(from, load.kind === "closed") };
  const limit = { percentile: options.percentile, ms: options.belowMs ?? 0 };
  const { level, files } = await searchLoad(limit, range, pointAt, how);
  const unit = load.kind === "closed" ? "at a time" : "a second";
  const found = level === undefined ? `not even ${from} ${unit} stays` : `${level} ${unit} stays`;
  context.terminal.err(`${found} below ${limit.ms / 1000} s at p${limit.percentile}`);
  return files;
}

async function measure(
  context: Context,
  contract: Contract & SweepOptions["pipeline"],
  targets: readonly Target[],
  options: BenchOptions,
): Promise<readonly string[]> {
  const sweep = await sweepOf(contract, options);
  const progress = new BenchProgress(context.terminal);
  const how: SweepOptions = {
    folder: options.out,
    targets,
    pipeline: contract,
    signal: context.signal,
    resume: options.resume,
    serverPid: options.serverPid,
    metricsUrls: options.metrics,
    onProgress: (at) => {
      progress.show(at);
    },
    onPoint: (name, state) => {
      context.terminal.err(state === "kept" ? `${name}: measured already` : name);
    },
  };
  if (options.belowMs !== undefined) return search(sweep, options, how, context);
  return measurePoints(pointsOf(sweep), how);
}

/** @throws TriptychError `measurement-invalid` with everything that makes the numbers doubtful. */
function requireTrust({ points }: Report): void {
  const findings = points.flatMap(({ name, checks }) =>
    checks
      .filter(({ verdict }) => verdict === "failed")
      .map((check) => ({ rule: check.name, message: `${name}: ${check.message}` })),
  );
  if (findings.length === 0) return;
  throw new TriptychError("measurement-invalid", "the measurement cannot be trusted", {
    hint: "measure again as the findings say; --ignore-checks takes the numbers as they are",
    details: { findings },
  });
}

/** `triptych bench SPEC`: measure a running server, and report. */
export const bench: Command<BenchOptions> = async (context, options) => {
  const { terminal, signal } = context;
  const plan = await loadPlan(options.spec);
  const contract = { ...plan.contract, video: plan.spec.video };
  await requireWritable(`${options.out}/report.json`);
  const { door, deadlineMs } = options;
  const targets = await openTargets(options.server, contract, { door, deadlineMs, signal });
  try {
    const report = await reportFiles(await measure(context, contract, targets, options));
    const files = await writeReport(report, options.out);
    showReport(context, report);
    terminal.err(files.join("\n"));
    if (signal.aborted) return EXIT.interrupted;
    if (options.ignoreChecks !== true) requireTrust(report);
    return EXIT.ok;
  } finally {
    await Promise.all(targets.map((target) => target.close()));
  }
};
