import { config, type LintCase, MODEL_PY, python, TENSORS } from "../case.ts";

/** Rules R (layout) and M (the model as a whole). */
export const MODEL_CASES: readonly LintCase[] = [
  python("R0.good", undefined, ""),
  { id: "R0.no_config", says: "failed to open text file for read", files: { "@/1/model.py": MODEL_PY } },
  {
    id: "R4",
    says: "for model 'other', directory name must equal model name",
    files: { "@/config.pbtxt": `name: "other"\nbackend: "python"\n${TENSORS}`, "@/1/model.py": MODEL_PY },
  },
  {
    id: "R4.none",
    says: undefined,
    files: { "@/config.pbtxt": `backend: "python"\n${TENSORS}`, "@/1/model.py": MODEL_PY },
  },
  {
    id: "R5",
    says: "at least one version must be available under the version policy of model",
    files: { "@/config.pbtxt": `name: "@"\nbackend: "python"\n${TENSORS}`, "@/model.py": MODEL_PY },
  },
  {
    id: "R5.zero",
    says: "at least one version must be available under the version policy of model",
    files: { "@/config.pbtxt": `name: "@"\nbackend: "python"\n${TENSORS}`, "@/01/model.py": MODEL_PY },
  },
  python(
    "R5.specific",
    "at least one version must be available under the version policy of model",
    "version_policy { specific { versions: [ 7 ] } }",
  ),
  python(
    "R5.specific_empty",
    "at least one version must be available under the version policy of model",
    "version_policy { specific { } }",
  ),
  python(
    "R5.latest_zero",
    "at least one version must be available under the version policy of model",
    "version_policy { latest { num_versions: 0 } }",
  ),
  python("R5.policy_empty", undefined, "version_policy { }"),
  python("R6.leading_zero", undefined, "", { "@/02/model.py": MODEL_PY, "@/three/model.py": MODEL_PY }),
  python("R6.specific", undefined, "version_policy { specific { versions: [ 1, 7 ] } }"),
  python("R6.all", undefined, "version_policy { all { } }", { "@/2/model.py": MODEL_PY }),
  python("R6.negative", undefined, "", { "@/-1/model.py": MODEL_PY }),
  python("R6.zero", undefined, "", { "@/0/model.py": MODEL_PY }),
  python("R6.file", undefined, "", { "@/5": "a file" }),
  config(
    "R7",
    "failed to open text file for read",
    'backend: "python" output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "l.txt" }',
  ),
  config(
    "R7.outside",
    undefined,
    'backend: "python" output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "../l.txt" }',
    { "l.txt": "a\n" },
  ),
  config(
    "R7.there",
    undefined,
    'backend: "python" output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "l.txt" }',
    { "@/l.txt": "a\n" },
  ),
  config(
    "R7.twice",
    "multiple label files for",
    'backend: "python" output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "l.txt" } output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "l.txt" }',
    { "@/l.txt": "a\n" },
  ),
  config(
    "R7.twice_one_labelled",
    undefined,
    'backend: "python" output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "l.txt" } output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }',
    { "@/l.txt": "a\n" },
  ),
  {
    id: "R8",
    says: "with no backend in model configuration. Expected model name of the form 'model.<backend_name>",
    files: { "@/config.pbtxt": `name: "@"\n${TENSORS}`, "@/1/weights.bin": "" },
  },
  {
    id: "R8.by_file",
    says: undefined,
    files: { "@/config.pbtxt": `name: "@"\n${TENSORS}`, "@/1/model.py": MODEL_PY },
  },
  python("R8.file_up", undefined, 'default_model_filename: "../1/model.py"'),
  python("R8.file_name", undefined, 'default_model_filename: "net.py"', { "@/1/net.py": MODEL_PY }),
  config(
    "R8.unknown_backend",
    "unable to find backend library for backend 'nosuch', try specifying runtime on the model configuration",
    `backend: "nosuch" ${TENSORS}`,
  ),
  config(
    "M2",
    "unable to find backend library for backend 'onnxruntime', try specifying runtime on the model configuration",
    `platform: "onnxruntime_onnx" ${TENSORS}`,
  ),
  config("M2.python", "unexpected platform type 'python'", `platform: "python" ${TENSORS}`),
  config(
    "M3",
    "must have platform type 'ensemble' and empty backend type",
    `platform: "ensemble" backend: "python" ${TENSORS}`,
  ),
  config(
    "M4",
    "unexpected 'platform' and 'backend' pair, got:onnxruntime_onnx, tensorrt",
    `platform: "onnxruntime_onnx" backend: "tensorrt" ${TENSORS}`,
  ),
  config("M4.python", undefined, `platform: "anything" backend: "python" ${TENSORS}`),
  config(
    "M4.tensorflow",
    "unexpected 'platform' and 'backend' pair, got:tensorflow_x, tensorflow",
    `platform: "tensorflow_x" backend: "tensorflow" ${TENSORS}`,
  ),
  python("M5", "max_batch_size' must be non-negative value", "max_batch_size: -1"),
  config("M7.no_tensors", undefined, 'backend: "python"'),
  config("M8.runtime", undefined, `backend: "python" runtime: "libtriton_python.so" ${TENSORS}`),
  config(
    "M8.runtime_unknown",
    "unable to find backend library 'libnosuch.so' for model",
    `backend: "python" runtime: "libnosuch.so" ${TENSORS}`,
  ),
  config(
    "M8.runtime_outside",
    "unable to find backend library '../x.so' for model",
    `backend: "python" runtime: "../x.so" ${TENSORS}`,
  ),
  config(
    "M8.runtime_py",
    "unable to find Python backend based backend library 'model.py'",
    `backend: "python" runtime: "model.py" ${TENSORS}`,
  ),
  config(
    "M8.runtime_py_alone",
    "unable to find Python backend based backend library 'model.py'",
    `runtime: "model.py" ${TENSORS}`,
  ),
  config(
    "M8.runtime_onnx",
    "unable to find backend library for backend 'onnxruntime', try specifying runtime on the model configuration",
    `backend: "onnxruntime" ${TENSORS}`,
  ),
  python("P1", "AttributeError: module '1.model' has no attribute 'TritonPythonModel", "", {
    "@/1/model.py": "class Model:\n    pass\n",
  }),
  python("P1.syntax", "SyntaxError: invalid syntax (model.py, line 1)", "", {
    "@/1/model.py": "class TritonPythonModel(:\n",
  }),
  {
    ...python("P1.folder", "No module named", ""),
    files: {
      "@/config.pbtxt": `name: "@"\nbackend: "python"\n${TENSORS}`,
      "@/1/model.py/model.py": MODEL_PY,
    },
  },
  python("P1.returns", undefined, "", {
    "@/1/model.py": `# hello\r${MODEL_PY.replaceAll("\n", "\r")}`,
  }),
  python("P1.zero", "source code string cannot contain null bytes", "", {
    "@/1/model.py": `${MODEL_PY}# \0\n`,
  }),
  python("P1.nested", "has no attribute 'TritonPythonModel", "", {
    "@/1/model.py": "def make():\n    class TritonPythonModel:\n        pass\n",
  }),
  python("P1.under_if", undefined, "", {
    "@/1/model.py": `if True:\n${MODEL_PY.replaceAll(/^(?=.)/gm, "    ")}`,
  }),
  python("P1.no_execute", undefined, "", { "@/1/model.py": "class TritonPythonModel:\n    pass\n" }),
  python(
    "P3",
    "Incorrect value for FORCE_CPU_ONLY_INPUT_TENSORS: maybe",
    'parameters { key: "FORCE_CPU_ONLY_INPUT_TENSORS" value { string_value: "maybe" } }',
  ),
  python(
    "P3.yes",
    undefined,
    'parameters { key: "FORCE_CPU_ONLY_INPUT_TENSORS" value { string_value: "yes" } }',
  ),
  python(
    "N12.agent",
    "unable to find 'libtritonrepoagent_checksum.so' for repo agent 'checksum'",
    'model_repository_agents { agents { name: "checksum" } }',
  ),
  python(
    "A1.parse",
    'Message type "inference.ModelConfig" has no field named "max_batch_sizes"',
    "max_batch_sizes: 1",
  ),
  python(
    "A1.twice",
    'Non-repeated field "max_batch_size" is specified multiple times',
    "max_batch_size: 1 max_batch_size: 1",
  ),
  python(
    "A1.new_field",
    'Message type "inference.ModelConfig" has no field named "model_metrics"',
    "model_metrics { }",
  ),
  python(
    "A1.oneof",
    'Field "sequence_batching" is specified along with field "dynamic_batching", another member of oneof "scheduling_choice"',
    "dynamic_batching { } sequence_batching { }",
  ),
];

const withFile = (file: string): string =>
  `name: "@"\nbackend: "python"\n${TENSORS}\ndefault_model_filename: "${file}"`;

/** A case whose load never comes to an end. */
interface HangingCase extends LintCase {
  /** The rule by which lint refuses it. */
  readonly rule: string;
}

/** Loads that never come to an end: the model's process is gone before Triton hears of it. */
export const HANGING_CASES: readonly HangingCase[] = [
  {
    id: "R8.no_file",
    rule: "P101",
    files: { "@/config.pbtxt": `name: "@"\nbackend: "python"\n${TENSORS}`, "@/1/other.py": MODEL_PY },
  },
  {
    id: "R8.through_nothing",
    rule: "P101",
    files: { "@/config.pbtxt": withFile("sub/../model.py"), "@/1/model.py": MODEL_PY },
  },
  {
    id: "R8.absolute",
    rule: "P101",
    files: { "@/config.pbtxt": withFile("/etc/passwd"), "@/1/model.py": MODEL_PY },
  },
  {
    id: "P1.shell",
    rule: "P106",
    files: { "@/config.pbtxt": withFile("a$b.py"), "@/1/a$b.py": MODEL_PY },
  },
];
