import type { LintModel } from "./model.ts";

/** Ensembles in an order in which each comes after those that it is made of. */
export interface EnsembleOrder {
  readonly order: readonly LintModel[];
  /** Ensembles that are made of themselves, or of one that is. */
  readonly circular: ReadonlySet<string>;
}

/** Names of the models that an ensemble is made of. */
export function membersOf({ config }: LintModel): string[] {
  const steps = config.ensemble_scheduling?.step ?? [];
  return [...new Set(steps.map(({ model_name: name = "" }) => name))];
}

/** Models of which nothing is known, with the ensembles that are made of them. */
export function withUsers(
  unread: ReadonlySet<string>,
  models: ReadonlyMap<string, LintModel>,
): ReadonlySet<string> {
  const unknown = new Set(unread);
  for (const ensemble of orderEnsembles(models).order) {
    if (membersOf(ensemble).some((name) => unknown.has(name))) unknown.add(ensemble.name);
  }
  return unknown;
}

/** Orders the ensembles among some models. */
export function orderEnsembles(models: ReadonlyMap<string, LintModel>): EnsembleOrder {
  const ensembles = [...models.values()].filter(({ config }) => config.ensemble_scheduling !== undefined);
  const names = new Set(ensembles.map(({ name }) => name));
  const users = new Map<string, LintModel[]>();
  const waiting = new Map<string, number>();
  for (const ensemble of ensembles) {
    const needs = membersOf(ensemble).filter((name) => names.has(name));
    waiting.set(ensemble.name, needs.length);
    for (const name of needs) users.set(name, [...(users.get(name) ?? []), ensemble]);
  }
  const order = ensembles.filter(({ name }) => waiting.get(name) === 0);
  for (const { name } of order) {
    for (const user of users.get(name) ?? []) {
      const left = (waiting.get(user.name) ?? 0) - 1;
      waiting.set(user.name, left);
      // The list grows while it is gone through.
      if (left === 0) order.push(user);
    }
  }
  const circular = ensembles.filter(({ name }) => (waiting.get(name) ?? 0) > 0);
  return { order: [...order, ...circular], circular: new Set(circular.map(({ name }) => name)) };
}
