import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TriptychError } from "../errors/index.ts";
import type { Contract } from "../model-config/index.ts";
import { planPipeline } from "../plan/index.ts";
import { parseSpec } from "../spec/index.ts";
import {
  checkWeights,
  contractOfFolder,
  diffRepository,
  type Files,
  linkWeights,
  readRuntime,
  refuseWeights,
  renderContract,
  renderRepository,
  writeRepository,
} from "./index.ts";

function planOf(name: string) {
  const text = readFileSync(new URL(`../../configs/${name}.yaml`, import.meta.url), "utf8");
  return planPipeline(parseSpec(text, name));
}

const plan = planOf("wan-tiny");
const runtime: Files = new Map([["a.py", "x = 1\n"]]);
const files = renderRepository(plan, runtime);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "triptych-repository-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("renderRepository", () => {
  it("is the same text each time, and what model-repository/ holds", async () => {
    for (const name of ["wan-tiny", "wan2.2-t2v-a14b"]) {
      const rendered = renderRepository(planOf(name), await readRuntime());
      expect([...renderRepository(planOf(name), await readRuntime())]).toEqual([...rendered]);
      for (const [path, text] of rendered) {
        const held = readFileSync(new URL(`../../model-repository/${name}/${path}`, import.meta.url), "utf8");
        expect(held, path).toBe(text);
      }
    }
  });

  it("gives every model a config and something in its version folder", () => {
    for (const { config } of plan.models) {
      expect(files.has(`models/${config.name}/config.pbtxt`)).toBe(true);
      expect([...files.keys()].some((path) => path.startsWith(`models/${config.name}/1/`))).toBe(true);
    }
  });

  it("writes schedules as data, one for each offered step count, the default first", () => {
    const text = files.get("models/final_denoiser/1/schedule.json") ?? "";
    const { stateSize, schedules } = JSON.parse(text) as {
      stateSize: number;
      schedules: { steps: number; rows: { coefficients: number[][] }[] }[];
    };
    expect(stateSize).toBe(4);
    expect(schedules.map(({ steps, rows }) => [steps, rows.length])).toEqual([
      [20, 20],
      [10, 10],
      [30, 30],
    ]);
    expect(schedules[0]?.rows[0]?.coefficients.map((row) => row.length)).toEqual([5, 5, 5, 5]);
  });

  it("gives a container target a Dockerfile, and the embedded server none", () => {
    expect(files.has("Dockerfile")).toBe(false);
    expect(renderRepository(planOf("wan2.2-t2v-a14b"), runtime).get("Dockerfile")).toContain("26.08-py3");
  });
});

describe("renderContract", () => {
  it("is a literal under a name that can stand in code", () => {
    expect(renderContract(plan.contract)).toContain("export const wanTiny = {");
    expect(renderContract(planOf("wan2.2-t2v-a14b").contract)).toContain("export const wan22T2vA14b = {");
    expect(renderContract(plan.contract)).toContain("as const satisfies Contract;");
  });

  it.each([
    ["3d models", "contract3dModels"],
    ["模型", "contract"],
    ["new", "contractNew"],
    ["-a-b", "aB"],
  ])("finds a name for %s", (pipeline, name) => {
    const text = renderContract({ pipeline, variants: {}, models: {} });
    expect(text).toContain(`export const ${name} = {`);
  });

  it("says whence it comes in a comment only, and leaves strings as they are", () => {
    const model = { inputs: [{ name: "[ 1 ]", datatype: "FP32", dims: [1, -1] }], outputs: [] } as const;
    const models = JSON.parse(
      JSON.stringify({ x: { ...model, decoupled: false, maxBatchSize: 0 } }).replace('"x"', '"__proto__"'),
    ) as Contract["models"];
    const text = renderContract({ pipeline: "p", variants: {}, models }, "one\nalert(1)\u2028alert(2)");
    expect(text.split("\n").slice(0, 3)).toEqual(["// one", "// alert(1)", "// alert(2)"]);
    expect(text).toContain('"name": "[ 1 ]"');
    expect(text).toContain('"dims": [1, -1]');
    expect(text).toContain('["__proto__"]: {');
  });
});

