import { TriptychError } from "../errors/index.ts";
import type { FoundProblem } from "./check.ts";
import { withUsers } from "./model/ensemble-order.ts";
import type { LintModel, Problem } from "./model/model.ts";
import type { Obstacle } from "./model/read-model.ts";
import type { TritonProfile } from "./release.ts";
import { isRuleWord, RULES_HINT } from "./rule-words.ts";
import { RULES } from "./rules/index.ts";
import type { LintFinding, LintOptions, LintReport, Rule, Verdict } from "./types.ts";

interface Found {
  readonly folder: string;
  readonly problems: readonly FoundProblem[];
  readonly obstacles: readonly (Obstacle & { readonly model?: string })[];
  readonly refused: ReadonlyMap<string, unknown>;
  readonly models: ReadonlyMap<string, LintModel>;
  readonly open: ReadonlySet<string>;
  readonly profile: TritonProfile;
  readonly options: LintOptions;
}

/** The report of what was found, less what the caller does not want to hear of. */
export function report(found: Found): LintReport {
  const { folder, problems, obstacles, refused, models, open, profile, options } = found;
  const isWanted = wanted(options);
  const findings = [
    ...obstacles.map(ofObstacle),
    ...problems.map((problem) => ofProblem(problem, folder)),
  ].filter(({ rule }) => isWanted(rule));
  const unread = obstacles
    .filter(({ rule }) => ruleOf(rule).severity === "error")
    .map(({ model = "" }) => model);
  const unknown = withUsers(new Set([...unread, ...open]), models);
  const verdictOf = (model: string): Verdict =>
    refused.has(model) ? "refused" : unknown.has(model) ? "unknown" : "accepted";
  const names = [...new Set([...models.keys(), ...unread.filter((name) => name !== "")])].sort();
  return {
    findings: findings.sort(byPlace),
    models: names.length,
    verdicts: Object.fromEntries(names.map((name) => [name, verdictOf(name)])),
    triton: profile.release,
    autoComplete: profile.autoComplete,
  };
}

/** Which rules a caller wants to hear of. */
function wanted({ rules, ignore = [] }: LintOptions): (rule: string) => boolean {
  for (const word of [...(rules ?? []), ...ignore]) {
    if (!isRuleWord(word)) {
      throw new TriptychError("usage", `there is no rule ${JSON.stringify(word)}`, { hint: RULES_HINT });
    }
  }
  const isOne = (words: readonly string[], id: string): boolean => words.some((word) => id.startsWith(word));
  return (id) => (rules === undefined || isOne(rules, id)) && !isOne(ignore, id);
}

function ruleOf(id: string): Rule {
  const found = RULES.find((rule) => rule.id === id);
  if (found === undefined) throw new TriptychError("internal", `no rule ${id}`);
  return found;
}

/** A field where there is a value for it: no property stands for none. */
function some<K extends string, T>(name: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, T>);
}

function ofObstacle({
  rule: id,
  file,
  message,
  got,
  model,
}: Obstacle & { readonly model?: string }): LintFinding {
  const { severity, mend: hint } = ruleOf(id);
  return { rule: id, severity, message, file, hint, ...some("got", got), ...some("model", model) };
}

function ofProblem({ rule, model, problem }: FoundProblem, folder: string): LintFinding {
  const { file, message, expected, got } = problem;
  return {
    rule: rule.id,
    severity: problem.severity ?? rule.severity,
    message,
    ...some("phrase", rule.phrase),
    file: file ?? model?.file ?? folder,
    ...(file === undefined ? placeOf(problem, model) : {}),
    ...some("expected", expected),
    ...some("got", got),
    hint: problem.hint ?? rule.mend,
    ...some("model", model?.name),
  };
}

function placeOf(
  { at, position }: Problem,
  model: LintModel | undefined,
): Pick<LintFinding, "line" | "column"> {
  const found = position ?? (at === undefined ? undefined : model?.positionOf(at));
  return found === undefined ? {} : { line: found.line, column: found.column };
}

function byPlace(a: LintFinding, b: LintFinding): number {
  const [one, other] = [a.model ?? "", b.model ?? ""];
  if (one !== other) return one < other ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0) || (a.rule < b.rule ? -1 : 1);
}
