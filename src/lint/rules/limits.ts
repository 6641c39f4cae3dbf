import type { ModelConfigMessage } from "../../model-config/index.ts";
import type { LintRepository } from "../model/model.ts";
import { BASE, type CheckedRule, pythonModel, replaced } from "./define.ts";

const KIND = "kind: KIND_CPU";

function resource(name: string, global: boolean): string {
  return `rate_limiter { resources { name: "${name}"${global ? " global: true" : ""} count: 1 } }`;
}

/** A resource that a model needs to run, and where it stands. */
interface ResourcePlace {
  readonly at: string;
  readonly name: string;
  readonly isGlobal: boolean;
}

function resourcesOf({ instance_group: groups = [] }: ModelConfigMessage): ResourcePlace[] {
  return groups.flatMap(({ rate_limiter: limiter }, group) =>
    (limiter?.resources ?? []).map(({ name = "", global: isGlobal = false }, index) => ({
      at: `instance_group[${group}].rate_limiter.resources[${index}]`,
      name,
      isGlobal,
    })),
  );
}

/** The resources of the whole repository that are for all devices together, and those that each has. */
type Kinds = Readonly<Record<"global" | "device", ReadonlySet<string>>>;

// Each model with resources asks for those of all.
const known = new WeakMap<LintRepository["models"], Kinds>();

function kindsOf({ models }: LintRepository): Kinds {
  const kinds = known.get(models) ?? kindsIn(models);
  known.set(models, kinds);
  return kinds;
}

function kindsIn(models: LintRepository["models"]): Kinds {
  const all = [...models.values()].flatMap(({ config }) => resourcesOf(config));
  const named = (isGlobal: boolean): Set<string> =>
    new Set(all.filter((found) => found.isGlobal === isGlobal).map(({ name }) => name));
  return { global: named(true), device: named(false) };
}

/** The rate limiter (L), which is off unless the server is started with `--rate-limit=execution_count`. */
export const LIMIT_RULES: readonly CheckedRule[] = [
  {
    id: "L101",
    severity: "warning",
    phrase: "is present as both global and device-specific resource",
    phase: "load",
    what: "A resource is for all devices together in one place, and for each in another: with the rate limiter on, refused.",
    mend: "Write `global` everywhere or nowhere.",
    example: {
      failing: {
        ...pythonModel(BASE.replace(KIND, `${KIND} ${resource("R", true)}`), "a"),
        ...pythonModel(BASE.replace(KIND, `${KIND} ${resource("R", false)}`), "b"),
      },
      mended: {
        ...pythonModel(BASE.replace(KIND, `${KIND} ${resource("R", true)}`), "a"),
        ...pythonModel(BASE.replace(KIND, `${KIND} ${resource("R", true)}`), "b"),
      },
    },
    *check({ config }, repository) {
      const mine = resourcesOf(config);
      if (mine.length === 0) return;
      const { global, device } = kindsOf(repository);
      for (const { at, name, isGlobal } of mine) {
        if (isGlobal && device.has(name)) yield { at, message: `${name} is for each device elsewhere` };
        if (!isGlobal && global.has(name)) yield { at, message: `${name} is for all devices elsewhere` };
      }
    },
  },
  {
    id: "L201",
    severity: "note",
    phase: "load",
    what: "Resources and priorities do nothing unless the server runs with `--rate-limit=execution_count`.",
    mend: "Start the server with that flag, or take `rate_limiter` away.",
    example: replaced(KIND, `${KIND} ${resource("R", false)}`),
    *check({ config }) {
      const group = (config.instance_group ?? []).findIndex(
        ({ rate_limiter: limiter }) => limiter !== undefined,
      );
      if (group >= 0)
        yield { at: `instance_group[${group}].rate_limiter`, message: "the rate limiter is off by default" };
    },
  },
];
