import {
  at,
  byPosition,
  type DocumentSource,
  entriesAt,
  readSource,
  schemaCheck,
  suggest,
} from "../../document/index.ts";
import { type Finding, TriptychError } from "../../errors/index.ts";
import type { Contract } from "../../model-config/index.ts";
import { GATE_SCHEMA, type GateDocument } from "./schema.ts";
import { type Gate, LAYERS, type Layer } from "./types.ts";

const HOUR_S = 3600;
const HOST = { steal: 0.05, others: 0.2, timers: 0.2 } as const;

const check = schemaCheck<GateDocument>(GATE_SCHEMA);

function finding(source: DocumentSource, path: readonly string[], message: string, hint: string): Finding {
  const position = source.positionOf(path);
  return { rule: "check", message: `${path.join(".")}: ${message}`, hint, path: path.join("."), position };
}

type Words = readonly [message: string, hint: string];

const has = (one: unknown, ...keys: readonly string[]): boolean =>
  keys.some((key) => at(one, [key]) !== undefined);

function sloProblem(one: unknown): Words | undefined {
  const metric = at(one, ["metric"]);
  if (!has(one, "most", "least")) return ["expected a limit, got none", 'add "most:" or "least:"'];
  if (metric === "response" || !has(one, "percentile")) return undefined;
  return [`expected no percentile of ${String(metric)}`, "percentiles are of the response time"];
}

function qualityProblem(one: unknown): Words | undefined {
  const metric = at(one, ["metric"]);
  if (metric === "adherence" && !has(one, "command"))
    return ["expected the program that judges, got none", 'add "command:"'];
  if (metric === "finite" || has(one, "least", "leastMean", "most")) return undefined;
  return ["expected a limit, got none", 'add "least:", "leastMean:" or "most:"'];
}

/** What a check must say besides its metric: without a limit it could never fail. */
function limitProblem(layer: string, one: unknown): Words | undefined {
  if (layer === "slo") return sloProblem(one);
  return layer === "quality" ? qualityProblem(one) : undefined;
}

function ownFindings(source: DocumentSource): Finding[] {
  const seen = new Set<string>();
  return LAYERS.flatMap((layer) =>
    entriesAt(source.value, ["checks", layer]).flatMap(([name, one]) => {
      const path = ["checks", layer, name];
      const twice = seen.has(name);
      seen.add(name);
      const problem = limitProblem(layer, one);
      return [
        ...(twice
          ? [finding(source, path, "another layer has a check of this name", "choose another name")]
          : []),
        ...(problem === undefined ? [] : [finding(source, path, ...problem)]),
      ];
    }),
  );
}

/** Variants that the pipeline does not have: such a check would match no data, and never fire. */
function unknownVariants(source: DocumentSource, variants: readonly string[]): Finding[] {
  return LAYERS.flatMap((layer) =>
    entriesAt(source.value, ["checks", layer]).flatMap(([name, one]) =>
      (["variant", "against"] as const).flatMap((key) => {
        const variant = at(one, [key]);
        if (typeof variant !== "string" || variants.includes(variant)) return [];
        const guess = suggest(variant, variants);
        const hint = guess === undefined ? `the spec has ${variants.join(", ")}` : `did you mean "${guess}"?`;
        return [finding(source, ["checks", layer, name, key], `the spec has no variant "${variant}"`, hint)];
      }),
    ),
  );
}

function refuse(file: string, findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  const count = findings.length === 1 ? "a mistake" : `${findings.length} mistakes`;
  throw new TriptychError("gate-invalid", `${file} has ${count}`, {
    details: { findings: findings.toSorted(byPosition) },
  });
}

function named<L extends Layer, C extends object>(layer: L, checks: Readonly<Record<string, C>> = {}) {
  return Object.entries(checks).map(([name, one]) => ({ name, layer, ...one }));
}

function resolve(document: GateDocument): Gate {
  const { blocks = 20, deadline = HOUR_S } = document;
  return {
    name: document.name,
    spec: document.spec,
    accepted: document.accepted,
    history: document.history,
    seed: document.seed ?? 1,
    prompts: document.prompts,
    blocks,
    most: Math.max(document.most ?? 2 * blocks, blocks),
    clips: document.clips ?? 2,
    warmUp: document.warmUp ?? 2,
    samples: document.samples ?? 4,
    deadlineMs: deadline * 1000,
    host: { ...HOST, ...document.host },
    checks: {
      exact: named("exact", document.checks.exact),
      quality: named("quality", document.checks.quality),
      slo: named("slo", document.checks.slo),
      relative: named("relative", document.checks.relative),
      trend: named("trend", document.checks.trend),
    },
  };
}

/** A gate file that was read. */
export interface GateFile {
  readonly gate: Gate;
  /** @throws TriptychError `gate-invalid` for checks of variants that the pipeline does not have. */
  readonly requireVariants: (contract: Pick<Contract, "variants">) => void;
}

/**
 * Parses a gate file from YAML text. Pure: `file` is only named in findings.
 *
 * @throws TriptychError `gate-invalid` with every finding, sorted by place.
 */
export function parseGate(text: string, file: string): GateFile {
  const source = readSource(text, file, "gate-invalid");
  const checked = check(source);
  refuse(file, [...("findings" in checked ? checked.findings : []), ...ownFindings(source)]);
  if (!("document" in checked)) throw new TriptychError("internal", "findings without a mistake");
  return {
    gate: resolve(checked.document),
    requireVariants: ({ variants }) => {
      refuse(file, unknownVariants(source, Object.keys(variants)));
    },
  };
}
