import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect, type Run, type Studio } from "../src/client/index.ts";
import { isTriptychError, type TriptychError } from "../src/errors/index.ts";
import type { Contract } from "../src/model-config/index.ts";
import {
  type Files,
  linkWeights,
  readRuntime,
  renderRepository,
  writeRepository,
} from "../src/repository/index.ts";
import type { TritonServer } from "../src/server/index.ts";
import { tensor } from "../src/tensor/index.ts";
import { cli, leftovers } from "./fixtures/cli.ts";
import { ownDisk, processesWith, temporaryFolder, tracesOf } from "./fixtures/machine.ts";
import { CHECKPOINT, planOf, ROOT, startTiny } from "./support.ts";

const plan = planOf("wan-tiny");
const REQUEST = { prompt: "a red circle moves right", seed: 7, steps: 30 };

interface Serving {
  readonly server: TritonServer;
  readonly studio: Studio<Contract>;
  /** The server's own name. */
  readonly id: string;
}

async function serve(): Promise<Serving> {
  const server = await startTiny(plan);
  const studio = await connect(server.grpcEndpoint, { contract: plan.contract });
  onTestFinished(async () => {
    await studio.close();
    await server.stop();
  });
  return { server, studio, id: path.basename(path.dirname(server.logFile ?? "")) };
}

function variant({ studio }: Serving, name: string) {
  const client = studio.variants[name];
  if (client === undefined) throw new Error(name);
  return client;
}

/** The process of a Python model. Triton starts it through a shell, whose command line has the name too. */
function processOf({ id }: Serving, model: string): number {
  const all = processesWith(`/models/${model}/1/model.py`).filter((pid) => {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return (
      path.basename(words[0] ?? "") === "triton_python_backend_stub" &&
      words.some((word) => word.includes(id))
    );
  });
  expect(all).toHaveLength(1);
  return all[0] ?? 0;
}

async function failure(promise: Promise<unknown>): Promise<{ error: TriptychError; at: number }> {
  try {
    await promise;
  } catch (error) {
    if (isTriptychError(error)) return { error, at: performance.now() };
    throw error;
  }
  throw new Error("expected a failure");
}

/** Waits until a run has come to a step. */
async function comesTo(run: Run, stage: string, step: number): Promise<void> {
  // Leaving a loop would cancel the run, so the events are taken by hand.
  const events = run[Symbol.asyncIterator]();
  for (;;) {
    const next = await events.next();
    if (next.done === true) throw new Error(`it ended before ${stage} ${step}`);
    if (next.value.stage === stage && next.value.step === step) return;
  }
}

describe("a server that is killed in the middle of a clip", () => {
  it("is a typed error at once, by both doors, and the next call says so too", async () => {
    const serving = await serve();
    // A stopped model holds the clip where it is.
    process.kill(processOf(serving, "vae_decoder"), "SIGSTOP");
    const run = variant(serving, "final").generate(REQUEST);
    await comesTo(run, "low_noise", 1);
    const unary = variant(serving, "draft").generateUnary({ prompt: REQUEST.prompt, seed: 7 });
    const rest = (async () => {
      const seen: number[] = [];
      for await (const { step } of run) seen.push(step);
    })();
    const killed = performance.now();
    process.kill(serving.server.pid ?? 0, "SIGKILL");
    for (const { error, at } of await Promise.all([run.result, unary, rest].map(failure))) {
      expect(error.code).toBe("unreachable");
      expect(error.message).toContain(serving.server.grpcEndpoint);
      expect(at - killed).toBeLessThan(2_000);
    }
    const { error } = await failure(variant(serving, "draft").generate({ prompt: "a", seed: 1 }).result);
    expect(error.code).toBe("unreachable");
    expect(await serving.server.exited).toMatchObject({ signal: "SIGKILL", expected: false });
    await expect.poll(() => tracesOf(serving.id), { timeout: 12_000 }).toEqual([]);
  });
});

