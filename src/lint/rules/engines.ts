import {
  containerTensorRt,
  formatTensorRtVersion,
  isSameRelease,
  type TensorRtVersion,
} from "../../tensorrt/index.ts";
import { filesOf, headerOf, isEngine } from "../model/engine.ts";
import { instancesOf } from "../model/instances.ts";
import type { LintModel, Problem } from "../model/model.ts";
import { passportOf } from "../model/passport.ts";
import { tensorsOf } from "../model/tensors.ts";
import { type CheckedRule, onEngines, PLAN_BASE, planModel } from "./define.ts";

const DIMS = "dims: [ 4 ]";

/** Types that an engine takes and gives. */
const ENGINE_TYPES = ["BOOL", "UINT8", "INT8", "INT32", "INT64", "FP16", "FP32", "BF16"].map(
  (name) => `TYPE_${name}`,
);

/** The TensorRT of a release, where that is known. */
function tensorRtOf(release: string): TensorRtVersion | undefined {
  try {
    return containerTensorRt(release).version;
  } catch {
    return undefined;
  }
}

function* headerProblems(model: LintModel, release: string): Iterable<Problem> {
  const server = tensorRtOf(release);
  for (const file of filesOf(model)) {
    const plan = headerOf(model, file);
    if (server === undefined || plan === undefined || typeof plan === "string") continue;
    if (isSameRelease(plan, server)) continue;
    const [expected, got] = [formatTensorRtVersion(server), formatTensorRtVersion(plan)];
    const message = `${file.version}/${file.name} was built by another TensorRT than ${release} has`;
    yield { at: file.at, message, expected, got };
  }
}

