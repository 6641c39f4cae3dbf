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
  const { profile } = repository;
  const rules = MODEL_CHECKS.filter((rule) => holdsIn(profile, rule));
  const hold = (model: LintModel, held: readonly CheckedRule[]): void => {
    for (const found of problemsOf(model, held, whole)) {
      problems.push(found);
      const severity = found.problem.severity ?? found.rule.severity;
      if (severity === "error") refuse(refused, model.name, phaseOf(found.rule, profile));
    }
  };
  const single = rules.filter(({ phase }) => phase !== "ensemble");
  const together = rules.filter(({ phase }) => phase === "ensemble");
  for (const model of repository.models.values()) hold(model, single);
  // An ensemble stands on what became of the models that it is made of.
  for (const ensemble of orderEnsembles(repository.models).order) {
    if (refused.get(ensemble.name) !== "poll") hold(ensemble, together);
  }
  for (const rule of REPOSITORY_RULES.filter((found) => holdsIn(profile, found))) {
    for (const problem of rule.check(whole)) problems.push({ rule, problem });
  }
  return { problems, refused };
}

function* problemsOf(
  model: LintModel,
  rules: readonly CheckedRule[],
  repository: LintRepository,
): Iterable<FoundProblem & { readonly rule: CheckedRule }> {
  const isOpen = repository.open.has(model.name);
  const only = onlyRules(model, repository);
  for (const rule of rules) {
    if (only?.test(rule.id) === false) continue;
    if (rule.isCompletable === true && isOpen) continue;
    for (const problem of rule.check(model, repository)) yield { rule, model, problem };
  }
}

/** The only rules to hold against half a configuration, or none: others would find what is none. */
function onlyRules(model: LintModel, { profile }: LintRepository): RegExp | undefined {
  if (model.textFindings.some(({ rule }) => rule !== NOT_UTF_8)) return /^Y1/;
  if (model.hasConfig) return undefined;
  if (!profile.autoComplete) return /^R1101$/;
  return model.served.length === 0 ? /^R[58]01$/ : undefined;
}

/** Tensors that the server may complete are looked at once it has. */
function phaseOf({ phase }: CheckedRule, { autoComplete }: LintRepository["profile"]): Phase {
  if (phase !== "tensors") return phase;
  return autoComplete ? "load" : "poll";
}

const ORDER: readonly Phase[] = ["poll", "ensemble", "load"];

/** What is refused at once never comes as far as being loaded. */
function refuse(refused: Map<string, Phase>, model: string, phase: Phase): void {
  const before = refused.get(model);
  if (before === undefined || ORDER.indexOf(phase) < ORDER.indexOf(before)) refused.set(model, phase);
}
