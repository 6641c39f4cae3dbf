import { openPlace } from "../model/completion.ts";
import { filesOf, isEngine } from "../model/engine.ts";
import type { LintModel } from "../model/model.ts";
import { BASE, type CheckedRule, MODEL_PY, PLAN_BASE, planModel, pythonModel } from "./define.ts";

const MIB = 1024 * 1024;

/** Whether the file of a model is opened once more to complete its configuration, as the backends' sources have it. */
function isOpenedTwice(model: LintModel): boolean {
  return isEngine(model) || (model.config.backend === "onnxruntime" && openPlace(model) !== undefined);
}

/** Bytes of the largest file that is opened twice. */
function largestFile(model: LintModel): number {
  return Math.max(0, ...filesOf(model).map(({ version, name }) => model.sizeOf(version, name) ?? 0));
}

const ONNX = 'backend: "onnxruntime"\ninstance_group { kind: KIND_CPU }\n';
const WITH_METHOD = `${MODEL_PY}\n    @staticmethod\n    def auto_complete_config(config):\n        return config\n`;

/** Servers that complete configurations (A), and what that costs (U3). */
export const COMPLETION_RULES: readonly CheckedRule[] = [
  {
    id: "A101",
    severity: "note",
    autoComplete: true,
    phase: "load",
    what: "The server completes the configuration as it opens the model, from its file or by its code, which lint does neither open nor run: its verdict is unknown, and that of an ensemble of it.",
    mend: "Write the whole configuration; for a Python model, see that `auto_complete_config` agrees with it.",
    example: {
      failing: { "m/config.pbtxt": ONNX, "m/1/model.onnx": "" },
      mended: {
        "m/config.pbtxt": BASE.replace("python", "onnxruntime"),
        "m/1/model.onnx": "",
      },
    },
    *check(model) {
      const place = openPlace(model);
      if (place !== undefined) yield place;
    },
  },
  {
    id: "A102",
    severity: "warning",
    autoComplete: true,
    phase: "load",
    what: "A Python model without inputs and outputs, and without `auto_complete_config`: nobody completes it, and Triton takes it as it is, for requests without a tensor.",
    mend: "Write `input` and `output`, or the method `auto_complete_config` into the class.",
    example: {
      failing: { "m/1/model.py": MODEL_PY },
      mended: { "m/1/model.py": WITH_METHOD },
    },
    *check(model) {
      const { backend, input = [], output = [] } = model.config;
      if (backend !== "python" || input.length + output.length > 0 || openPlace(model) !== undefined) return;
      yield { message: "it has no tensors, and no auto_complete_config" };
    },
  },
  {
    id: "U301",
    severity: "warning",
    autoComplete: true,
    phase: "load",
    what: "To complete a configuration, the server reads and opens the model's file once more than to serve it: an engine whatever is written, an ONNX model whose inputs or outputs are not. With large files that is minutes, and twice the memory.",
    mend: "Write the whole configuration; for an engine, start the server with --disable-auto-complete-config too.",
    example: {
      failing: planModel(PLAN_BASE),
      mended: pythonModel(BASE),
    },
    *check(model) {
      if (!isOpenedTwice(model)) return;
      const bytes = largestFile(model);
      const got = bytes === 0 ? undefined : `${Math.ceil(bytes / MIB)} MiB`;
      yield { message: "its file is read twice at each load", got };
    },
  },
];
