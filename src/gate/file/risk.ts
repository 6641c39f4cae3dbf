import { fewestBlocks, riskOf } from "../stats/verdict.ts";
import type { Gate } from "./types.ts";

/** How often relative checks are looked at: once, and again at the most blocks where the first look did not tell. */
export function looksOf({ blocks, most }: Gate): number {
  return most > blocks ? 2 : 1;
}

/** The risk of each relative check at each look: what a gate may fail wrongly, shared out over those that decide. */
export function relativeRisk(gate: Gate): number {
  const deciding = gate.checks.relative.filter(({ severity }) => severity !== "warn");
  return riskOf(deciding.length, looksOf(gate));
}

/** Fewest blocks with which a relative check can fail, or pass. */
export function fewestToFail(gate: Gate): number {
  return fewestBlocks(relativeRisk(gate));
}
