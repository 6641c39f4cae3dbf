import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { type PipelinePlan, planPipeline } from "../src/plan/index.ts";
import { linkWeights, readRuntime, renderRepository, writeRepository } from "../src/repository/index.ts";
import { startTriton, type TritonServer } from "../src/server/index.ts";
import { parseSpec } from "../src/spec/index.ts";
import type { Tensor } from "../src/tensor/index.ts";

/** Root of the project. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Weights of wan-tiny. */
export const CHECKPOINT = join(ROOT, "models/wan-tiny");

/** Plans a spec of configs/, changed by `edit`. */
export function planOf(name: string, edit: (text: string) => string = (text) => text): PipelinePlan {
  const file = join(ROOT, "configs", `${name}.yaml`);
  return planPipeline(parseSpec(edit(readFileSync(file, "utf8")), file));
}

const folders: string[] = [];

// Registered before any hook of the test file itself, so it runs after them all. A test worker ends without "exit".
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone when the tests of a file are through. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `triptych-${name}-`));
  folders.push(folder);
  return folder;
}

/** Writes a pipeline's repository, with its weights, into a fresh folder; returns the models folder. */
export async function writeModels(
  plan: PipelinePlan,
  folder = temporaryFolder("repository"),
): Promise<string> {
  await writeRepository(renderRepository(plan, await readRuntime()), folder);
  await linkWeights(plan, CHECKPOINT, folder);
  return join(folder, "models");
}

/** The embedded Triton on wan-tiny. */
export async function startTiny(plan = planOf("wan-tiny")): Promise<TritonServer> {
  return startTriton({ kind: "embedded", modelRepository: await writeModels(plan) });
}

/** The interpreter of an environment that `make test` prepares. */
export function pythonOf(environment: "judge" | "tools"): string {
  const python = join(ROOT, `.venv-${environment}/bin/python`);
  if (existsSync(python)) return python;
  throw new Error(`${python} is missing: run \`make ${environment}-env\``);
}

/** A clip with the scene it should show. */
export interface ShownClip {
  readonly frames: Tensor<"UINT8">;
  readonly colour: string;
  readonly shape: string;
  readonly direction: string;
}

/** What the judge of the Python tools sees in a clip. */
export interface Verdict {
  readonly right: boolean;
  readonly colour: string | null;
  readonly shape: string | null;
  readonly direction: string | null;
  readonly iou: number;
}

/** Has the pixel judge look at clips. */
export function judgeClips(clips: readonly ShownClip[]): Verdict[] {
  const folder = temporaryFolder("judge");
  const entries = clips.map(({ frames, colour, shape, direction }, index) => {
    const file = join(folder, `${index}.raw`);
    writeFileSync(file, frames.data);
    return { file, shape: frames.shape, colour, shape_name: shape, direction };
  });
  const output = execFileSync(pythonOf("tools"), [join(ROOT, "e2e/judges/adherence.py")], {
    input: JSON.stringify(entries),
    env: { ...process.env, PYTHONPATH: `${ROOT}tools:${ROOT}src/repository/python` },
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(output.toString()) as Verdict[];
}