// Triton 2.51 sees within a second or two that the process is gone, answers every call with "Stub process … is not
// healthy", and never starts it again; it calls the model ready all the while.
describe("a model whose process is killed while it is called", () => {
  const notHealthy = (model: string): RegExp => new RegExp(`Stub process '${model}_0_0' is not healthy`);

  async function expectUnhealthy(call: Promise<unknown>, model: string): Promise<void> {
    const started = performance.now();
    const { error, at } = await failure(call);
    expect(error.code).toBe("inference-failed");
    expect(error.message).toMatch(notHealthy(model));
    expect(error.hint).toContain("restart the server");
    expect(at - started).toBeLessThan(10_000);
  }

  it("is an error of each call that needs it, not a hang; the rest of the server lives", async () => {
    const serving = await serve();
    const stub = processOf(serving, "vae_decoder");
    process.kill(stub, "SIGSTOP");
    const run = variant(serving, "draft").generate({ prompt: REQUEST.prompt, seed: 7 });
    await comesTo(run, "low_noise", 2);
    process.kill(stub, "SIGKILL");
    await expectUnhealthy(run.result, "vae_decoder");
    await expectUnhealthy(variant(serving, "final").generateUnary(REQUEST), "vae_decoder");
    await expectUnhealthy(
      variant(serving, "final").generate({ ...REQUEST, steps: 10 }).result,
      "vae_decoder",
    );

    const prompt = { PROMPT: tensor("BYTES", [1], [REQUEST.prompt]) };
    const tokens = await serving.studio.models["tokenizer"]?.infer?.(prompt);
    expect(tokens?.outputs).toHaveProperty("TOKEN_IDS");
    const index = await serving.studio.server.repositoryIndex();
    expect(index.find(({ name }) => name === "vae_decoder")?.state).toBe("ready");

    await serving.studio.close();
    await serving.server.stop();
    expect(tracesOf(serving.id)).toEqual([]);
  });

  it("is an error also where the process is the front door's own", async () => {
    const serving = await serve();
    const run = variant(serving, "final").generate(REQUEST);
    await comesTo(run, "text_encoder", 1);
    process.kill(processOf(serving, "final_stream"), "SIGKILL");
    await expectUnhealthy(run.result, "final_stream");
    const clip = await variant(serving, "draft").generate({ prompt: REQUEST.prompt, seed: 7 }).result;
    expect(clip.video.length).toBeGreaterThan(0);
  });
});

async function rendered(): Promise<Files> {
  return renderRepository(plan, await readRuntime());
}

/** Files of a folder that are not, to the letter, what was to be written. */
function halfWritten(folder: string, files: Files): string[] {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true, encoding: "utf8" });
  return names
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((name) => readFileSync(path.join(folder, name), "utf8") !== files.get(name));
}

describe("a disk that fills up", () => {
  it("while the repository is written: the error names it, and no file is half there", async ({ skip }) => {
    const folder = ownDisk("size=100k");
    if (folder === undefined) return skip("only root may mount a small disk");
    const files = await rendered();
    await expect(writeRepository(files, folder)).rejects.toMatchObject({
      code: "disk-full",
      message: expect.stringContaining(folder) as string,
    });
    expect(readdirSync(folder).length).toBeGreaterThan(0);
    expect(halfWritten(folder, files)).toEqual([]);
  });

  it("while weights are copied to it: exit 3, the text is whole, and no weight file is half there", async ({
    skip,
  }) => {
    const disk = ownDisk("size=1m");
    if (disk === undefined) return skip("only root may mount a small disk");
    const end = await cli(["repository", "--out", disk, "--json"]);
    expect(end.code).toBe(3);
    expect(JSON.parse(end.stdout)).toMatchObject({
      error: { code: "disk-full", message: expect.stringMatching(/model\.onnx$/) as string },
    });
    const folder = path.join(disk, plan.name);
    const files = await rendered();
    expect(leftovers(disk)).toEqual([]);
    const weights = plan.models.flatMap(({ config, links }) =>
      links.map(({ name, source }) => ({ path: `models/${config.name}/1/${name}`, source })),
    );
    for (const name of halfWritten(folder, files)) {
      const source = weights.find((weight) => weight.path === name)?.source ?? "nothing of ours";
      expect(
        readFileSync(path.join(folder, name)).equals(readFileSync(path.join(CHECKPOINT, source))),
        name,
      ).toBe(true);
    }
  });

  it("is mended by running the command again", async ({ skip }) => {
    const disk = ownDisk("size=100k");
    if (disk === undefined) return skip("only root may mount a small disk");
    const files = await rendered();
    await expect(writeRepository(files, disk)).rejects.toMatchObject({ code: "disk-full" });
    execFileSync("mount", ["-o", "remount,size=64m", disk]);
    await writeRepository(files, disk);
    await linkWeights(plan, CHECKPOINT, disk);
    expect(existsSync(path.join(disk, "models/vae_decoder/1/model.onnx"))).toBe(true);
    expect(leftovers(disk)).toEqual([]);
  });
});

describe("a folder that may not be written", () => {
  it("is named, with the system's own reason", async ({ skip }) => {
    const disk = ownDisk("ro");
    if (disk === undefined) return skip("only root may mount a read-only disk");
    const { code, stdout, stderr } = await cli(["repository", "--out", disk]);
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(/^error\[repository-write\]: cannot write \/\S+: EROFS\n {2}→ /);
  });

  it("is named also where it is a file", async () => {
    const { code, stderr } = await cli(["repository", "--out", path.join(ROOT, "package.json")]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^error\[repository-write\]: cannot write \S+package\.json\/wan-tiny\S*: ENOTDIR/);
  });

  it("is told by its reason where a folder cannot even be made", async () => {
    const { code, stderr } = await cli(["repository", "--out", "/proc/nowhere"], {
      env: { TMPDIR: temporaryFolder() },
    });
    expect(code).toBe(3);
    expect(stderr).toContain("error[repository-write]: cannot write /proc/nowhere/");
  });
});