describe("contractOfFolder", () => {
  const write = (model: string, text: string | Uint8Array): void => {
    mkdirSync(join(folder, model), { recursive: true });
    writeFileSync(join(folder, model, "config.pbtxt"), text);
  };

  it("reads the models that Triptych makes as what the plan says of them", async () => {
    await writeRepository(files, folder);
    const { contract, incomplete } = await contractOfFolder(join(folder, "models"), "wan-tiny");
    expect(contract.models).toEqual(JSON.parse(JSON.stringify(plan.contract.models)));
    expect(contract).toMatchObject({ pipeline: "wan-tiny", variants: {} });
    expect(incomplete).toEqual([]);
  });

  it("takes folders with neither configuration nor version for no models, and tells which leave all to the server", async () => {
    write("auto", 'backend: "onnxruntime"');
    write(
      "full",
      'output [ { name: "Y" data_type: TYPE_STRING dims: 1 } ] model_transaction_policy < decoupled: true >',
    );
    mkdirSync(join(folder, "empty/other"), { recursive: true });
    mkdirSync(join(folder, "bare/1"), { recursive: true });
    writeFileSync(join(folder, "notes.txt"), "");
    const { contract, incomplete } = await contractOfFolder(folder, "mine");
    expect(incomplete).toEqual(["auto", "bare"]);
    expect(contract.models["bare"]).toMatchObject({ inputs: [], outputs: [] });
    expect(Object.keys(contract.models)).not.toContain("empty");
    expect(contract.models["full"]).toEqual({
      inputs: [],
      outputs: [{ name: "Y", datatype: "BYTES", dims: [1] }],
      decoupled: true,
      maxBatchSize: 0,
    });
  });

  it("finds what is wrong in all files at once", async () => {
    write("a", "max_batch: 1\nbackend: python");
    write("b", 'input { name: "X" }');
    write("c", Uint8Array.of(0xff));
    const error = await contractOfFolder(folder, "mine").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "model-config-syntax" });
    expect((error as TriptychError).details.findings).toMatchObject([
      { rule: "unknown-field", position: { file: join(folder, "a/config.pbtxt"), line: 1, column: 1 } },
      { rule: "wrong-type", position: { line: 2, column: 10 } },
      { rule: "tensor", message: expect.stringContaining("TYPE_INVALID") as string },
      { rule: "syntax", message: expect.stringContaining("UTF-8") as string },
    ]);
  });

  it.each(["missing", "."])("refuses %s, where no model is", async (name) => {
    await expect(contractOfFolder(join(folder, name), "mine")).rejects.toMatchObject({ code: "usage" });
  });
});

