import {
  at,
  byPosition,
  type DocumentSource,
  entriesAt,
  type OwnWords,
  readSource,
  schemaCheck,
  suggest,
} from "../../document/index.ts";
import { type Finding, TriptychError } from "../../errors/index.ts";
import type { PipelineSpec, VariantSpec } from "../../spec/index.ts";
import { blockFindings, checkFindings, finding } from "./problems.ts";
import { GATE_SCHEMA, type GateDocument } from "./schema.ts";
import { type Gate, LAYERS, type Layer } from "./types.ts";

const HOUR_S = 3600;
const HOST = { steal: 0.05, others: 0.2, timers: 0.2 } as const;

const ownWords: OwnWords = ({ keyword }) =>
  keyword === "minProperties"
    ? {
        rule: "too-few",
        message: "expected a check, got none",
        hint: "add one: a gate without checks passes everything",
      }
    : undefined;

const check = schemaCheck<GateDocument>(GATE_SCHEMA, ownWords);

/** Variants that the pipeline does not have: such a check would match no data, and never fire. */
function unknownVariants(source: DocumentSource, variants: readonly string[]): Finding[] {
  return checksOf(source).flatMap(([path, one]) =>
    (["variant", "against"] as const).flatMap((key) => {
      const variant = at(one, [key]);
      if (typeof variant !== "string" || variants.includes(variant)) return [];
      const guess = suggest(variant, variants);
      const hint = guess === undefined ? `the spec has ${variants.join(", ")}` : `did you mean "${guess}"?`;
      return [finding(source, [...path, key], `the spec has no variant "${variant}"`, hint)];
    }),
  );
}

function checksOf(source: DocumentSource): (readonly [path: readonly string[], check: unknown])[] {
  return LAYERS.flatMap((layer) =>
    entriesAt(source.value, ["checks", layer]).map(([name, one]) => [["checks", layer, name], one] as const),
  );
}

/** What clips must share to be compared pixel by pixel, in words; precision may differ. */
function pictureOf({ experts, sampler }: VariantSpec): Readonly<Record<string, unknown>> {
  const { highNoise, lowNoise } = experts;
  const { solver, steps, shift, boundary, guidance } = sampler;
  // A request that names no steps gets the first.
  const said = { steps: steps[0], solver, shift, boundary, guidance };
  return { weights: [highNoise.weights, lowNoise.weights], ...said };
}

/** PSNR and SSIM of variants that make other clips by design: whatever they find means nothing. */
function unlikeVariants(source: DocumentSource, variants: PipelineSpec["variants"]): Finding[] {
  return checksOf(source).flatMap(([path, one]) => {
    const [mine, other] = (["variant", "against"] as const).map((key) => variants[String(at(one, [key]))]);
    if (mine === undefined || other === undefined) return [];
    const [a, b] = [pictureOf(mine), pictureOf(other)];
    const differ = Object.keys(a).filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]));
    if (differ.length === 0) return [];
    const message = `expected a variant with the same ${differ.join(", ")}`;
    const hint = "clips are compared where only their precision differs; others by adherence or flicker";
    return [finding(source, [...path, "against"], message, hint)];
  });
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
  /**
   * @throws TriptychError `gate-invalid` for checks of variants that the pipeline does not have, and for those that
   *   compare clips of variants that differ in more than precision.
   */
  readonly requireVariants: (spec: Pick<PipelineSpec, "variants">) => void;
}

/**
 * Parses a gate file from YAML text. Pure: `file` is only named in findings.
 *
 * @throws TriptychError `gate-invalid` with every finding, sorted by place.
 */
export function parseGate(text: string, file: string): GateFile {
  const source = readSource(text, file, "gate-invalid");
  const checked = check(source);
  const gate = "document" in checked ? resolve(checked.document) : undefined;
  refuse(file, [
    ...("findings" in checked ? checked.findings : []),
    ...checkFindings(source),
    ...(gate === undefined ? [] : blockFindings(source, gate)),
  ]);
  if (gate === undefined) throw new TriptychError("internal", "findings without a mistake");
  return {
    gate,
    requireVariants: ({ variants }) => {
      refuse(file, [...unknownVariants(source, Object.keys(variants)), ...unlikeVariants(source, variants)]);
    },
  };
}
