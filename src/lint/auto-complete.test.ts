import { describe, expect, it } from "vitest";
import { type ExampleFiles, type LintReport, lintRepository } from "./index.ts";
import { BASE, MODEL_PY, PLAN_BASE, planModel, pythonModel } from "./rules/define.ts";
import { ensemble, STEP } from "./rules/ensemble-example.ts";
import { repositories } from "./testing/repository.ts";

const { write } = repositories();

const METHOD = "\n    @staticmethod\n    def auto_complete_config(config):\n        return config\n";
const COMPLETING = `${MODEL_PY}${METHOD}`;
const NAMES = 'input { name: "IN" }\noutput { name: "OUT" }\n';
const INPUT = 'input { name: "IN" data_type: TYPE_FP32 dims: [ 4 ] }\n';

/** What a server that completes configurations says: the verdict on each model, and the errors. */
async function verdictOf(
  files: ExampleFiles,
): Promise<{ verdicts: LintReport["verdicts"]; errors: string[] }> {
  const { verdicts, findings, autoComplete } = await lintRepository(write(files), { autoComplete: true });
  expect(autoComplete).toBe(true);
  const errors = findings.filter(({ severity }) => severity === "error").map(({ rule }) => rule);
  return { verdicts, errors };
}

/** A model of a backend by a file of its, with a configuration or without. */
function model(file: string, config?: string): ExampleFiles {
  return { [`m/1/${file}`]: "", ...(config === undefined ? {} : { "m/config.pbtxt": config }) };
}

describe("a server that completes configurations", () => {
  it.each([
    ["an ONNX model", model("model.onnx")],
    ["an ONNX model without outputs", model("model.onnx", INPUT)],
    ["an engine", model("model.plan")],
    ["an engine with names only", model("model.plan", NAMES)],
    ["a model of OpenVINO with names only", model("model.xml", NAMES)],
    ["a model of a backend of somebody's own", model("weights.bin", `backend: "theirs"\n${NAMES}`)],
    ["a Python model with the method", { "m/1/model.py": COMPLETING }],
    ["a Python model with the method and all it needs", { ...pythonModel(BASE), "m/1/model.py": COMPLETING }],
    [
      "a Python model that may have the method from elsewhere",
      { "m/1/model.py": MODEL_PY.replace("Model:", "Model(Base):") },
    ],
  ])("may take %s: nobody knows, and nothing is an error", async (_what, files) => {
    expect(await verdictOf(files)).toEqual({ verdicts: { m: "unknown" }, errors: [] });
  });

  it.each([
    [
      "an ONNX model of which one input has no dims",
      model("model.onnx", BASE.replace('backend: "python"\n', "").replace("dims: [ 4 ]", "")),
      "I103",
    ],
    [
      "a PyTorch model without datatypes",
      model("model.pt", BASE.replace('backend: "python"\n', "").replaceAll("data_type: TYPE_FP32", "")),
      "I102",
    ],
    [
      "a Python model without the method, and without dims",
      pythonModel(BASE.replace("dims: [ 4 ]", "")),
      "I103",
    ],
    [
      "a Python model whose method is in a comment",
      {
        "m/1/model.py": `# auto_complete_config\n${MODEL_PY}`,
        "m/config.pbtxt": `backend: "python"\n${NAMES}`,
      },
      "I102",
    ],
    [
      "a wrong dim, whatever is completed",
      { "m/1/model.py": COMPLETING, "m/config.pbtxt": BASE.replace("[ 4 ]", "[ 0 ]") },
      "I201",
    ],
    ["a wrong text", { "m/1/model.py": COMPLETING, "m/config.pbtxt": "max_batchsize: 1" }, "Y102"],
    ["a folder that tells no backend", model("weights.bin"), "R801"],
  ])("refuses %s", async (_what, files, rule) => {
    const { verdicts, errors } = await verdictOf(files);
    expect(verdicts).toEqual({ m: "refused" });
    expect(errors).toContain(rule);
  });

  it("takes what is whole by itself", async () => {
    for (const files of [pythonModel(BASE), planModel(PLAN_BASE)])
      expect(await verdictOf(files)).toEqual({ verdicts: { m: "accepted" }, errors: [] });
  });

  it("leaves an ensemble unknown whose member is, unless something else is surely wrong", async () => {
    const member = { "m/1/model.py": COMPLETING, "m/config.pbtxt": 'backend: "python"\n' };
    const over = (step: string): ExampleFiles => ({ ...ensemble([step]), ...member });
    const unknown = { e: "unknown", m: "unknown" };
    expect(await verdictOf(over(STEP))).toEqual({ verdicts: unknown, errors: [] });
    expect(await verdictOf(over(STEP.replace('key: "IN"', 'key: "OTHER"')))).toEqual({
      verdicts: unknown,
      errors: [],
    });
    expect(await verdictOf(over(STEP.replace("version: -1", "version: 7")))).toMatchObject({
      verdicts: { e: "refused", m: "unknown" },
      errors: ["F103"],
    });
    const outer = {
      "outer/config.pbtxt": ensemble([STEP.replace('"m"', '"e"')])["e/config.pbtxt"] ?? "",
      "outer/1/x": "",
    };
    expect(await verdictOf({ ...over(STEP), ...outer })).toEqual({
      verdicts: { ...unknown, outer: "unknown" },
      errors: [],
    });
  });

  it("refuses an ensemble by another complaint where its member has wrong tensors: that is found as it is loaded", async () => {
    const files = { ...ensemble([STEP]), "m/config.pbtxt": BASE.replace("[ 4 ]", "[ 0 ]") };
    expect((await verdictOf(files)).errors).toEqual(["F102", "I201"]);
    const { findings } = await lintRepository(write(files));
    expect(findings.filter(({ severity }) => severity === "error").map(({ rule }) => rule)).toEqual([
      "F101",
      "I201",
    ]);
  });

  it("says nothing of what only it can know: samples, batches, and whether an ensemble is decoupled", async () => {
    const sample =
      'model_warmup { name: "w" batch_size: 2 inputs { key: "OTHER" value { data_type: TYPE_FP32 dims: [ 4 ] zero_data: true } } }\n';
    const m = { "m/1/model.py": COMPLETING, "m/config.pbtxt": `${BASE}${sample}` };
    const { findings } = await lintRepository(
      write({ ...ensemble([STEP], "model_transaction_policy { decoupled: true }"), ...m }),
      { autoComplete: true },
    );
    expect(findings.map(({ rule }) => rule)).toEqual(["A101"]);
  });
});

describe("an engine on a server that completes configurations", () => {
  it("is read twice, gets a batcher by itself, and shows its size", async () => {
    const files = planModel(`${PLAN_BASE}max_batch_size: 8\n`);
    const rules = async (autoComplete: boolean): Promise<string[]> =>
      (await lintRepository(write(files), { autoComplete, rules: ["U"] })).findings.map(
        ({ rule, got = "" }) => `${rule} ${got}`.trim(),
      );
    expect(await rules(false)).toEqual(["U102"]);
    expect(await rules(true)).toEqual(["U301 1 MiB"]);
  });
});

describe("a server that completes nothing", () => {
  it("needs a configuration of every model, and hears no more of one without", async () => {
    const { findings, verdicts } = await lintRepository(write(model("model.onnx")));
    expect(findings.map(({ rule }) => rule)).toEqual(["R1101"]);
    expect(verdicts).toEqual({ m: "refused" });
  });
});
