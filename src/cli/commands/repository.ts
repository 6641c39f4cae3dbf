import { join } from "node:path";
import { TriptychError } from "../../errors/index.ts";
import {
  checkWeights,
  type Drift,
  diffRepository,
  diffWeights,
  foreignModels,
  linkWeights,
  MODELS_FOLDER,
  refuseWeights,
  type WeightProblem,
  writeRepository,
} from "../../repository/index.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { type LoadedPipeline, loadPipeline, repositoryFolder } from "../load.ts";
import { findingLines } from "../report-error.ts";
import { requireLint } from "../require-lint.ts";
import { printable } from "../terminal.ts";

/** Options of `triptych repository`. */
export interface RepositoryOptions {
  readonly spec: string;
  readonly out?: string;
  readonly check?: boolean;
}

function list(drifts: readonly Drift[]): { path: string; kind: string }[] {
  return drifts.map(({ path, kind }) => ({ path, kind }));
}

/** Weights that are not there yet; a wrong one is refused. */
async function missingWeights({ plan, checkpoint }: LoadedPipeline): Promise<WeightProblem[]> {
  const problems = await checkWeights(plan, checkpoint);
  refuseWeights(problems.filter(({ rule }) => rule === "weights-mismatch"));
  return problems;
}

async function check({ terminal, json }: Context, loaded: LoadedPipeline, folder: string): Promise<number> {
  const { plan, checkpoint, files } = loaded;
  await missingWeights(loaded);
  const drifts = [
    ...(await diffRepository(files, folder)),
    ...(await foreignModels(files, folder)),
    ...(await diffWeights(plan, checkpoint, folder)),
  ];
  if (json) terminal.out(JSON.stringify({ folder, drift: drifts }));
  else for (const drift of drifts) terminal.out(printable(drift.patch));
  if (drifts.length === 0) {
    if (!json) terminal.err(`${folder} is what the spec says (${loaded.files.size} files)`);
    return EXIT.ok;
  }
  if (json) return EXIT.no;
  throw new TriptychError(
    "repository-drift",
    `${folder} differs from the spec in ${drifts.length} place${drifts.length === 1 ? "" : "s"}`,
    {
      hint: "run the command without --check to write it; what Triptych did not make is yours to move away",
    },
  );
}

/**
 * Writes a repository and links its weights, which the caller has checked; returns what was changed.
 *
 * @throws TriptychError `repository-refused` where Triton would refuse a model, and what writing throws
 */
export async function writePipeline(loaded: LoadedPipeline, folder: string): Promise<Drift[]> {
  const drifts = await writeRepository(loaded.files, folder);
  await linkWeights(loaded.plan, loaded.checkpoint, folder);
  await requireLint(join(folder, MODELS_FOLDER), loaded.plan.spec.target.triton);
  return drifts;
}

/** `triptych repository SPEC`: write the model repository, or with --check only compare it. */
export const repository: Command<RepositoryOptions> = async (context, options) => {
  const loaded = await loadPipeline(options.spec);
  const folder = repositoryFolder(loaded.plan, options.out);
  if (options.check === true) return check(context, loaded, folder);
  const { terminal, json } = context;
  const missing = await missingWeights(loaded);
  const drifts = await writePipeline(loaded, folder);
  if (json) {
    terminal.out(JSON.stringify({ folder, written: list(drifts), missing }));
    return EXIT.ok;
  }
  for (const { kind, path } of drifts) terminal.err(`  ${kind === "stale" ? "removed" : "wrote"} ${path}`);
  const changed = drifts.length === 0 ? "nothing to change" : `${drifts.length} files changed`;
  terminal.err(`${folder}: ${loaded.plan.models.length} models, ${changed}`);
  for (const problem of missing)
    for (const line of findingLines(problem, terminal)) terminal.err(`  ${line}`);
  return EXIT.ok;
};
