import { config, type LintCase, python } from "../case.ts";

const NO_CLASS = "AttributeError: module '1.model' has no attribute 'TritonPythonModel'";
const OTHER_CLASS = "class Model:\n    pass\n";

const latin1 = (sample: LintCase): LintCase => ({ ...sample, encoding: "latin1" });
const code = (id: string, says: string | undefined, text: string): LintCase =>
  python(id, says, "", { "@/1/model.py": text });

/** What stands in comments and strings, of configurations and of Python models. */
export const TEXT_CASES: readonly LintCase[] = [
  latin1(python("Y1.comment", undefined, "# caf\u00e9")),
  latin1(python("Y1.string", undefined, 'parameters { key: "k" value { string_value: "caf\u00e9" } }')),
  latin1(python("Y1.key", undefined, 'parameters { key: "caf\u00e9" value { string_value: "v" } }')),
  latin1(python("Y1.bare", "failed to read text proto from", "\u00e9")),
  latin1(python("Y1.both", "failed to read text proto from", "# caf\u00e9\nmax_batch_sizes: 1")),
  config("Y1.bom", "failed to read text proto from", "", {
    "@/config.pbtxt": `\ufeffname: "@"\nbackend: "python"\n`,
  }),
  python("Y1.escaped", undefined, String.raw`parameters { key: "k" value { string_value: "\xff\xfe" } }`),
  python(
    "Y1.escaped_both",
    "'max_batch_size' must be non-negative value",
    String.raw`max_batch_size: -1 parameters { key: "k" value { string_value: "\377" } }`,
  ),
  code("P1.comment", NO_CLASS, `# class TritonPythonModel:\n${OTHER_CLASS}`),
  code("P1.string", NO_CLASS, `"""\nclass TritonPythonModel:\n"""\n${OTHER_CLASS}`),
  code("P1.name_string", NO_CLASS, 'NAME = "TritonPythonModel"\n'),
  code("P1.assigned", undefined, `${OTHER_CLASS}\n\nTritonPythonModel = Model\n`),
  code("P1.globals", undefined, `${OTHER_CLASS}\n\nglobals()["TritonPythonModel"] = Model\n`),
  code("P1.indented", undefined, "if True:\n    class TritonPythonModel:\n        pass\n"),
  code(
    "P1.strings_before",
    undefined,
    `${String.raw`A = r"\\"  # it's
B = '#'
C = b"'''"
D = "\"" + '''\''' "'''
E = f"{C!r} \
#"`}\nclass TritonPythonModel:\n    pass\n`,
  ),
];
