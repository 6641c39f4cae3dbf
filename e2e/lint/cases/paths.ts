import { config, type LintCase, MODEL_PY, python, TENSORS } from "../case.ts";

const OPEN = "failed to open text file for read";

const warm = (file: string): string =>
  `model_warmup { name: "w" batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: "${file}" } } }`;
const label = (file: string): string =>
  `backend: "python" output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "${file}" }`;
const initial = (file: string): string =>
  `sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] data_file: "${file}" } } }`;
const environment = (path: string): string =>
  `parameters { key: "EXECUTION_ENV_PATH" value { string_value: "${path}" } }`;

const OWN = "$$TRITON_MODEL_DIRECTORY";
const ACTIVATE = "should contain an 'activate' script";
const NO_LIBRARY = "unable to load shared library";
const NO_MODULE = "No module named";

/** A model whose Python file is called so, and stands where this says. */
const named = (
  id: string,
  says: string | undefined,
  name: string,
  at = name,
  more: LintCase["files"] = {},
): LintCase => ({
  id,
  says,
  files: {
    "@/config.pbtxt": `name: "@"\nbackend: "python"\n${TENSORS}\ndefault_model_filename: "${name}"`,
    [`@/1/${at}`]: MODEL_PY,
    ...more,
  },
});

const runtime = (id: string, name: string, at: string): LintCase =>
  python(id, NO_LIBRARY, `runtime: "${name}"`, { [`@/${at}`]: "no library" });

/** Paths in a configuration that lead through other folders. */
export const PATH_CASES: readonly LintCase[] = [
  python("W3.through_nothing", OPEN, warm("../1/model.py")),
  python("W3.through", undefined, warm("../1/model.py"), { "@/warmup/other": "" }),
  python("W3.below", undefined, warm("sub/d"), { "@/warmup/sub/d": "12345678" }),
  python("W3.below_nothing", OPEN, warm("sub/d"), { "@/warmup/other": "" }),
  python("W3.absolute", OPEN, warm("/etc/passwd"), { "@/warmup/other": "" }),
  python("W3.short_below", "warmup setting expects 8 bytes", warm("sub/d"), { "@/warmup/sub/d": "1234567" }),
  config("R7.through_nothing", OPEN, label("sub/../l.txt"), { "@/l.txt": "a\n" }),
  config("R7.through", undefined, label("sub/../l.txt"), { "@/l.txt": "a\n", "@/sub/other": "" }),
  config("R7.through_file", OPEN, label("config.pbtxt/../l.txt"), { "@/l.txt": "a\n" }),
  config("R7.own_name", undefined, label("../@/l.txt"), { "@/l.txt": "a\n" }),
  config("R7.absolute", OPEN, label("/etc/passwd")),
  python("S7.through_nothing", OPEN, initial("../l"), { "@/l": "12345678" }),
  python("S7.through", undefined, initial("../l"), { "@/l": "12345678", "@/initial_state/other": "" }),
  python("P2", "Failed to get the canonical path for /nowhere.tar.gz", environment("/nowhere.tar.gz")),
  python("P2.relative", "Failed to get the canonical path", environment("$$TRITON_MODEL_DIRECTORY/env")),
  python("P2.empty", undefined, environment("")),
  python("P2.folder", ACTIVATE, environment(`${OWN}/env`), { "@/env/lib/other": "" }),
  python("P2.own_folder", ACTIVATE, environment(OWN)),
  python("P2.activated", undefined, environment(`${OWN}/env`), { "@/env/bin/activate": "true\n" }),
  python("P2.through", undefined, environment(`${OWN}/../@/env`), { "@/env/bin/activate": "true\n" }),
  python("P2.no_slash", "Failed to get the canonical path", environment(`${OWN}env`), {
    "@/env/bin/activate": "true\n",
  }),
  python("P2.relative_nowhere", "Failed to get the canonical path for env", environment("env"), {
    "@/env/bin/activate": "true\n",
  }),
  // The only one: Triton 2.51 unpacks no other archive after one that it could not, and looks for relative paths elsewhere.
  python("P2.text", "archive_read_open_filename() failed", environment(`${OWN}/env.tar.gz`), {
    "@/env.tar.gz": "conda env export\n",
  }),
  runtime("M8.runtime_text", "run.so", "run.so"),
  runtime("M8.runtime_version", "run.so", "1/run.so"),
  runtime("M8.runtime_below", "sub/run.so", "sub/run.so"),
  runtime("M8.runtime_own", "libtriton_python.so", "libtriton_python.so"),
  runtime("M8.runtime_folder", "run", "run/other"),
  python("M8.runtime_config", NO_LIBRARY, 'runtime: "config.pbtxt"'),
  named("P1.through", NO_MODULE, "sub/../model.py", "model.py", { "@/1/sub/other": "" }),
  named("P1.here", NO_MODULE, "./model.py", "model.py"),
  named("P1.slash", NO_MODULE, "/model.py", "model.py"),
  named("P1.slashes", NO_MODULE, "sub//model.py", "sub/model.py"),
  named("P1.dotted_folder", NO_MODULE, "v1.2/model.py"),
  named("P1.dotted", NO_MODULE, "net.v2.py"),
  named("P1.hidden", NO_MODULE, ".model.py"),
  named("P1.no_ending", "Model name must end with '.py'", "model"),
  named("P1.capitals", "Model name must end with '.py'", "MODEL.PY"),
  named("P1.below", undefined, "sub/model.py"),
  named("P1.around", undefined, "../../@/1/model.py", "model.py"),
  named("P1.dash", undefined, "my-model.py"),
  { id: "R11.hidden", name: ".hidden", says: OPEN, files: { "@/HEAD": "ref: refs/heads/main\n" } },
  { id: "R11.loop", says: OPEN, files: {}, links: { "@": "." } },
];
