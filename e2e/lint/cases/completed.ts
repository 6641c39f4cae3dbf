import type { Verdict } from "../../../src/lint/index.ts";
import { config, ensemble, type LintCase, MODEL_PY, python, step, TENSORS } from "../case.ts";

/** A case for a server that completes configurations. */
export interface CompletedCase extends LintCase {
  /** What lint says of it: where a model's own code completes its configuration, nobody knows. */
  readonly verdict: Verdict;
}

type Files = LintCase["files"];

/** A Python model that completes its configuration by these lines; no decorator, since `@` stands for its name. */
const method = (...lines: readonly string[]): string =>
  [
    MODEL_PY,
    "    def complete(config):",
    ...lines.map((line) => `        ${line}`),
    "",
    "    auto_complete_config = staticmethod(complete)",
    "",
  ].join("\n");

const tensor = (name: string, type = "FP32", dims = "[2]"): string =>
  `{"name": "${name}", "data_type": "TYPE_${type}", "dims": ${dims}}`;
const IO = [`config.add_input(${tensor("X")})`, `config.add_output(${tensor("Y")})`];

/** A Python model that writes its tensors itself. */
const COMPLETING = method(...IO, "config.set_max_batch_size(0)", "return config");
const BARE = method("return config");

const known = (sample: LintCase): CompletedCase => ({
  ...sample,
  verdict: sample.says === undefined ? "accepted" : "refused",
});
const unknown = (sample: LintCase): CompletedCase => ({ ...sample, verdict: "unknown" });

/** A case without a configuration. */
const without = (id: string, says: string | undefined, files: Files): LintCase => ({ id, says, files });
/** A case with a configuration and a Python model of its own. */
const coded = (id: string, says: string | undefined, text: string, code: string): LintCase =>
  config(id, says, `backend: "python"\n${text}`, { "@/1/model.py": code });

const NAMED = 'input { name: "X" } output { name: "Y" }';

const SINGLE: readonly CompletedCase[] = [
  unknown(without("A.no_config", undefined, { "@/1/model.py": COMPLETING })),
  known(without("A.no_method", undefined, { "@/1/model.py": MODEL_PY })),
  known(without("A.no_backend", "Could not determine backend for model", { "@/1/weights.bin": "" })),
  known(without("A.no_version", "Could not determine backend for model", { "@/model.py": COMPLETING })),
  known(
    without("A.no_class", "has no attribute 'TritonPythonModel'", {
      "@/1/model.py": "class Model:\n    pass\n",
    }),
  ),
  known({
    ...without("A.hidden", "at least one version must be available", { "@/HEAD": "ref" }),
    name: ".hidden",
  }),
  unknown(coded("A.names_only", undefined, NAMED, COMPLETING)),
  known(coded("A.names_only_no_method", "must specify 'data_type'", NAMED, MODEL_PY)),
  known(coded("A.no_dims", "must specify 'dims'", TENSORS.replace("dims: [ 2 ]", ""), MODEL_PY)),
  known(
    coded(
      "A.zero_dim",
      "dimension must be integer >= 1",
      TENSORS.replace("dims: [ 2 ]", "dims: [ 0 ]"),
      BARE,
    ),
  ),
  known(coded("A.no_name", "must specify 'name'", TENSORS.replace('name: "X"', ""), BARE)),
  unknown(coded("A.more_inputs", undefined, TENSORS.replace(/^input \{.*?\} /, ""), COMPLETING)),
  unknown(
    coded(
      "A.wrong_type",
      "configuration expects datatype TYPE_INT32",
      TENSORS.replace("FP32", "INT32"),
      COMPLETING,
    ),
  ),
  unknown(coded("A.wrong_dims", "the model expects dims [2]", TENSORS.replace("[ 2 ]", "[ 3 ]"), COMPLETING)),
  unknown(
    coded(
      "A.batch_over",
      "configuration specified max_batch_size 8",
      `max_batch_size: 8 ${TENSORS}`,
      COMPLETING,
    ),
  ),
  unknown(coded("A.raises", "not today", TENSORS, method('raise ValueError("not today")'))),
  unknown(coded("A.returns_nothing", "must return a valid pb.ModelConfig object", TENSORS, method("pass"))),
  unknown(
    coded(
      "A.scheduler",
      "tries to set scheduling_choice",
      `sequence_batching { } ${TENSORS}`,
      method("config.set_dynamic_batching()", "return config"),
    ),
  ),
  unknown(
    without("A.inherited", undefined, {
      "@/1/model.py": COMPLETING.replace("class TritonPythonModel:", "class Base:").concat(
        "\n\nclass TritonPythonModel(Base):\n    pass\n",
      ),
    }),
  ),
  known(
    coded(
      "A.at_poll",
      "dynamic batching preferred size must be <= max batch size",
      "dynamic_batching { preferred_batch_size: [ 4 ] }",
      method(...IO, "config.set_max_batch_size(4)", "return config"),
    ),
  ),
  unknown(
    coded(
      "A.warm_up",
      undefined,
      'model_warmup { name: "w" batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }',
      COMPLETING,
    ),
  ),
  unknown(
    coded(
      "A.empty_reshape",
      undefined,
      'input { name: "X" data_type: TYPE_FP32 dims: [ 1 ] reshape { } }',
      method("config.set_max_batch_size(4)", "return config"),
    ),
  ),
  unknown(
    coded(
      "A.batch_input",
      undefined,
      'max_batch_size: 4 batch_input { kind: BATCH_ELEMENT_COUNT target_name: "N" data_type: TYPE_INT32 source_input: "X" }',
      method(...IO, "config.set_max_batch_size(4)", "return config"),
    ),
  ),
  known(python("A.whole", undefined, "")),
  known({
    ...ensemble("A.ensemble_no_config", "Could not determine backend for model", ""),
    files: { "@/1/.keep": "" },
  }),
];

