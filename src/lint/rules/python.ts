import { existsSync } from "node:fs";
import type { LintModel, LintRepository, Problem } from "../model/model.ts";
import { pythonCode } from "../model/python-code.ts";
import { spotOf } from "../model/spot.ts";
import { folderOf, loadedVersions } from "../model/versions.ts";
import { added, BASE, type CheckedRule, MODEL_PY, pythonModel } from "./define.ts";

/** A rule on models of the python backend. */
function onPython(
  rule: Omit<CheckedRule, "phase" | "check">,
  check: (model: LintModel) => Iterable<Problem>,
): CheckedRule {
  return {
    ...rule,
    phase: "load",
    check: (model) => (model.config.backend === "python" ? check(model) : []),
  };
}

/** A rule on the code of a Python model without its comments and strings, in each version that is served. */
function onCode(
  rule: Omit<CheckedRule, "phase" | "check" | "example"> & { readonly failing: string },
  isWrong: (code: string, model: LintModel) => boolean,
  message: string,
): CheckedRule {
  const { failing, ...rest } = rule;
  const example = { failing: { ...pythonModel(BASE), "m/1/model.py": failing }, mended: pythonModel(BASE) };
  return onPython({ ...rest, example }, function* (model) {
    for (const version of model.served) {
      const name = model.config.default_model_filename ?? "";
      const text = model.textOf(`${version}`, name);
      if (text === undefined || !isWrong(pythonCode(text), model)) continue;
      yield { file: `${model.folder}/${version}/${name}`, message };
    }
  });
}

function parameter(key: string, value: string): string {
  return `parameters { key: "${key}" value { string_value: "${value}" } }`;
}

/** Ways by which a name comes into a module without being written there. */
const BRINGS_NAMES = /import\s*\*|\b(globals|locals|vars|setattr|exec|eval|__getattr__|__dict__)\b/;
const ENVIRONMENT = "EXECUTION_ENV_PATH";
/** What Triton puts the model's folder in place of. */
const MODEL_FOLDER = "$$TRITON_MODEL_DIRECTORY";
const CPU_ONLY = "FORCE_CPU_ONLY_INPUT_TENSORS";
const FINAL = [
  "class TritonPythonModel:",
  "    def execute(self, requests):",
  "        for request in requests:",
  "            request.get_response_sender().send(self.answer(request))",
  "",
].join("\n");

/** Where the environment of a model is on this machine, as far as that is known. */
function isNoEnvironment(path: string, model: LintModel, { profile }: LintRepository): boolean {
  if (path.startsWith(MODEL_FOLDER)) return spotOf(model, "", path.slice(MODEL_FOLDER.length)) === "nowhere";
  // Another server than the embedded one has folders of its own.
  return profile.backends !== undefined && path.startsWith("/") && !existsSync(path);
}

const ENVIRONMENT_RULE: CheckedRule = {
  id: "P201",
  severity: "error",
  phase: "load",
  phrase: "Failed to get the canonical path",
  what: `What \`${ENVIRONMENT}\` names is not there. Outside of the model's folder only told of the embedded server.`,
  mend: `Put the archive into the model's folder and name it after ${MODEL_FOLDER}/, or take the parameter away.`,
  example: {
    failing: pythonModel(`${BASE}${parameter(ENVIRONMENT, `${MODEL_FOLDER}/env.tar.gz`)}\n`),
    mended: {
      ...pythonModel(`${BASE}${parameter(ENVIRONMENT, `${MODEL_FOLDER}/env.tar.gz`)}\n`),
      "m/env.tar.gz": "",
    },
  },
  *check(model, repository) {
    const path = model.config.parameters?.[ENVIRONMENT]?.string_value ?? "";
    if (model.config.backend !== "python" || path === "") return;
    if (!isNoEnvironment(path, model, repository)) return;
    yield { at: `parameters["${ENVIRONMENT}"]`, message: "there is no such file", got: path };
  },
};

/** Python models (P). */
export const PYTHON_RULES: readonly CheckedRule[] = [
  onPython(
    {
      id: "P101",
      severity: "error",
      phrase: "Python model file not found in",
      what: "The Python file is not where Triton looks for it: the load never ends, and with it the server's start.",
      mend: "Put model.py into a folder that is called by the version's number alone, or write its name as default_model_filename.",
      example: { failing: { "m/config.pbtxt": BASE, "m/1/placeholder": "" }, mended: pythonModel(BASE) },
    },
    function* (model) {
      const name = model.config.default_model_filename ?? "";
      for (const version of loadedVersions(model.config.version_policy, model)) {
        const folder = folderOf(version);
        if (spotOf(model, folder, name) !== "nowhere") continue;
        yield {
          message: `there is no ${folder}/${name}`,
          got: [...model.filesIn(folder).keys()].slice(0, 9).join(", "),
        };
      }
    },
  ),
  onCode(
    {
      id: "P102",
      severity: "error",
      phrase: "TritonPythonModel",
      what: "The Python file has no class called TritonPythonModel.",
      mend: "Write the class, with a method `execute`.",
      failing: "class Model:\n    def execute(self, requests):\n        return []\n",
    },
    (code) => !/\bTritonPythonModel\b/.test(code) && !BRINGS_NAMES.test(code),
    "it has no class TritonPythonModel",
  ),
  onCode(
    {
      id: "P103",
      severity: "warning",
      what: "The Python model has no method called execute: every request fails.",
      mend: "Write `def execute(self, requests)`.",
      failing: MODEL_PY.replace("execute", "run"),
    },
    // A class that is made from another one, or brought from elsewhere, may have it from there.
    (code) => /class TritonPythonModel(\(\s*(object)?\s*\))?:/.test(code) && !code.includes("execute"),
    "it has no method execute",
  ),
  ENVIRONMENT_RULE,
  onPython(
    {
      id: "P301",
      severity: "error",
      phrase: `Incorrect value for ${CPU_ONLY}`,
      what: `\`${CPU_ONLY}\` is neither yes nor no.`,
      mend: "Write yes or no.",
      example: added(parameter(CPU_ONLY, "true"), parameter(CPU_ONLY, "yes")),
    },
    function* ({ config }) {
      const written = config.parameters?.[CPU_ONLY];
      const got = written?.string_value ?? "";
      if (written === undefined || got === "yes" || got === "no") return;
      yield { at: `parameters["${CPU_ONLY}"]`, message: "neither yes nor no", expected: "yes or no", got };
    },
  ),
  {
    ...onCode(
      {
        id: "P401",
        severity: "warning",
        what: "A decoupled model that sends answers and never a last one: clients wait for ever.",
        mend: "Send the last answer, or nothing, with TRITONSERVER_RESPONSE_COMPLETE_FINAL.",
        failing: FINAL,
      },
      (code, { config }) =>
        config.model_transaction_policy?.decoupled === true &&
        code.includes("get_response_sender") &&
        !code.includes("COMPLETE_FINAL"),
      "it sends answers and never says that one is the last",
    ),
    example: {
      failing: {
        ...pythonModel(`${BASE}model_transaction_policy { decoupled: true }\n`),
        "m/1/model.py": FINAL,
      },
      mended: {
        ...pythonModel(`${BASE}model_transaction_policy { decoupled: true }\n`),
        "m/1/model.py": FINAL.replace(
          "(request))",
          "(request), flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)",
        ),
      },
    },
  },
];
