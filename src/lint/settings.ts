import { TriptychError } from "../errors/index.ts";
import { isRuleWord, RULES_HINT } from "./rule-words.ts";
import type { LintFinding, LintReport } from "./types.ts";

/** A rule that is not to be heard of, and why. */
export interface LintException {
  /** A rule, or the letters that it begins with. */
  readonly rule: string;
  /** Folder of the only model that it is for. */
  readonly model?: string;
  readonly reason: string;
}

/** What a file of settings says. */
export interface LintSettings {
  readonly triton?: string;
  /** Whether the server completes configurations. */
  readonly autoComplete?: boolean;
  readonly ignore: readonly LintException[];
}

const HINT =
  'Write { "triton": "26.08", "autoComplete": false, "ignore": [ { "rule": "N1302", "model": "draft", "reason": "…" } ] }; all but rule and reason may be left out.';

/**
 * Reads a file of settings.
 *
 * @param file - Name for the message.
 * @throws TriptychError `usage` for what is no such file, and for an exception without a reason or of a rule that there is not.
 */
export function readLintSettings(text: string, file: string): LintSettings {
  const refuse: Refuse = (what, { hint = HINT, cause } = {}) =>
    new TriptychError("usage", `${file}: ${what}`, { hint, cause });
  const { triton, autoComplete, ignore = [], ...others } = objectOf(parse(text, refuse), refuse);
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw refuse(`expected triton, autoComplete and ignore only, got ${JSON.stringify(other)}`);
  if (triton !== undefined && typeof triton !== "string")
    throw refuse(`expected triton to be a text such as "26.08", got ${shown(triton)}`);
  if (autoComplete !== undefined && typeof autoComplete !== "boolean")
    throw refuse(`expected autoComplete to be true or false, got ${shown(autoComplete)}`);
  if (!Array.isArray(ignore)) throw refuse(`expected ignore to be a list, got ${shown(ignore)}`);
  const exceptions = ignore.map((entry) => exceptionOf(objectOf(entry, refuse), refuse));
  return {
    ...(triton === undefined ? {} : { triton }),
    ...(autoComplete === undefined ? {} : { autoComplete }),
    ignore: exceptions,
  };
}

type Refuse = (what: string, more?: { readonly hint?: string; readonly cause?: unknown }) => TriptychError;

function parse(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refuse(`expected JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function objectOf(value: unknown, refuse: Refuse): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw refuse(`expected an object, got ${shown(value)}`);
}

/** A value as a message shows it: a whole file is no help. */
function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function exceptionOf(entry: Readonly<Record<string, unknown>>, refuse: Refuse): LintException {
  const { rule, model, reason } = entry;
  if (typeof rule !== "string" || rule === "") {
    throw refuse(`expected each exception to name its rule, got ${shown(entry)}`);
  }
  if (!isRuleWord(rule)) throw refuse(`there is no rule ${shown(rule)}`, { hint: RULES_HINT });
  const others = Object.keys(entry).filter((key) => !["rule", "model", "reason"].includes(key));
  if (others.length > 0) throw refuse(`expected rule, model and reason only, got ${shown(others[0])}`);
  if (typeof reason !== "string" || reason.trim() === "")
    throw refuse(`expected a reason to ignore ${rule}, got ${shown(reason)}`);
  if (model !== undefined && typeof model !== "string")
    throw refuse(`expected model to be a text, got ${shown(model)}`);
  return { rule, reason, ...(model === undefined ? {} : { model }) };
}

/** A report without what is excepted; the verdicts stay, since Triton knows of no exceptions. */
export function applyLintSettings(report: LintReport, { ignore }: LintSettings): LintReport {
  const isExcepted = ({ rule, model }: LintFinding): boolean =>
    ignore.some(
      (entry) => rule.startsWith(entry.rule) && (entry.model === undefined || entry.model === model),
    );
  return { ...report, findings: report.findings.filter((finding) => !isExcepted(finding)) };
}
