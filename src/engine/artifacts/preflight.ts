import { readFile, statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import { dirname } from "node:path";
import { type Finding, isTriptychError, TriptychError } from "../../errors/index.ts";
import { exists } from "../../files/index.ts";
import { isProgramMissing, runProgram } from "../../process/index.ts";
import { formatTensorRtVersion, readTrtexecLine } from "../../tensorrt/index.ts";
import { programMissing, runnable, type Trtexec } from "../trtexec/program.ts";
import { releaseMismatch } from "../trtexec/release.ts";
import { foreignFindings } from "./begin.ts";
import { engineBuild } from "./command.ts";
import { bytesOf } from "./digests.ts";
import { isPlainFile } from "./json-fields.ts";
import { type Places, placeInput } from "./place.ts";
import { partProblems } from "./safetensors.ts";
import type { MissingSource, Surveyed } from "./survey.ts";

async function missingFinding({ artifact, role, input, path }: MissingSource): Promise<Finding> {
  const problem = (await exists(path))
    ? `is no ${input.form === "folder" ? "folder with files" : "file"}`
    : "is missing";
  const hint =
    input.root === "spec"
      ? "write the file, one prompt a line, or change its name in the spec"
      : "copy it from the checkpoint in diffusers layout, or name the checkpoint's folder in the spec";
  return { rule: "missing", message: `${path} ${problem} (${role} of ${artifact})`, hint, path };
}

/** Folders of the checkpoint that are read, each once. */
function sourceFolders(artifacts: readonly Surveyed[], places: Places): string[] {
  const inputs = artifacts.flatMap(({ artifact }) => Object.values(artifact.inputs));
  const sources = inputs.filter(({ from, form }) => from === undefined && form === "folder");
  return [...new Set(sources.map((input) => placeInput(input, places).path))];
}

async function folderFindings(folders: readonly string[]): Promise<Finding[]> {
  const problems = await Promise.all(folders.map(async (folder) => partProblems(folder).catch(() => [])));
  const hint = "copy the folder from the checkpoint again";
  return problems.flat().map((message) => ({ rule: "broken", message, hint }));
}

async function promptFindings(artifacts: readonly Surveyed[], places: Places): Promise<Finding[]> {
  const inputs = artifacts.flatMap(({ artifact }) => artifact.inputs["prompts"] ?? []);
  const files = [...new Set(inputs.map((input) => placeInput(input, places).path))];
  const found = await Promise.all(
    files.map(async (path): Promise<Finding[]> => {
      // What is no file is told as missing.
      const isFile = await isPlainFile(path).catch(() => false);
      const text = isFile ? await readFile(path, "utf8").catch(() => undefined) : undefined;
      const lines = text?.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
      if (lines === undefined || lines.length > 0) return [];
      return [{ rule: "empty", message: `${path} holds no prompt`, hint: "write one prompt a line", path }];
    }),
  );
  return found.flat();
}

/**
 * Looks at everything that the artifacts to build read from, before the first of them runs.
 *
 * @throws TriptychError `checkpoint-invalid` with all findings
 */
export async function requireSources(
  artifacts: readonly Surveyed[],
  missing: readonly MissingSource[],
  places: Places,
): Promise<void> {
  const distinct = new Map(missing.map((source) => [source.path, source]));
  const findings = [
    ...(await Promise.all([...distinct.values()].map(missingFinding))),
    ...(await folderFindings(sourceFolders(artifacts, places))),
    ...(await promptFindings(artifacts, places)),
    ...(await foreignFindings(artifacts, places)),
  ];
  const [first, ...rest] = findings;
  if (first === undefined) return;
  const more = rest.length === 0 ? "" : ` (and ${rest.length} more)`;
  throw new TriptychError("checkpoint-invalid", `${first.message}${more}`, {
    ...(first.hint === undefined ? {} : { hint: first.hint }),
    details: { findings },
  });
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** What is to be made, against what this machine has. */
export interface Resources {
  readonly bytes: number;
  readonly free: number;
  readonly memory: number;
  readonly totalMemory: number;
}

/** A folder, or the nearest one above it that is there. */
async function existingFolder(folder: string): Promise<string> {
  return (await exists(folder)) || dirname(folder) === folder ? folder : existingFolder(dirname(folder));
}

/** Disk and memory that artifacts take by the estimate, and what there is of both. */
export async function resourcesFor(
  artifacts: readonly Surveyed[],
  { checkpoint }: Places,
): Promise<Resources> {
  const disk = await statfs(await existingFolder(checkpoint));
  const estimates = artifacts.map(({ artifact }) => artifact.estimate);
  return {
    bytes: bytesOf(estimates),
    free: disk.bavail * disk.bsize,
    memory: Math.max(0, ...estimates.map(({ memory }) => memory)),
    totalMemory: totalmem(),
  };
}

/** @throws TriptychError `resources-short` where disk or memory will not do, by the estimate */
export function requireResources({ bytes, free, memory, totalMemory }: Resources, checkpoint: string): void {
  const short = [
    ...(bytes > free
      ? [`${gigabytes(bytes)} of disk below ${checkpoint}, and ${gigabytes(free)} are free`]
      : []),
    ...(memory > totalMemory
      ? [`${gigabytes(memory)} of memory, and this machine has ${gigabytes(totalMemory)}`]
      : []),
  ];
  if (short.length === 0) return;
  throw new TriptychError("resources-short", `what is to be made takes about ${short.join("; ")}`, {
    hint: "free some, take another machine, make it part by part with --only, or go on with --ignore-estimates",
  });
}

/**
 * Asks trtexec for its release before anything is made for it.
 *
 * @throws TriptychError `trtexec-missing`, `docker-missing`, `engine-invalid` for one that is not the server's
 */
export async function requireTrtexec(
  artifacts: readonly Surveyed[],
  trtexec: Trtexec,
  places: Places,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const builds = artifacts.flatMap(({ artifact }) => engineBuild(artifact, places) ?? []);
  const [build] = builds;
  if (build === undefined) return undefined;
  const program = runnable(trtexec, ["--help"]);
  const lines: string[] = [];
  const run = {
    file: program.file,
    args: program.args,
    signal,
    timeoutMs: 600_000,
    onLine: (line: string) => lines.push(line),
  };
  await runProgram(run).catch(async (reason: unknown) => {
    if (isProgramMissing(reason)) throw programMissing(program.file, reason);
    await program.clear();
    // Without a GPU some releases stop before they have read a word; what they said first still counts.
    if (!isTriptychError(reason, "process-failed")) throw reason;
  });
  const said = lines.flatMap(readTrtexecLine).find((event) => event.kind === "version");
  if (said?.kind !== "version") return undefined;
  const mismatch = releaseMismatch(build, said.version);
  if (mismatch !== undefined) throw mismatch;
  return formatTensorRtVersion(said.version);
}
