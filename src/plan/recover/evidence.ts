import type { ModelConfigMessage } from "../../model-config/index.ts";
import type { FoundModel, FoundRepository, ShapeGap } from "./types.ts";

type Tensor = NonNullable<ModelConfigMessage["input"]>[number];

/** What a found repository says, and what it fails to say. */
export class Evidence {
  readonly gaps: ShapeGap[] = [];
  readonly #models: FoundRepository["models"];

  constructor({ models }: FoundRepository) {
    this.#models = models;
  }

  /** Names of the models, sorted. */
  get names(): string[] {
    return [...this.#models.keys()].sort();
  }

  model(name: string): FoundModel | undefined {
    return this.#models.get(name);
  }

  /** Notes what is missing; the search goes on, so that all of it is told at once. */
  miss(place: string, expected: string, got = "nothing"): void {
    this.gaps.push({ place, expected, got });
  }

  /** A string parameter of a model. */
  parameter(model: string, key: string): string | undefined {
    const { parameters = {} } = this.#models.get(model)?.config ?? {};
    return Object.hasOwn(parameters, key) ? parameters[key]?.string_value : undefined;
  }

  /** What most models say under a key: one that was changed by hand is outvoted, and told of later. */
  commonParameter(key: string): string | undefined {
    return mostCommon(this.names.flatMap((name) => this.parameter(name, key) ?? []));
  }

  /** The dims that most tensors of a name have. */
  commonDims(tensor: string): readonly number[] | undefined {
    const dims = [...this.#models.values()].flatMap(({ config }) =>
      [...(config.input ?? []), ...(config.output ?? [])].filter(({ name }) => name === tensor).map(dimsOf),
    );
    return mostCommon(dims, (value) => value.join());
  }
}

function dimsOf({ dims = [] }: Tensor): number[] {
  return dims.map(Number);
}

/** The value that is there most often; of several, the first. */
export function mostCommon<T>(values: readonly T[], keyOf: (value: T) => string = String): T | undefined {
  const counts = new Map<string, { value: T; count: number }>();
  for (const value of values) {
    const key = keyOf(value);
    counts.set(key, { value, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].reduce<{ value: T; count: number } | undefined>(
    (best, one) => (best === undefined || one.count > best.count ? one : best),
    undefined,
  )?.value;
}

/** A number as plans write it; undefined for what is none. */
export function numberOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || text.trim() === "" || !Number.isFinite(value) ? undefined : value;
}
