import {
  type Door,
  type Extent,
  type Load,
  type MixedPrompt,
  type MixedVariant,
  parsePrompts,
  parseTrace,
  type Sweep,
  type WarmUp,
} from "../../bench/index.ts";
import { TriptychError } from "../../errors/index.ts";
import type { Contract } from "../../model-config/index.ts";
import { readText } from "../read-text.ts";

/** Options of `triptych bench`. */
export interface BenchOptions {
  readonly spec: string;
  readonly server: readonly string[];
  readonly variant?: readonly string[];
  readonly mix?: readonly MixedVariant[];
  readonly steps?: readonly number[];
  readonly prompt?: readonly string[];
  readonly prompts?: string;
  readonly concurrency?: readonly number[];
  readonly rate?: readonly number[];
  readonly arrivals?: "poisson" | "constant";
  readonly ramp?: readonly [number, number];
  readonly trace?: string;
  readonly requests?: number;
  readonly durationMs?: number;
  readonly warmUp?: number;
  readonly warmUpMs?: number;
  readonly seed: number;
  readonly door: Door;
  readonly deadlineMs: number;
  readonly maxInFlight?: number;
  readonly metrics?: readonly string[];
  readonly serverPid?: number;
  readonly out: string;
  readonly resume?: boolean;
  readonly ignoreChecks?: boolean;
  /** Milliseconds; looks for the highest load under which the percentile stays below. */
  readonly belowMs?: number;
  readonly percentile?: number;
  /** Highest load that a search tries. */
  readonly upTo?: number;
}

/** What a variant of wan-tiny knows, in its three languages. */
const DEFAULT_PROMPTS = ["a red circle moves right", "蓝色方形向上移动", "緑の三角形が左に動く"];

const DEFAULT_REQUESTS = 20;
const DEFAULT_IN_FLIGHT = 1000;

/** Rounds of a closed loop, where nobody says how many requests. */
const DEFAULT_ROUNDS = 4;
const DEFAULT_WARM_UP = 2;

async function promptsOf({ prompt = [], prompts }: BenchOptions): Promise<readonly MixedPrompt[]> {
  const named = prompt.map((text) => ({ text, weight: 1 }));
  const read = prompts === undefined ? [] : parsePrompts(await readText(prompts), prompts);
  const all = [...named, ...read];
  return all.length > 0 ? all : DEFAULT_PROMPTS.map((text) => ({ text, weight: 1 }));
}

function requireVariant(contract: Contract, option: string, name: string): void {
  if (contract.variants[name] !== undefined) return;
  const names = Object.keys(contract.variants).join(", ");
  throw new TriptychError("usage", `${option}: expected one of ${names}, got ${name}`);
}

function requireSteps(contract: Contract, { variant, steps }: MixedVariant): void {
  const known = contract.variants[variant]?.steps ?? [];
  if (steps === undefined || known.includes(steps)) return;
  throw new TriptychError("usage", `--steps: ${variant} offers ${known.join(", ")}, got ${steps}`);
}

/** Either one mix of variants, or each variant by itself with each step count. */
function variantsOf(contract: Contract, options: BenchOptions): readonly (readonly MixedVariant[])[] {
  const { mix, variant, steps = [undefined] } = options;
  if (mix !== undefined) {
    for (const one of mix) requireVariant(contract, "--mix", one.variant);
    return steps.map((count) =>
      mix.map((one) => ({ ...one, ...(count === undefined ? {} : { steps: count }) })),
    );
  }
  const names = variant ?? Object.keys(contract.variants).slice(0, 1);
  for (const name of names) requireVariant(contract, "--variant", name);
  return names.flatMap((name) =>
    steps.map((count) => [{ variant: name, weight: 1, ...(count === undefined ? {} : { steps: count }) }]),
  );
}

/** An option that would do nothing is a mistake: what was asked for is not what would be measured. */
function requireUsed(options: BenchOptions): void {
  const { mix, variant, rate, ramp, trace, arrivals, maxInFlight, belowMs, percentile, upTo } = options;
  const isOpen = rate !== undefined || ramp !== undefined || trace !== undefined;
  const idle: readonly (readonly [given: unknown, isUsed: boolean, message: string])[] = [
    [variant, mix === undefined, "--variant and --mix: expected one of them"],
    [arrivals, rate !== undefined, "--arrivals says how --rate is spread, and there is no --rate"],
    [maxInFlight, isOpen, "--max-in-flight takes --rate, --ramp or --trace; --concurrency is its own limit"],
    [percentile, belowMs !== undefined, "--percentile is that of --below, and there is no --below"],
    [upTo, belowMs !== undefined, "--up-to ends the search of --below, and there is no --below"],
  ];
  const found = idle.find(([given, isUsed]) => given !== undefined && !isUsed);
  if (found !== undefined)
    throw new TriptychError("usage", found[2], { hint: "leave one out, or add the other" });
}

async function loadsOf(options: BenchOptions): Promise<readonly Load[]> {
  const { concurrency, rate, arrivals, ramp, trace } = options;
  const given = { "--concurrency": concurrency, "--rate": rate, "--ramp": ramp, "--trace": trace };
  const named = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (named.length > 1)
    throw new TriptychError("usage", `expected one kind of load, got ${named.join(" and ")}`);
  if (rate !== undefined) return rate.map((perSecond) => ({ kind: arrivals ?? "poisson", perSecond }));
  if (ramp !== undefined) return [{ kind: "ramp", fromPerSecond: ramp[0], toPerSecond: ramp[1] }];
  if (trace !== undefined) return [{ kind: "trace", offsetsMs: parseTrace(await readText(trace), trace) }];
  return (concurrency ?? [1]).map((count) => ({ kind: "closed", concurrency: count }));
}

function extentOf({ requests, durationMs, trace, concurrency = [] }: BenchOptions): Extent {
  const isOpen = requests === undefined && durationMs === undefined && trace === undefined;
  const enough = Math.max(DEFAULT_REQUESTS, ...concurrency.map((count) => DEFAULT_ROUNDS * count));
  return {
    ...(isOpen ? { requests: enough } : {}),
    ...(requests === undefined ? {} : { requests }),
    ...(durationMs === undefined ? {} : { durationMs }),
  };
}

function warmUpOf({ warmUp, warmUpMs }: BenchOptions): WarmUp {
  if (warmUp === undefined && warmUpMs === undefined) return { requests: DEFAULT_WARM_UP };
  return {
    ...(warmUp === undefined ? {} : { requests: warmUp }),
    ...(warmUpMs === undefined ? {} : { durationMs: warmUpMs }),
  };
}

/**
 * What the options ask to be measured.
 *
 * @throws TriptychError `usage` for variants, step counts, loads and files that are none.
 */
export async function sweepOf(contract: Contract, options: BenchOptions): Promise<Sweep> {
  requireUsed(options);
  const variants = variantsOf(contract, options);
  for (const one of variants.flat()) requireSteps(contract, one);
  const { seed, door, deadlineMs, maxInFlight = DEFAULT_IN_FLIGHT } = options;
  return {
    base: { extent: extentOf(options), warmUp: warmUpOf(options), seed, door, deadlineMs, maxInFlight },
    prompts: await promptsOf(options),
    loads: await loadsOf(options),
    variants,
  };
}
