import { config, type LintCase, python } from "../case.ts";

const OPEN = "failed to open text file for read";

const warm = (file: string): string =>
  `model_warmup { name: "w" batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: "${file}" } } }`;
const label = (file: string): string =>
  `backend: "python" output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "${file}" }`;
const initial = (file: string): string =>
  `sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ 2 ] initial_state { name: "i" data_type: TYPE_FP32 dims: [ 2 ] data_file: "${file}" } } }`;
const environment = (path: string): string =>
  `parameters { key: "EXECUTION_ENV_PATH" value { string_value: "${path}" } }`;

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
];
