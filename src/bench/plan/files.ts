import { type Finding, TriptychError } from "../../errors/index.ts";
import type { MixedPrompt } from "./mix.ts";

interface Line {
  readonly text: string;
  readonly number: number;
}

function linesOf(text: string): Line[] {
  return text
    .split(/\r?\n/)
    .map((line, index) => ({ text: line.trim(), number: index + 1 }))
    .filter((line) => line.text !== "" && !line.text.startsWith("#"));
}

function finding(file: string, line: Line, message: string, hint: string): Finding {
  return { rule: "bad-value", message, hint, position: { file, line: line.number, column: 1 } };
}

function refuse(file: string, what: string, findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  const count = findings.length === 1 ? "a mistake" : `${findings.length} mistakes`;
  throw new TriptychError("usage", `${file} has ${count}: ${what}`, { details: { findings } });
}

/**
 * Reads a trace: the milliseconds from the start at which each request is due, one a line; `#` begins a remark.
 *
 * @throws TriptychError `usage` with every line that is no time, or lies before the one above it.
 */
export function parseTrace(text: string, file: string): number[] {
  const lines = linesOf(text);
  const times = lines.map((line) => Number(line.text));
  const findings = lines.flatMap((line, index) => {
    const time = times[index] ?? Number.NaN;
    if (!Number.isFinite(time) || time < 0) {
      const hint = "write the milliseconds from the start, such as 1500";
      return [finding(file, line, `expected milliseconds, got ${JSON.stringify(line.text)}`, hint)];
    }
    const before = times[index - 1] ?? 0;
    // The one above may be no number; that is told of already.
    if (!(time < before)) return [];
    return [finding(file, line, `${time} lies before ${before} of the line above`, "sort the times")];
  });
  refuse(file, "a trace has one time a line", findings);
  if (times.length > 0) return times;
  throw new TriptychError("usage", `${file} has no times.`, { hint: "Write one time a line." });
}

/**
 * Reads prompts, one a line, each with a weight and a tab before it where it is not to count once; `#` begins a remark.
 *
 * @throws TriptychError `usage` with every line whose weight is none.
 */
export function parsePrompts(text: string, file: string): MixedPrompt[] {
  const lines = linesOf(text);
  const prompts = lines.map((line) => {
    const [first = "", ...rest] = line.text.split("\t");
    return rest.length === 0
      ? { text: first, weight: 1 }
      : { text: rest.join(" ").trim(), weight: Number(first) };
  });
  const findings = lines.flatMap((line, index) => {
    const { weight } = prompts[index] ?? { weight: 1 };
    if (Number.isFinite(weight) && weight > 0) return [];
    const hint = "write a number above 0, a tab, and the prompt";
    return [finding(file, line, "expected a weight above 0 before the tab", hint)];
  });
  refuse(file, "a line is a prompt, or a weight, a tab and a prompt", findings);
  if (prompts.length > 0) return prompts;
  throw new TriptychError("usage", `${file} has no prompts.`, { hint: "Write one prompt a line." });
}
