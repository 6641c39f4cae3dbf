import { orderEnsembles } from "./model/ensemble-order.ts";
import type { LintModel, LintRepository, Phase, Problem } from "./model/model.ts";
import { holdsIn } from "./release.ts";
import { MODEL_CHECKS } from "./rules/all.ts";
import type { CheckedRule } from "./rules/define.ts";
import { REPOSITORY_RULES } from "./rules/repository.ts";
import { NOT_UTF_8 } from "./rules/text.ts";
import type { Rule } from "./types.ts";

/** A problem with its rule, and the model that it is of; without one, it is of the repository. */
export interface FoundProblem {
  readonly rule: Rule;
  readonly model?: LintModel;
  readonly problem: Problem;
}

/** What all rules found, and which models are refused for it. */
export interface CheckedModels {
  readonly problems: readonly FoundProblem[];
  readonly refused: ReadonlyMap<string, Phase>;
}

/** Holds every rule of the release against every model. */
export function checkModels(repository: Omit<LintRepository, "refusalOf">): CheckedModels {
  const refused = new Map<string, Phase>();
  const problems: FoundProblem[] = [];
  const whole: LintRepository = { ...repository, refusalOf: (model) => refused.get(model) };
  const rules = MODEL_CHECKS.filter((rule) => holdsIn(repository.profile.release, rule));
  const hold = (model: LintModel, held: readonly CheckedRule[]): void => {
    for (const found of problemsOf(model, held, whole)) {
      problems.push(found);
      const severity = found.problem.severity ?? found.rule.severity;
      if (severity === "error") refuse(refused, model.name, found.rule.phase);
    }
  };
  const single = rules.filter(({ phase }) => phase !== "ensemble");
  const together = rules.filter(({ phase }) => phase === "ensemble");
  for (const model of repository.models.values()) hold(model, single);
  // An ensemble stands on what became of the models that it is made of.
  for (const ensemble of orderEnsembles(repository.models).order) {
    if (refused.get(ensemble.name) !== "poll") hold(ensemble, together);
  }
  for (const rule of REPOSITORY_RULES.filter((found) => holdsIn(repository.profile.release, found))) {
    for (const problem of rule.check(whole)) problems.push({ rule, problem });
  }
  return { problems, refused };
}

function* problemsOf(
  model: LintModel,
  rules: readonly CheckedRule[],
  repository: LintRepository,
): Iterable<FoundProblem & { readonly rule: CheckedRule }> {
  // Half a configuration would only give findings that are none.
  const isText = model.textFindings.some(({ rule }) => rule !== NOT_UTF_8);
  for (const rule of rules) {
    if (isText && !rule.id.startsWith("Y1")) continue;
    for (const problem of rule.check(model, repository)) yield { rule, model, problem };
  }
}

const ORDER: readonly Phase[] = ["poll", "ensemble", "load"];

/** What is refused at once never comes as far as being loaded. */
function refuse(refused: Map<string, Phase>, model: string, phase: Phase): void {
  const before = refused.get(model);
  if (before === undefined || ORDER.indexOf(phase) < ORDER.indexOf(before)) refused.set(model, phase);
}
