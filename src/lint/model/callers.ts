import type { LintModel, LintRepository } from "./model.ts";

type Models = LintRepository["models"];

/** Which models are called by others of the repository, and for what. */
export interface Callers {
  /** For each model that is a step of an ensemble, the outputs that steps take of it. */
  readonly taken: ReadonlyMap<string, ReadonlySet<string>>;
  /** Models that another one names in its parameters. */
  readonly named: ReadonlySet<string>;
}

const known = new WeakMap<Models, Callers>();

/** Who calls whom; found once for a repository. */
export function callersOf({ models }: LintRepository): Callers {
  const found = known.get(models) ?? { taken: takenIn(models), named: namedIn(models) };
  known.set(models, found);
  return found;
}

/** Models that an ensemble has as a step, or that another one names in its parameters: clients call those instead. */
export function isInner({ name }: LintModel, repository: LintRepository): boolean {
  const { taken, named } = callersOf(repository);
  return taken.has(name) || named.has(name);
}

/** A word in quotes; those of another word in it begin one too. */
const QUOTED = /(["'])(?=([^"'\n]*)\1)/g;

const quoted = new WeakMap<Models, ReadonlySet<string>>();

/** True where the Python of a model has the name of another one in quotes. Reads files, once: ask last. */
export function isNamedInCode({ name }: LintModel, { models }: LintRepository): boolean {
  const words = quoted.get(models) ?? quotedIn(models);
  quoted.set(models, words);
  return words.has(name);
}

function quotedIn(models: Models): Set<string> {
  const words = new Set<string>();
  for (const { config, served, textOf } of models.values()) {
    if (config.backend !== "python") continue;
    const file = config.default_model_filename ?? "";
    const text = textOf(`${served[0] ?? 1n}`, file === "" ? "model.py" : file) ?? "";
    for (const [, , word = ""] of text.matchAll(QUOTED)) words.add(word);
  }
  return words;
}

function takenIn(models: Models): Map<string, Set<string>> {
  const taken = new Map<string, Set<string>>();
  for (const { config } of models.values()) {
    for (const { model_name: name = "", output_map: outputs = {} } of config.ensemble_scheduling?.step ??
      []) {
      taken.set(name, new Set([...(taken.get(name) ?? []), ...Object.keys(outputs)]));
    }
  }
  return taken;
}

function namedIn(models: Models): Set<string> {
  const values = [...models.values()].flatMap(({ config }) => Object.values(config.parameters ?? {}));
  return new Set(values.flatMap(({ string_value: value = "" }) => value.split(",")));
}