/** TensorRT engines (T). */
export const ENGINE_RULES: readonly CheckedRule[] = [
  onEngines(
    {
      id: "T101",
      severity: "error",
      phrase: "TensorRT backend supports only GPU device",
      what: "An engine runs on a GPU only.",
      mend: "Write kind: KIND_GPU.",
      example: {
        failing: planModel(PLAN_BASE.replace("KIND_GPU", "KIND_CPU")),
        mended: planModel(PLAN_BASE),
      },
    },
    function* ({ config }) {
      for (const { at, kind } of instancesOf(config)) {
        if (kind === "KIND_CPU")
          yield { at: `${at}.kind`, message: "an engine on the CPU", expected: "KIND_GPU", got: kind };
      }
    },
  ),
  {
    id: "T201",
    severity: "error",
    phase: "load",
    phrase: "unable to find",
    what: "The file of an engine or of an ONNX model is not in a version that is served.",
    mend: "Put the file there, or write its name as default_model_filename.",
    example: {
      failing: { "m/config.pbtxt": PLAN_BASE, "m/1/other.plan": "" },
      mended: planModel(PLAN_BASE),
    },
    *check(model) {
      if (!isEngine(model) && model.config.backend !== "onnxruntime") return;
      for (const { version, name, at } of filesOf(model)) {
        if (name === "" || name.includes("/") || model.filesIn(version).has(name)) continue;
        yield {
          at,
          message: `there is no ${version}/${name}`,
          got: [...model.filesIn(version).keys()].slice(0, 9).join(", "),
        };
      }
    },
  },
  onEngines(
    {
      id: "T301",
      severity: "error",
      phrase: "unable to",
      what: "What is called an engine is none: its first bytes are not those of a TensorRT plan.",
      mend: "Build it again, and copy it whole; an ONNX file is no engine.",
      example: {
        failing: planModel(PLAN_BASE, "this is no engine at all, it is a text"),
        mended: planModel(PLAN_BASE),
      },
    },
    function* (model) {
      for (const file of filesOf(model)) {
        const plan = headerOf(model, file);
        if (typeof plan === "string") yield { at: file.at, message: `${file.version}/${plan}` };
      }
    },
  ),
  onEngines(
    {
      id: "T302",
      severity: "error",
      phrase: "unable to",
      what: "An engine was built by another TensorRT than the server's. Of some releases it is not known which they have.",
      mend: "Build it with the TensorRT of the server's own container.",
      example: {
        failing: planModel(PLAN_BASE, `ftrt${"\0".repeat(20)}\u0008\u0006\u0001\u0000`),
        mended: planModel(PLAN_BASE),
      },
    },
    (model, { profile }) => headerProblems(model, profile.release),
  ),
  onEngines(
    {
      id: "T401",
      severity: "error",
      phrase: "while the backend model doesn't support optional input",
      what: "An engine has no optional inputs.",
      mend: "Take `optional` away.",
      example: {
        failing: planModel(PLAN_BASE.replace(DIMS, `${DIMS} optional: true`)),
        mended: planModel(PLAN_BASE),
      },
    },
    function* ({ config }) {
      for (const [index, { optional = false }] of (config.input ?? []).entries()) {
        if (optional) yield { at: `input[${index}].optional`, message: "an engine takes all its inputs" };
      }
    },
  ),
  onEngines(
    {
      id: "T601",
      severity: "error",
      what: "A datatype that no engine takes or gives. That of weights is another matter: an INT8 engine has FP32 inputs.",
      mend: `Write the type of the engine's own binding: one of ${ENGINE_TYPES.join(", ")}.`,
      example: {
        failing: planModel(PLAN_BASE.replace("TYPE_FP32", "TYPE_STRING")),
        mended: planModel(PLAN_BASE),
      },
    },
    function* ({ config }) {
      for (const { at, tensor } of tensorsOf(config)) {
        const got = String(tensor.data_type ?? "TYPE_INVALID");
        if (got === "TYPE_INVALID" || ENGINE_TYPES.includes(got)) continue;
        yield {
          at: `${at}.data_type`,
          message: "no type of an engine",
          expected: ENGINE_TYPES.join(", "),
          got,
        };
      }
    },
  ),
  onEngines(
    {
      id: "T1401",
      severity: "error",
      what: "A strategy for the memory of execution contexts that there is not.",
      mend: "Write STATIC or ON_PROFILE_CHANGE.",
      example: {
        failing: planModel(
          `${PLAN_BASE}parameters { key: "execution_context_allocation_strategy" value { string_value: "DYNAMIC" } }\n`,
        ),
        mended: planModel(
          `${PLAN_BASE}parameters { key: "execution_context_allocation_strategy" value { string_value: "STATIC" } }\n`,
        ),
      },
    },
    function* ({ config }) {
      const key = "execution_context_allocation_strategy";
      const got = config.parameters?.[key]?.string_value;
      if (got === undefined || got === "STATIC" || got === "ON_PROFILE_CHANGE") return;
      yield {
        at: `parameters["${key}"]`,
        message: "no such strategy",
        expected: "STATIC or ON_PROFILE_CHANGE",
        got,
      };
    },
  ),
  onEngines(
    {
      id: "T1501",
      severity: "warning",
      what: "An engine with free dims is not shared: every instance holds all weights again.",
      mend: "Build an engine of one shape, or write count: 1.",
      example: {
        failing: planModel(PLAN_BASE.replace(DIMS, "dims: [ -1 ]").replace("KIND_GPU", "KIND_GPU count: 2")),
        mended: planModel(PLAN_BASE.replace("KIND_GPU", "KIND_GPU count: 2")),
      },
    },
    function* ({ config }) {
      const free = tensorsOf(config).find(({ tensor }) => (tensor.dims ?? []).includes(-1n));
      const group = instancesOf(config).find(({ count }) => count > 1);
      if (free === undefined || group === undefined) return;
      yield {
        at: `${group.at}.count`,
        message: `${free.at} has a free dim: the weights are loaded ${group.count} times`,
      };
    },
  ),
  onEngines(
    {
      id: "T1502",
      severity: "note",
      what: "Free dims of an engine are bounded by its profile, which Triton does not tell a client.",
      mend: "Write the size where there is one.",
      example: { failing: planModel(PLAN_BASE.replace(DIMS, "dims: [ -1 ]")), mended: planModel(PLAN_BASE) },
    },
    function* ({ config }) {
      const free = tensorsOf(config).filter(({ tensor }) => (tensor.dims ?? []).includes(-1n));
      for (const { at } of free) yield { at: `${at}.dims`, message: "a free dim of an engine" };
    },
  ),
  onEngines(
    {
      id: "T1601",
      severity: "warning",
      what: "An engine is not the one that its passport is about.",
      mend: "Build the engine and its passport again with `triptych engines`.",
      example: passports('"bytes":1', '"bytes":28'),
    },
    function* (model) {
      for (const file of filesOf(model)) {
        const expected = passportOf(model, file)?.bytes;
        const got = model.sizeOf(file.version, file.name);
        if (expected === undefined || got === undefined || expected === got) continue;
        const message = `${file.version}/${file.name} is not the file of its passport`;
        yield { at: file.at, message, expected: `${expected} bytes`, got: `${got}` };
      }
    },
  ),
];

function passports(failing: string, mended: string): CheckedRule["example"] {
  const files = (bytes: string): ReturnType<typeof planModel> => ({
    ...planModel(PLAN_BASE),
    "m/1/model.plan.passport.json": `{"version":1,"files":[{"name":"",${bytes}}],"engine":{"tensorrt":"11.2.1.2"}}`,
  });
  return { failing: files(failing), mended: files(mended) };
}
