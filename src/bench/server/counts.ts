import type { Duration, ModelStatistics } from "../../client/index.ts";
import type { Counted, ModelCounts } from "../records/types.ts";

const DURATIONS = {
  success: "success",
  fail: "fail",
  queue: "queue",
  input: "computeInput",
  infer: "computeInfer",
  output: "computeOutput",
} as const satisfies Record<string, keyof ModelStatistics>;

type Name = keyof typeof DURATIONS;

interface Totals {
  inferences: bigint;
  executions: bigint;
  readonly durations: Record<Name, { count: bigint; ns: bigint }>;
}

const NAMES = Object.keys(DURATIONS) as Name[];

function noTotals(): Totals {
  const none = () => ({ count: 0n, ns: 0n });
  return {
    inferences: 0n,
    executions: 0n,
    durations: { success: none(), fail: none(), queue: none(), input: none(), infer: none(), output: none() },
  };
}

function addTo(totals: Totals, reading: ModelStatistics, sign: 1n | -1n): void {
  totals.inferences += sign * reading.inferenceCount;
  totals.executions += sign * reading.executionCount;
  for (const name of NAMES) {
    const { count, ns }: Duration = reading[DURATIONS[name]];
    totals.durations[name].count += sign * count;
    totals.durations[name].ns += sign * ns;
  }
}

function isBackwards({ inferences, executions, durations }: Totals): boolean {
  return inferences < 0n || executions < 0n || NAMES.some((name) => durations[name].count < 0n);
}

function countsOf(model: string, { inferences, executions, durations }: Totals): ModelCounts {
  const counted = (name: Name): Counted => [`${durations[name].count}`, `${durations[name].ns}`];
  return {
    model,
    inferences: `${inferences}`,
    executions: `${executions}`,
    success: counted("success"),
    fail: counted("fail"),
    queue: counted("queue"),
    input: counted("input"),
    infer: counted("infer"),
    output: counted("output"),
  };
}

/**
 * What Triton counted between two readings, over all versions of a model and, where several servers were read, over all
 * of them; models that nobody called are left out.
 *
 * @returns Undefined where a counter went backwards: a model was loaded anew in between, and what it had counted is lost.
 */
export function countsBetween(
  before: readonly ModelStatistics[],
  after: readonly ModelStatistics[],
): ModelCounts[] | undefined {
  const all = new Map<string, Totals>();
  const totalsOf = (name: string): Totals => {
    const known = all.get(name) ?? noTotals();
    all.set(name, known);
    return known;
  };
  for (const reading of after) addTo(totalsOf(reading.name), reading, 1n);
  for (const reading of before) addTo(totalsOf(reading.name), reading, -1n);
  const moved = [...all].filter(([, { durations }]) =>
    NAMES.some((name) => durations[name].count !== 0n || durations[name].ns !== 0n),
  );
  if ([...all.values()].some(isBackwards)) return undefined;
  return moved.map(([model, totals]) => countsOf(model, totals)).sort((a, b) => (a.model < b.model ? -1 : 1));
}
