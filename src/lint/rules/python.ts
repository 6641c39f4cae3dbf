import { join } from "node:path";
import type { LintModel, Problem } from "../model/model.ts";
import { isOnlyNested } from "../model/python-code.ts";
import { bringsNames, codesOf, isPlainClass, wholeCodesOf } from "../model/python-model.ts";
import { spotOf } from "../model/spot.ts";
import { folderOf, loadedVersions } from "../model/versions.ts";
import type { ExampleFiles } from "../types.ts";
import { added, BASE, type CheckedRule, MODEL_PY, parameter, pythonModel, SHELL } from "./define.ts";

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
    for (const [version, code] of codesOf(model)) {
      if (!isWrong(code, model)) continue;
      yield { file: `${model.folder}/${version}/${model.config.default_model_filename ?? ""}`, message };
    }
  });
}

const CPU_ONLY = "FORCE_CPU_ONLY_INPUT_TENSORS";
const FINAL = [
  "class TritonPythonModel:",
  "    def execute(self, requests):",
  "        for request in requests:",
  "            request.get_response_sender().send(self.answer(request))",
  "",
].join("\n");

/** Why Python cannot import a model's file: it takes the file's name, and its folder's, for those of a module. */
function importProblem(path: string): string | undefined {
  const steps = path.split("/").filter((step) => step !== "");
  const [file = "", folder = "1"] = steps.toReversed();
  if (file.replace(/\.py$/, "").includes(".")) return `${file} has a dot in its name`;
  if (folder.includes(".")) return `${folder}, which it stands in, has a dot in its name`;
  return /(^|\/)\/[^/]*$/.test(path) ? "there are two slashes before it" : undefined;
}

/** A rule on the path of the Python file; where it is not there, that is told. */
function onPath(
  rule: Omit<CheckedRule, "phase" | "check" | "example" | "severity"> & { readonly failing: string },
  check: (path: string) => string | undefined,
): CheckedRule {
  const { failing, ...rest } = rule;
  const named = (name: string): ExampleFiles => ({
    "m/config.pbtxt": `${BASE}default_model_filename: "${name}"\n`,
    [`m/1/${name}`]: MODEL_PY,
  });
  const example = { failing: named(failing), mended: named("net_v2.py") };
  return onPython({ ...rest, severity: "error", example }, function* (model) {
    const path = model.config.default_model_filename ?? "";
    const message = check(path);
    if (message === undefined || model.served.every((version) => isMissing(model, version, path))) return;
    yield { at: "default_model_filename", message, got: path };
  });
}

const ENDING = ".py";

function isMissing(model: LintModel, version: bigint, path: string): boolean {
  return spotOf(model, folderOf(version), path) === "nowhere";
}

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
  onPython(
    {
      id: "P107",
      severity: "error",
      phrase: "No module named",
      what: "What is called as the Python file is a folder.",
      mend: "Put the file in its place.",
      example: {
        failing: { "m/config.pbtxt": BASE, "m/1/model.py/model.py": MODEL_PY },
        mended: pythonModel(BASE),
      },
    },
    function* (model) {
      const name = model.config.default_model_filename ?? "";
      for (const version of model.served) {
        const spot = spotOf(model, folderOf(version), name);
        if (typeof spot === "string" || model.filesIn(spot.folder).get(spot.name)?.kind !== "folder")
          continue;
        yield { file: join(model.folder, spot.folder, spot.name), message: "it is a folder", got: name };
      }
    },
  ),
  onPython(
    {
      id: "P108",
      severity: "error",
      phrase: "source code string cannot contain null bytes",
      what: "The Python file has a byte of zero in it, which Python takes nowhere: not in a comment either.",
      mend: "Take the byte away; where there are many, write the file as UTF-8.",
      example: {
        failing: { ...pythonModel(BASE), "m/1/model.py": `${MODEL_PY}# \0\n` },
        mended: pythonModel(BASE),
      },
    },
    function* (model) {
      for (const [version, text] of wholeCodesOf(model)) {
        const at = text.indexOf("\0");
        if (at < 0) continue;
        const file = `${model.folder}/${version}/${model.config.default_model_filename ?? ""}`;
        yield { file, message: `its byte ${at + 1} is zero` };
      }
    },
  ),
  onPath(
    {
      id: "P104",
      phrase: "No module named",
      what: "The path of the Python file cannot be the name of a module, which Triton imports it as: the file, or the folder that it stands in, has a dot in its name.",
      mend: "Call the file by a name without dots and .py, and let its path end in a folder without.",
      failing: "net.v2.py",
    },
    (path) => (path.endsWith(ENDING) ? importProblem(path) : undefined),
  ),
  onPath(
    {
      id: "P105",
      phrase: "Model name must end with '.py'",
      what: "The name of the Python file has another ending.",
      mend: "Let it end in .py, in small letters.",
      failing: "net_v2.txt",
    },
    (path) => (path.endsWith(ENDING) ? undefined : `it does not end in ${ENDING}`),
  ),
  onPython(
    {
      id: "P106",
      severity: "error",
      until: "25.07",
      what: "Before 25.08, a shell starts a Python model: with a character that it reads in the name of the model, or of its file, the load never ends.",
      mend: "Use letters, digits, dots, dashes and underscores.",
      example: { failing: pythonModel(BASE, "a b"), mended: pythonModel(BASE, "a_b") },
    },
    function* ({ name, config: { default_model_filename: file = "" } }) {
      const [got] = SHELL.exec(name) ?? SHELL.exec(file) ?? [];
      if (got === undefined) return;
      const at = SHELL.test(name) ? undefined : "default_model_filename";
      yield { at, message: `a shell reads ${JSON.stringify(got)}`, got };
    },
  ),
  onCode(
    {
      id: "P102",
      severity: "error",
      phrase: "TritonPythonModel",
      what: "The Python file has no class called TritonPythonModel; one within a function or another class is none of the file.",
      mend: "Write the class, with a method `execute`.",
      failing: "class Model:\n    def execute(self, requests):\n        return []\n",
    },
    (code) => isOnlyNested(code, /\bTritonPythonModel\b/) && !bringsNames(code),
    "it has no class TritonPythonModel, not within a function or another class",
  ),
  onCode(
    {
      id: "P103",
      severity: "warning",
      what: "The Python model has no method called execute: every request fails.",
      mend: "Write `def execute(self, requests)`.",
      failing: MODEL_PY.replace("execute", "run"),
    },
    (code) => isPlainClass(code) && !code.includes("execute"),
    "it has no method execute",
  ),
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
