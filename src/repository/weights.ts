import { copyFile, link, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Finding, isTriptychError, systemErrorCode, TriptychError } from "../errors/index.ts";
import { fileSha256, makeFolder, partialName, writeError } from "../files/index.ts";
import type { PipelinePlan } from "../plan/index.ts";
import type { Drift } from "./drift.ts";
import { linksOf } from "./render.ts";
import { REFUSAL } from "./write.ts";

/** What is wrong with one weight file. */
export interface WeightProblem extends Finding {
  readonly rule: "weights-missing" | "weights-mismatch";
}

/** `manifest.json` of a checkpoint: what its files must hash to. */
interface CheckpointManifest {
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is wrong with one entry of a manifest. */
function entryMistake(name: string, entry: unknown): string | undefined {
  if (name.startsWith("/") || name.split("/").includes("..")) return `"${name}" leads out of the checkpoint`;
  if (isFields(entry) && typeof entry["sha256"] === "string" && typeof entry["bytes"] === "number")
    return undefined;
  return `"${name}" has no "sha256" and "bytes"`;
}

function manifestMistake(manifest: unknown): string | undefined {
  if (!isFields(manifest) || !isFields(manifest["files"])) return `expected an object with "files"`;
  const mistakes = Object.entries(manifest["files"]).map(([name, entry]) => entryMistake(name, entry));
  return mistakes.find((mistake) => mistake !== undefined);
}

function badManifest(path: string, what: string, cause?: unknown): TriptychError {
  return new TriptychError("weights-mismatch", `${path} cannot be used: ${what}`, {
    cause,
    hint: "restore the file, or make it again with the tool that made the weights",
  });
}

function parseManifest(text: string, path: string): CheckpointManifest {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw badManifest(path, "not valid JSON", error);
  }
  const mistake = manifestMistake(manifest);
  if (mistake !== undefined) throw badManifest(path, mistake);
  return manifest as CheckpointManifest;
}

async function readCheckpointManifest(checkpoint: string): Promise<CheckpointManifest> {
  const path = join(checkpoint, "manifest.json");
  try {
    return parseManifest(await readFile(path, "utf8"), path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return { files: {} };
    throw isTriptychError(error) ? error : badManifest(path, code ?? String(error), error);
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch {
    return undefined;
  }
}

function missing(path: string, family: string): WeightProblem {
  const origin =
    family === "wan-tiny"
      ? "restore it; `make train-tiny` makes all files of wan-tiny"
      : "copy it from the checkpoint in diffusers layout";
  const hint = /\.(plan|onnx)$/.test(path) ? `make it with \`triptych engines\`` : origin;
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
  { plan, checkpoint }: { readonly plan: PipelinePlan; readonly checkpoint: string },
  source: string,
  manifest: CheckpointManifest,
) {
  const path = join(checkpoint, source);
  const size = await sizeOf(path);
  if (size === undefined) return [missing(path, plan.spec.family)];
  const known = manifest.files[source];
  if (known === undefined) return [];
  if (known.bytes !== size) return [mismatch(path, `expected ${known.bytes} bytes, got ${size}`)];
  const got = await fileSha256(path);
  if (got !== known.sha256)
    return [mismatch(path, `expected sha256 ${known.sha256.slice(0, 12)}…, got ${got.slice(0, 12)}…`)];
  return [];
}

/** Looks at every weight file a plan needs: is it there, and is it the one that the checkpoint's manifest describes. */
export async function checkWeights(plan: PipelinePlan, checkpoint: string): Promise<WeightProblem[]> {
  const manifest = await readCheckpointManifest(checkpoint);
  const sources = [...new Set(linksOf(plan).map((item) => item.source))];
  const problems = await Promise.all(
    sources.map((source) => checkOne({ plan, checkpoint }, source, manifest)),
  );
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

async function isCopy(a: string, b: string): Promise<boolean> {
  if ((await sizeOf(a)) !== (await sizeOf(b))) return false;
  return (await fileSha256(a)) === (await fileSha256(b));
}

/**
 * Weights in a repository that are not those of the checkpoint. A weight that is not linked yet is none of them, nor
 * is one whose source is gone.
 */
export async function diffWeights(plan: PipelinePlan, checkpoint: string, folder: string): Promise<Drift[]> {
  const drifts = linksOf(plan).map(async ({ path, source }): Promise<Drift[]> => {
    const [from, to] = [join(checkpoint, source), join(folder, path)];
    if ((await sizeOf(from)) === undefined || (await sizeOf(to)) === undefined) return [];
    if ((await sameFile(from, to)) || (await isCopy(from, to))) return [];
    return [{ path, kind: "changed", patch: `${path} is not the file ${from}` }];
  });
  return (await Promise.all(drifts)).flat();
}

async function place(source: string, target: string): Promise<void> {
  const partial = partialName(target);
  try {
    // Another file system, or one without hard links, gets a copy.
    await link(source, partial).catch(() => copyFile(source, partial));
    await rename(partial, target);
  } catch (reason) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw reason;
  }
}

/** Where the passport of an artifact lies: beside it. */
const PASSPORT = ".passport.json";

/** Paths of passports that lie beside the weights of a repository, where the checkpoint has them. */
export function passportPaths(plan: PipelinePlan): string[] {
  return linksOf(plan).map(({ path }) => `${path}${PASSPORT}`);
}

/**
 * Links the weights of a checkpoint into the version folders of a repository; what is missing is left out. A passport
 * goes with its weights, so that lint can hold them against it.
 * Hard links are used (a container may not see where a symbolic link points), copies where they cannot be.
 *
 * @throws TriptychError `disk-full`, `repository-write`
 */
export async function linkWeights(plan: PipelinePlan, checkpoint: string, folder: string): Promise<void> {
  const links = linksOf(plan).flatMap(({ path, source }) => [
    { path, source },
    { path: `${path}${PASSPORT}`, source: `${source}${PASSPORT}` },
  ]);
  for (const { path, source } of links) {
    const from = join(checkpoint, source);
    const to = join(folder, path);
    if ((await sizeOf(from)) === undefined || (await sameFile(from, to))) continue;
    try {
      await makeFolder(dirname(to));
      await place(from, to);
    } catch (reason) {
      throw writeError(reason, to, REFUSAL);
    }
  }
}
