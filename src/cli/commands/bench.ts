import {
  type LatencyLimit,
  measurePoints,
  openTargets,
  pointsOf,
  type Report,
  reportFiles,
  requireSearch,
  requireServerPid,
  type Sweep,
  type SweepOptions,
  searchLoad,
  type Target,
  writeReport,
} from "../../bench/index.ts";
import { TriptychError } from "../../errors/index.ts";
import type { Contract } from "../../model-config/index.ts";
import { BenchProgress } from "../bench-progress.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { loadPlan } from "../load.ts";
import { printableLine } from "../terminal.ts";
import { requireWritable } from "../write-file.ts";
import { inFolder } from "./bench-folder.ts";
import { type BenchOptions, sweepOf } from "./bench-plan.ts";
import { showReport } from "./report.ts";

const DEFAULT_PERCENTILE = 95;
const DEFAULT_UP_TO = 1024;

type Measured = Contract & SweepOptions["pipeline"];

/** The limit of a search; none where every point is measured. */
function limitOf({ belowMs, percentile = DEFAULT_PERCENTILE }: BenchOptions): LatencyLimit | undefined {
  return belowMs === undefined ? undefined : { percentile, ms: belowMs };
}

async function search(
  sweep: Sweep,
  limit: LatencyLimit,
  how: SweepOptions,
  to: number,
  { terminal }: Context,
): Promise<readonly string[]> {
  const { from, level, files } = await searchLoad(limit, to, sweep, how);
  const unit = sweep.loads[0]?.kind === "closed" ? "at a time" : "a second";
  const found = level === undefined ? `not even ${from} ${unit} stays` : `${level} ${unit} stays`;
  terminal.err(`${found} below ${limit.ms / 1000} s at p${limit.percentile}`);
  return files;
}

async function measure(
  context: Context,
  contract: Measured,
  { targets, sweep }: { readonly targets: readonly Target[]; readonly sweep: Sweep },
  options: BenchOptions,
): Promise<readonly string[]> {
  const progress = new BenchProgress(context.terminal);
  const how: SweepOptions = {
    folder: options.out,
    targets,
    pipeline: contract,
    signal: context.signal,
    resume: options.resume,
    ignoreChecks: options.ignoreChecks,
    serverPid: options.serverPid,
    metricsUrls: options.metrics,
    onProgress: (at) => {
      progress.show(at);
    },
    onPoint: (name, state) => {
      context.terminal.err(state === "kept" ? `${name}: measured already` : name);
    },
  };
  const limit = limitOf(options);
  if (limit === undefined) return measurePoints(pointsOf(sweep), how);
  return search(sweep, limit, how, options.upTo ?? DEFAULT_UP_TO, context);
}

/** What is no doubt about the numbers, and still nothing to pass over. */
function showWarnings({ terminal }: Context, { points }: Report): void {
  for (const { name, checks } of points)
    for (const { verdict, message } of checks)
      if (verdict === "warned")
        terminal.err(`${terminal.paint("yellow", "warning")}: ${printableLine(`${name}: ${message}`)}`);
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

/** What is to be measured; every mistake of it is told before a server is asked for anything. */
async function planned(contract: Contract, options: BenchOptions): Promise<Sweep> {
  const sweep = await sweepOf(contract, options);
  const limit = limitOf(options);
  if (limit === undefined) pointsOf(sweep);
  else requireSearch(limit, options.upTo ?? DEFAULT_UP_TO, sweep);
  requireServerPid(options.serverPid);
  return sweep;
}

async function measureAndReport(
  context: Context,
  contract: Measured,
  sweep: Sweep,
  options: BenchOptions,
): Promise<number> {
  const { terminal, signal } = context;
  const { door, deadlineMs } = options;
  const targets = await openTargets(options.server, contract, { door, deadlineMs, signal });
  try {
    const report = await inFolder(context, options, async () => {
      const made = await reportFiles(await measure(context, contract, { targets, sweep }, options));
      const files = await writeReport(made, options.out);
      showReport(context, made);
      terminal.err(files.join("\n"));
      showWarnings(context, made);
      return made;
    });
    if (signal.aborted) return EXIT.interrupted;
    if (options.ignoreChecks !== true) requireTrust(report);
    return EXIT.ok;
  } finally {
    await Promise.all(targets.map((target) => target.close()));
  }
}

/** `triptych bench SPEC`: measure a running server, and report. */
export const bench: Command<BenchOptions> = async (context, options) => {
  const plan = await loadPlan(options.spec);
  const contract = { ...plan.contract, video: plan.spec.video };
  const sweep = await planned(contract, options);
  await requireWritable(`${options.out}/report.json`);
  return measureAndReport(context, contract, sweep, options);
};
