import type { LintModel } from "./model.ts";
import { pythonCode } from "./python-code.ts";
import { spotOf } from "./spot.ts";

/** Ways by which a name comes into a module without being written there. */
const BRINGS_NAMES = /import\s*\*|\b(globals|locals|vars|setattr|exec|eval|__getattr__|__dict__)\b/;

/** The class by itself: made from another one, or brought from elsewhere, it may have methods from there. */
const PLAIN_CLASS = /class TritonPythonModel(\(\s*(object)?\s*\))?:/;

// Several rules ask for the code of the same model.
const read = new WeakMap<LintModel, Texts>();

interface Texts {
  readonly whole: ReadonlyMap<string, string>;
  readonly codes: ReadonlyMap<string, string>;
}

/** Code of a Python model without comments and strings, by version; one whose file was not read is left out. */
export function codesOf(model: LintModel): ReadonlyMap<string, string> {
  return textsOf(model).codes;
}

/** The same, with comments and strings. */
export function wholeCodesOf(model: LintModel): ReadonlyMap<string, string> {
  return textsOf(model).whole;
}

function textsOf(model: LintModel): Texts {
  const texts = read.get(model) ?? readTexts(model);
  read.set(model, texts);
  return texts;
}

function readTexts(model: LintModel): Texts {
  const whole = new Map<string, string>();
  for (const version of model.served.map(String)) {
    const spot = spotOf(model, version, model.config.default_model_filename ?? "");
    const text = typeof spot === "string" ? undefined : model.textOf(spot.folder, spot.name);
    if (text !== undefined) whole.set(version, text);
  }
  return { whole, codes: new Map([...whole].map(([version, text]) => [version, pythonCode(text)])) };
}

/** Whether a module may have a name that is not written in it. */
export function bringsNames(code: string): boolean {
  return BRINGS_NAMES.test(code);
}

/** Whether the class of a model has its methods from this file only. */
export function isPlainClass(code: string): boolean {
  return PLAIN_CLASS.test(code);
}
