import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LintModel } from "../model/model.ts";
import { spotOf } from "../model/spot.ts";
import { added, BASE, type CheckedRule, configs, pythonModel, replaced } from "./define.ts";

/** Backends that Triton knows by name, with the platforms that they are for. */
const PLATFORMS: Readonly<Record<string, readonly string[]>> = {
  tensorflow: ["tensorflow_graphdef", "tensorflow_savedmodel"],
  tensorrt: ["tensorrt_plan"],
  onnxruntime: ["onnxruntime_onnx"],
  pytorch: ["pytorch_libtorch"],
};

/** Backends that NVIDIA's containers have, and that somebody may have built. */
const FAMILIAR = [
  ...Object.keys(PLATFORMS),
  "python",
  "openvino",
  "dali",
  "fil",
  "tensorrtllm",
  "vllm",
  "identity",
  "repeat",
  "square",
  "torch_aoti",
  "pytorch_aoti",
];

/** What a backend that is written in Python is made of. */
const PYTHON_RUNTIME = "model.py";

/** First bytes of every library of Linux. */
const ELF = Buffer.from("\u007fELF");

/** The first file of the model's own that is its runtime: a version's goes before that of the model's folder. */
function ownRuntime(model: LintModel): "library" | "no library" | "unknown" | undefined {
  const { runtime = "" } = model.config;
  for (const folder of runtime === "" ? [] : [...model.served.map(String), ""]) {
    const spot = spotOf(model, folder, runtime);
    if (spot === "nowhere") continue;
    if (spot === "unknown") {
      // It leads out of the model: whether it is there is all that may be asked.
      if (existsSync(join(model.folder, folder, runtime))) return "unknown";
      continue;
    }
    if (model.filesIn(spot.folder).get(spot.name)?.kind === "folder") return "no library";
    const head = model.headOf(spot.folder, spot.name, ELF.length);
    if (head === undefined) return "unknown";
    return ELF.equals(head) ? "library" : "no library";
  }
  return undefined;
}

/** The model as a whole (M). */
export const MODEL_RULES: readonly CheckedRule[] = [
  {
    id: "M201",
    severity: "error",
    phrase: "unexpected platform type",
    phase: "poll",
    what: "No backend, and a platform that is none of Triton's.",
    mend: "Write `backend`; a platform is only needed for an ensemble.",
    example: replaced('backend: "python"', 'platform: "python_script"'),
    *check({ config }) {
      const { backend, platform = "", default_model_filename: file } = config;
      if (backend !== "" || platform === "ensemble") return;
      // With none of the three, Triton has another complaint.
      if (platform === "" && file === "") return;
      yield { at: "platform", message: `${JSON.stringify(platform)} is no platform`, got: platform };
    },
  },
  {
    id: "M301",
    severity: "error",
    phrase: "and empty backend type",
    phase: "poll",
    what: "An ensemble has no backend.",
    mend: "Take `backend` away.",
    example: configs(`platform: "ensemble"\n${BASE}`, BASE),
    *check({ config }) {
      const { backend = "", platform } = config;
      if (platform !== "ensemble" || backend === "") return;
      yield { at: "backend", message: "an ensemble with a backend", expected: "none", got: backend };
    },
  },
  {
    id: "M401",
    severity: "error",
    phrase: "unexpected 'platform' and 'backend' pair",
    phase: "poll",
    what: "Backend and platform are not for each other.",
    mend: "Leave `platform` out; Triton knows it by the backend.",
    example: {
      failing: pythonModel(BASE.replace('"python"', '"onnxruntime"\nplatform: "tensorrt_plan"')),
      mended: pythonModel(BASE.replace('"python"', '"python"\nplatform: "tensorrt_plan"')),
    },
    *check({ config }) {
      const { backend = "", platform = "" } = config;
      const allowed = Object.hasOwn(PLATFORMS, backend) ? PLATFORMS[backend] : undefined;
      if (platform === "ensemble" || allowed?.includes(platform) !== false) return;
      yield {
        at: "platform",
        message: `platform ${JSON.stringify(platform)} is not for backend ${backend}`,
        expected: allowed.join(" or "),
        got: platform,
      };
    },
  },
  {
    id: "M501",
    severity: "error",
    phrase: "'max_batch_size' must be non-negative value",
    phase: "poll",
    what: "`max_batch_size` is below 0.",
    mend: "Write 0 for a model whose tensors have no batch dimension.",
    example: added("max_batch_size: -1", "max_batch_size: 0"),
    *check({ config }) {
      const size = config.max_batch_size ?? 0;
      if (size < 0)
        yield { at: "max_batch_size", message: "it is negative", expected: "0 or more", got: `${size}` };
    },
  },
  {
    id: "M601",
    severity: "warning",
    phrase: "unable to find backend library for backend",
    phase: "load",
    what: "A backend that NVIDIA's containers do not have; where the server is known, an error.",
    mend: "Correct its name, or see that the server has it.",
    example: replaced('"python"', '"pyhton"', '"python"'),
    *check({ config }, { profile }) {
      const { backend = "" } = config;
      const known = profile.backends;
      if (backend === "" || (known ?? FAMILIAR).includes(backend)) return;
      const expected = (known ?? FAMILIAR).join(", ");
      const message = `${backend} is no backend of this server`;
      yield { at: "backend", message, expected, got: backend, ...(known && { severity: "error" }) };
    },
  },
  {
    id: "M701",
    severity: "error",
    phrase: "unable to find backend library",
    phase: "load",
    what: "A library that is neither in the model's folder nor among the server's own. Only told of the embedded server, whose own is known.",
    mend: "Take `runtime` away.",
    example: {
      ...added('runtime: "libother.so"', 'runtime: "libtriton_python.so"'),
      triton: "embedded",
    },
    *check(model, { profile }) {
      const { runtime = "", backend = "" } = model.config;
      if (runtime === "" || runtime === PYTHON_RUNTIME || profile.backends?.includes(backend) !== true)
        return;
      if (runtime === `libtriton_${backend}.so` || ownRuntime(model) !== undefined) return;
      yield {
        at: "runtime",
        message: `there is no library ${runtime}`,
        expected: `libtriton_${backend}.so`,
        got: runtime,
      };
    },
  },
  {
    id: "M703",
    severity: "error",
    phrase: "unable to load shared library",
    phase: "load",
    what: "What `runtime` names in the model's folder, or in a version's, is no library, by its first bytes.",
    mend: "Take `runtime` away, or put the backend's library there.",
    example: {
      failing: { ...added('runtime: "run.so"').failing, "m/run.so": "#!/bin/sh\n" },
      mended: added("").mended,
    },
    *check(model) {
      const { runtime = "" } = model.config;
      if (runtime === PYTHON_RUNTIME || ownRuntime(model) !== "no library") return;
      yield { at: "runtime", message: `${runtime} is no library`, got: runtime };
    },
  },
  {
    id: "M702",
    severity: "error",
    phrase: "unable to find Python backend based backend library",
    phase: "load",
    what: '`runtime: "model.py"` is for backends that are written in Python, and stands for a file of the backend, not of the model. Only told of the embedded server.',
    mend: "Take `runtime` away.",
    example: {
      ...added('runtime: "model.py"', 'runtime: "libtriton_python.so"'),
      triton: "embedded",
    },
    *check({ config: { runtime, backend = "" } }, { profile }) {
      if (runtime !== PYTHON_RUNTIME || profile.backends?.includes(backend) !== true) return;
      yield {
        at: "runtime",
        message: `the backend ${backend} has no ${runtime}`,
        expected: `libtriton_${backend}.so`,
        got: runtime,
      };
    },
  },
];