describe("writeRepository and diffRepository", () => {
  it("writes everything once, and nothing the second time", async () => {
    expect(await writeRepository(files, folder)).toHaveLength(files.size);
    expect(await diffRepository(files, folder)).toEqual([]);
    expect(await writeRepository(files, folder)).toEqual([]);
  });

  it("shows what was changed, what is missing and what is left over, and mends it", async () => {
    const before = renderRepository(plan, new Map([...runtime, ["old.py", "y = 2\n"]]));
    await writeRepository(before, folder);
    const config = join(folder, "models/final/config.pbtxt");
    writeFileSync(config, readFileSync(config, "utf8").replace('"final"', '"finale"'));
    rmSync(join(folder, "models/draft/config.pbtxt"));
    const drift = await diffRepository(files, folder);
    expect(drift.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual([
      "changed models/final/config.pbtxt",
      "changed repository.json",
      "missing models/draft/config.pbtxt",
      "stale python/triptych_runtime/old.py",
    ]);
    expect(drift.find(({ path }) => path.includes("final"))?.patch).toContain(
      '-name: "finale"\n+name: "final"',
    );
    await writeRepository(files, folder);
    expect(await diffRepository(files, folder)).toEqual([]);
  });

  it("leaves alone what it did not generate, whatever the manifest on disk claims", async () => {
    await writeRepository(files, folder);
    const foreign = join(folder, "models/final/notes.txt");
    writeFileSync(foreign, "mine");
    const outside = join(folder, "..", "outside-of-the-repository.txt");
    const manifest = join(folder, "repository.json");
    const claims = JSON.parse(readFileSync(manifest, "utf8")) as { files: unknown[] };
    claims.files.push("../outside-of-the-repository.txt", "/etc/hostname", 7);
    writeFileSync(manifest, JSON.stringify(claims));
    writeFileSync(outside, "stay");
    await writeRepository(files, folder);
    expect(readFileSync(foreign, "utf8")).toBe("mine");
    expect(readFileSync(outside, "utf8")).toBe("stay");
    rmSync(outside);
  });

  it.each(["null", "[]", '{"files": "a"}', "{"])("bears a list of files that is %s", async (text) => {
    await writeRepository(files, folder);
    writeFileSync(join(folder, "repository.json"), text);
    expect((await writeRepository(files, folder)).map(({ path }) => path)).toEqual(["repository.json"]);
  });

  it("says where it cannot write", async () => {
    writeFileSync(join(folder, "models"), "a file where a folder should be");
    await expect(writeRepository(files, folder)).rejects.toMatchObject({ code: "repository-write" });
    chmodSync(folder, 0o755);
  });
});

describe("weights", () => {
  let checkpoint: string;
  const sources = [...new Set(plan.models.flatMap(({ links }) => links.map(({ source }) => source)))];

  beforeEach(() => {
    checkpoint = join(folder, "checkpoint");
    const manifest: Record<string, { sha256: string; bytes: number }> = {};
    for (const source of sources) {
      const path = join(checkpoint, source);
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, source);
      manifest[source] = { sha256: createHash("sha256").update(source).digest("hex"), bytes: source.length };
    }
    writeFileSync(join(checkpoint, "manifest.json"), JSON.stringify({ files: manifest }));
  });

  it("finds nothing wrong with a whole checkpoint, and links it", async () => {
    expect(await checkWeights(plan, checkpoint)).toEqual([]);
    await linkWeights(plan, checkpoint, folder);
    const linked = join(folder, "models/draft_low_noise/1/model.onnx");
    expect(readFileSync(linked, "utf8")).toBe("onnx/draft_low_noise.distilled-4step.int8.onnx");
    expect(statSync(linked).nlink).toBe(2);
  });

  it("links a passport beside its weights", async () => {
    writeFileSync(join(checkpoint, "onnx/vae_decoder.fp16.onnx.passport.json"), "{}");
    await linkWeights(plan, checkpoint, folder);
    expect(readdirSync(join(folder, "models/vae_decoder/1")).sort()).toEqual([
      "model.onnx",
      "model.onnx.passport.json",
    ]);
    expect(readdirSync(join(folder, "models/text_encoder/1"))).toEqual(["model.onnx"]);
  });

  it("links again what was replaced in the checkpoint", async () => {
    await linkWeights(plan, checkpoint, folder);
    rmSync(join(checkpoint, "onnx/vae_decoder.fp16.onnx"));
    writeFileSync(join(checkpoint, "onnx/vae_decoder.fp16.onnx"), "new");
    await linkWeights(plan, checkpoint, folder);
    expect(readFileSync(join(folder, "models/vae_decoder/1/model.onnx"), "utf8")).toBe("new");
  });

  it("names a missing file, a short one and one with other bytes, all at once", async () => {
    rmSync(join(checkpoint, "onnx/text_encoder.fp32.onnx"));
    writeFileSync(join(checkpoint, "onnx/vae_decoder.fp16.onnx"), "short");
    writeFileSync(join(checkpoint, "onnx/final_low_noise.fp16.onnx"), "onnx/FINAL_low_noise.fp16.onnx");
    const problems = await checkWeights(plan, checkpoint);
    expect(problems.map(({ rule }) => rule).sort()).toEqual([
      "weights-mismatch",
      "weights-mismatch",
      "weights-missing",
    ]);
    expect(() => {
      refuseWeights(problems);
    }).toThrow(/and 2 more/);
  });

  it.each([
    ["no JSON", "{", /not valid JSON/],
    ["nothing", "null", /expected an object with "files"/],
    ["a list", '{"files": []}', /expected an object with "files"/],
    ["an entry that is no entry", '{"files": {"a.onnx": "abc"}}', /"a.onnx" has no "sha256" and "bytes"/],
    ["a path that leads out", '{"files": {"../x": {"sha256": "a", "bytes": 1}}}', /"\.\.\/x" leads out/],
    ["an absolute path", '{"files": {"/etc/x": {"sha256": "a", "bytes": 1}}}', /"\/etc\/x" leads out/],
  ])("says so when the manifest holds %s", async (_, manifest, message) => {
    writeFileSync(join(checkpoint, "manifest.json"), manifest);
    await expect(checkWeights(plan, checkpoint)).rejects.toMatchObject({
      code: "weights-mismatch",
      message: expect.stringMatching(message) as string,
    });
  });
});
