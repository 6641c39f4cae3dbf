import type { LintModel, Problem } from "./model.ts";
import { bringsNames, codesOf, isPlainClass } from "./python-model.ts";
import { tensorsOf } from "./tensors.ts";

/**
 * What a backend fills in as it opens a model, on a server that completes configurations: lists of tensors that are empty,
 * or types and dims of tensors that are named too, or whatever the model's own code says.
 */
type Completion = "nothing" | "lists" | "fields" | "code";

/** The method of a Python model that has the last word on its configuration. */
const METHOD = "auto_complete_config";

/** What stands for a backend that is written in Python. */
const PYTHON_RUNTIME = "model.py";

function completionOf(model: LintModel): Completion {
  const { backend = "", runtime, ensemble_scheduling: steps } = model.config;
  if (steps !== undefined || backend === "") return "nothing";
  if (backend === "python") return mayComplete(model) ? "code" : "nothing";
  if (backend === "onnxruntime") return "lists";
  // A TorchScript file tells neither names nor shapes.
  if (backend === "pytorch" && runtime !== PYTHON_RUNTIME) return "nothing";
  return "fields";
}

/** Whether a version of a Python model has the method, or may have it from elsewhere. */
function mayComplete(model: LintModel): boolean {
  const codes = codesOf(model);
  return model.served.some((version) => {
    const code = codes.get(`${version}`);
    return code === undefined || code.includes(METHOD) || bringsNames(code) || !isPlainClass(code);
  });
}

/** What of a configuration only the server learns as it opens the model; undefined where it is whole by itself. */
export function openPlace(model: LintModel): Problem | undefined {
  const completion = completionOf(model);
  if (completion === "nothing") return undefined;
  if (completion === "code")
    return { message: `its code may have ${METHOD}, which has the last word on its configuration` };
  const missing = missingList(model) ?? (completion === "fields" ? missingField(model) : undefined);
  if (missing === undefined) return undefined;
  const { at, what } = missing;
  return { at, message: `${what}: the backend ${model.config.backend ?? ""} takes it from the model` };
}

/** Whether a configuration is whole only once the server has opened the model. */
export function isOpen(model: LintModel): boolean {
  return openPlace(model) !== undefined;
}

interface Missing {
  readonly at?: string;
  readonly what: string;
}

function missingList({
  config: { input = [], output = [], batch_input: batch = [] },
}: LintModel): Missing | undefined {
  if (input.length + batch.length === 0) return { what: "it has no inputs" };
  return output.length === 0 ? { what: "it has no outputs" } : undefined;
}

function missingField({ config }: LintModel): Missing | undefined {
  for (const { at, tensor } of tensorsOf(config)) {
    if ((tensor.data_type ?? "TYPE_INVALID") === "TYPE_INVALID") return { at, what: "it has no data_type" };
    if ((tensor.dims ?? []).length === 0) return { at, what: "it has no dims" };
  }
  return undefined;
}
