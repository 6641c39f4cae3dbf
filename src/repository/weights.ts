import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, link, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Finding, systemErrorCode, TriptychError } from "../errors/index.ts";
import type { PipelinePlan } from "../plan/index.ts";
import { linksOf } from "./render.ts";
import { writeError } from "./write.ts";

/** What is wrong with one weight file. */
export interface WeightProblem extends Finding {
  readonly rule: "weights-missing" | "weights-mismatch";
}

/** `manifest.json` of a checkpoint: what its files must hash to. */
interface CheckpointManifest {
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
}

async function readCheckpointManifest(checkpoint: string): Promise<CheckpointManifest> {
  const path = join(checkpoint, "manifest.json");
  try {
    return JSON.parse(await readFile(path, "utf8")) as CheckpointManifest;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT" || systemErrorCode(error) === "ENOTDIR") return { files: {} };
    throw new TriptychError("weights-mismatch", `${path} cannot be read`, {
      cause: error,
      hint: "restore the file",
    });
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch {
    return undefined;
  }
}

function missing(path: string, runtime: string): WeightProblem {
  const hint =
    runtime === "tensorrt"
      ? "build it with `make build-engines`"
      : "restore it, or make it again with `make train-tiny`";
  return { rule: "weights-missing", message: `${path} is missing`, hint, path };
}

function mismatch(path: string, what: string): WeightProblem {
  const hint = "restore the file, or make manifest.json again with the tool that made the weights";
  return {
    rule: "weights-mismatch",
    message: `${path} is not the file that manifest.json describes: ${what}`,
    hint,
    path,
  };
}

async function checkOne(
  plan: PipelinePlan,
  checkpoint: string,
  source: string,
  manifest: CheckpointManifest,
) {
  const path = join(checkpoint, source);
  const size = await sizeOf(path);
  if (size === undefined) return [missing(path, plan.spec.target.runtime)];
  const known = manifest.files[source];
  if (known === undefined) return [];
  if (known.bytes !== size) return [mismatch(path, `expected ${known.bytes} bytes, got ${size}`)];
  const got = await sha256(path);
  if (got !== known.sha256)
    return [mismatch(path, `expected sha256 ${known.sha256.slice(0, 12)}…, got ${got.slice(0, 12)}…`)];
  return [];
}

/** Looks at every weight file a plan needs: is it there, and is it the one that the checkpoint's manifest describes. */
export async function checkWeights(plan: PipelinePlan, checkpoint: string): Promise<WeightProblem[]> {
  const manifest = await readCheckpointManifest(checkpoint);
  const sources = [...new Set(linksOf(plan).map((item) => item.source))];
  const problems = await Promise.all(sources.map((source) => checkOne(plan, checkpoint, source, manifest)));
  return problems.flat();
}

/** Throws what {@link checkWeights} found, all of it in one error. */
export function refuseWeights(problems: readonly WeightProblem[]): void {
  const [first, ...rest] = problems;
  if (first === undefined) return;
  const more = rest.length === 0 ? "" : ` (and ${rest.length} more)`;
  throw new TriptychError(first.rule, `${first.message}${more}`, {
    ...(first.hint === undefined ? {} : { hint: first.hint }),
    details: { findings: problems },
  });
}

async function sameFile(a: string, b: string): Promise<boolean> {
  try {
    const [one, other] = await Promise.all([stat(a), stat(b)]);
    return one.ino === other.ino && one.dev === other.dev;
  } catch {
    return false;
  }
}

async function place(source: string, target: string): Promise<void> {
  const partial = `${target}.${process.pid}.partial`;
  await rm(partial, { force: true });
  try {
    await link(source, partial);
  } catch {
    // Another file system, or one without hard links.
    await copyFile(source, partial);
  }
  await rename(partial, target);
}

/**
 * Links the weights of a checkpoint into the version folders of a repository; what is missing is left out.
 * Hard links are used (a container may not see where a symbolic link points), copies where they cannot be.
 *
 * @throws TriptychError `disk-full`, `repository-write`
 */
export async function linkWeights(plan: PipelinePlan, checkpoint: string, folder: string): Promise<void> {
  for (const { path, source } of linksOf(plan)) {
    const from = join(checkpoint, source);
    const to = join(folder, path);
    if ((await sizeOf(from)) === undefined || (await sameFile(from, to))) continue;
    try {
      await mkdir(dirname(to), { recursive: true });
      await place(from, to);
    } catch (reason) {
      throw writeError(reason, to);
    }
  }
}
