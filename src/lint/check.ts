import type { LintModel, LintRepository, Problem } from "./model/model.ts";
import { holdsIn } from "./release.ts";
import { MODEL_CHECKS } from "./rules/all.ts";
import type { CheckedRule } from "./rules/define.ts";

/** A problem with the rule and the model that it is of. */
export interface FoundProblem {
  readonly rule: CheckedRule;
  readonly model: LintModel;
  readonly problem: Problem;
}

/** What all rules found, and which models are refused for it. */
export interface CheckedModels {
  readonly problems: readonly FoundProblem[];
  readonly refused: ReadonlyMap<string, "poll" | "load">;
}

/** Holds every rule of the release against every model. */
export function checkModels(repository: Omit<LintRepository, "refusalOf">): CheckedModels {
  const refused = new Map<string, "poll" | "load">();
  const problems: FoundProblem[] = [];
  const whole: LintRepository = { ...repository, refusalOf: (model) => refused.get(model) };
  const rules = MODEL_CHECKS.filter((rule) => holdsIn(repository.profile.release, rule));
  for (const model of repository.models.values()) {
    for (const found of problemsOf(model, rules, whole)) {
      problems.push(found);
      const severity = found.problem.severity ?? found.rule.severity;
      if (severity === "error") refuse(refused, model.name, found.rule.phase);
    }
  }
  return { problems, refused };
}

function* problemsOf(
  model: LintModel,
  rules: readonly CheckedRule[],
  repository: LintRepository,
): Iterable<FoundProblem> {
  // Half a configuration would only give findings that are none.
  const isText = model.textFindings.length > 0;
  for (const rule of rules) {
    if (isText && !rule.id.startsWith("Y1")) continue;
    for (const problem of rule.check(model, repository)) yield { rule, model, problem };
  }
}

/** What is refused at once never comes as far as being loaded. */
function refuse(refused: Map<string, "poll" | "load">, model: string, phase: CheckedRule["phase"]): void {
  if (phase === "poll" || !refused.has(model)) refused.set(model, phase === "poll" ? "poll" : "load");
}