const X_AND_Y = TENSORS.replace("input", " input");
const over = (member: string, inputs = "X=X", outputs = "Y=Y"): string =>
  `${X_AND_Y} ensemble_scheduling { ${step(member, inputs, outputs)} }`;
const member = (code: string, text?: string): Files => ({
  "@_m/1/model.py": code,
  ...(text === undefined ? {} : { "@_m/config.pbtxt": `backend: "python"\n${text}\n` }),
});

const ENSEMBLES: readonly CompletedCase[] = [
  unknown(ensemble("A.over_completed", undefined, over("@_m"), member(COMPLETING))),
  unknown(
    ensemble("A.over_other_name", "is mapping to non-existing input", over("@_m", "Q=X"), member(COMPLETING)),
  ),
  unknown(
    ensemble(
      "A.over_other_type",
      "inconsistent data type",
      over("@_m"),
      member(COMPLETING.replaceAll("FP32", "INT32")),
    ),
  ),
  unknown(
    ensemble(
      "A.over_batched",
      "which only allows maximum batch size to be",
      `max_batch_size: 8 ${over("@_m")}`,
      member(method(...IO, "config.set_max_batch_size(4)", "return config")),
    ),
  ),
  unknown(
    ensemble(
      "A.over_decoupled",
      undefined,
      `${over("@_m")} model_transaction_policy { decoupled: true }`,
      member(method(...IO, 'config.set_model_transaction_policy({"decoupled": True})', "return config")),
    ),
  ),
  known(ensemble("A.over_no_method", "is mapping to non-existing input", over("@_m"), member(MODEL_PY))),
  known(
    ensemble(
      "A.over_refused",
      "which has no loaded version",
      over("@_m"),
      member(MODEL_PY, TENSORS.replace("dims: [ 2 ]", "")),
    ),
  ),
  known(
    ensemble(
      "A.over_refused_at_poll",
      "contains models that are not available",
      over("@_m"),
      member(MODEL_PY, `${TENSORS} max_batch_size: -1`),
    ),
  ),
  known(ensemble("A.own_dims", "inconsistent shape", over("plain").replace("dims: [ 2 ]", ""))),
  known(ensemble("A.own_zero", "inconsistent shape", over("plain").replace("dims: [ 2 ]", "dims: [ 0 ]"))),
  unknown(
    ensemble("A.nested", undefined, over("@_e"), {
      ...member(COMPLETING),
      "@_e/config.pbtxt": `platform: "ensemble" ${over("@_m")}`,
      "@_e/1/.keep": "",
    }),
  ),
  known(ensemble("A.over_whole", undefined, over("plain"))),
];

/** Every case of a server that completes configurations. */
export const COMPLETED_CASES: readonly CompletedCase[] = [...SINGLE, ...ENSEMBLES];
