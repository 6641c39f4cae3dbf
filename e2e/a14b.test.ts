import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, type Studio } from "../src/client/index.ts";
import type { Contract } from "../src/model-config/index.ts";
import type { ModelPlan, PipelinePlan } from "../src/plan/index.ts";
import { readRuntime, renderRepository, writeRepository } from "../src/repository/index.ts";
import { startTriton, type TritonServer } from "../src/server/index.ts";
import { CHECKPOINT, planOf, ROOT, temporaryFolder } from "./support.ts";

// The engines of A14B need a GPU. Here each is a Python model with the same name, tensors and shapes that answers
// zeros, so that the real Triton proves the rest: ensemble graph, names, datatypes, shapes, schedules, relay.

const giant = planOf("wan2.2-t2v-a14b");

function isEngine({ config }: ModelPlan): boolean {
  return config.backend === "tensorrt";
}

/** The same model without a GPU: tensors and graph are untouched. */
function onCpu(model: ModelPlan): ModelPlan {
  if (!isEngine(model)) return model;
  const { name, maxBatchSize, inputs, outputs } = model.config;
  const instanceGroups = [{ count: 1, kind: "KIND_CPU" }] as const;
  return { config: { name, maxBatchSize, inputs, outputs, backend: "python", instanceGroups }, links: [] };
}

async function writeStandIns(plan: PipelinePlan): Promise<string> {
  const folder = temporaryFolder("a14b");
  await writeRepository(
    renderRepository({ ...plan, models: plan.models.map(onCpu) }, await readRuntime()),
    folder,
  );
  const place = (from: string, to: string): void => {
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  };
  for (const model of plan.models.filter(isEngine)) {
    place(
      join(ROOT, "e2e/fixtures/stand-in/model.py"),
      join(folder, "models", model.config.name, "1/model.py"),
    );
  }
  place(join(CHECKPOINT, "tokenizer/tokenizer.json"), join(folder, "models/tokenizer/1/tokenizer.json"));
  return join(folder, "models");
}

let server: TritonServer;
let studio: Studio<Contract>;

beforeAll(async () => {
  const modelRepository = await writeStandIns(giant);
  server = await startTriton({ kind: "embedded", modelRepository, models: giant.startModels });
  studio = await connect(server.grpcEndpoint, { contract: giant.contract });
});

afterAll(async () => {
  await studio.close();
  await server.stop();
});

function variant(name: string) {
  const client = studio.variants[name];
  if (client === undefined) throw new Error(name);
  return client;
}

async function loadedExperts(): Promise<string[]> {
  const index = await studio.server.repositoryIndex();
  return index
    .filter(({ name, state }) => name.endsWith("_noise") && state === "ready")
    .map(({ name }) => name);
}

const REQUEST = { prompt: "a red circle moves right", seed: 7 };

describe("Wan2.2-T2V-A14B at 832x480x81 on the real Triton, engines stood in for", () => {
  it("loads every model but the experts, which wait for their turn", async () => {
    expect(await loadedExperts()).toEqual([]);
    expect((await studio.server.repositoryIndex()).filter(({ state }) => state === "ready")).toHaveLength(
      giant.startModels.length,
    );
  });

  it("draft: 4 steps by the streaming door, with frames and latent of the real shapes", async () => {
    const clip = await variant("draft").generate({ ...REQUEST, frames: true, latent: true }).result;
    expect(clip.frames?.shape).toEqual([81, 480, 832, 3]);
    expect(clip.latent?.shape).toEqual([16, 21, 60, 104]);
    expect(clip.stages.map(({ stage, steps }) => [stage, steps])).toEqual([
      ["tokenizer", 1],
      ["text_encoder", 1],
      ["high_noise", 2],
      ["low_noise", 2],
      ["vae_decoder", 1],
      ["video_encoder", 1],
    ]);
  });

  it("relay: one expert is loaded at a time", async () => {
    expect(await loadedExperts()).toEqual(["draft_low_noise"]);
  });

  it("final: 40 steps, 26 of them high-noise, by the ensemble", async () => {
    const clip = await variant("final").generateUnary(REQUEST);
    expect(Buffer.from(clip.video.subarray(4, 8)).toString()).toBe("ftyp");
    const counts = await studio.server.statistics("final_low_noise");
    expect(counts.map(({ executionCount }) => Number(executionCount))).toEqual([14]);
    expect(await loadedExperts()).toEqual(["final_low_noise"]);
  });

  it("two clips at once take turns at the experts", async () => {
    const clips = await Promise.all([
      variant("draft").generate(REQUEST).result,
      variant("draft").generateUnary(REQUEST),
    ]);
    expect(Buffer.from(clips[0].video).equals(clips[1].video)).toBe(true);
  });
});
