import { toTriptychError } from "../../errors/index.ts";
import type { Gate } from "../file/types.ts";
import { type GateEvidence, type GateReport, VERDICT_VERSION } from "../report/types.ts";
import { siftBlocks } from "./blocks.ts";

/** A reason may end with the tail of a log. */
const LONGEST = 300;

/** What is known of a run that did not come to its end. */
export type PartialEvidence = Omit<GateEvidence, "samples" | "adherence">;

function reasonText(reason: unknown): string {
  const { code, message } = toTriptychError(reason);
  const [line = ""] = message.split("\n");
  return `${code}: ${line.slice(0, LONGEST)}`;
}

/** The verdict of a run that broke, or was interrupted: invalid, and why. */
export function brokenReport(gate: Gate, evidence: PartialEvidence, reason: unknown): GateReport {
  const { startedAt, sides, host, configuration, blocks } = evidence;
  const { usable, dropped } = siftBlocks(blocks, gate.host);
  return {
    ...{ format: "triptych-gate", version: VERDICT_VERSION, gate: gate.name },
    ...{ startedAt, sides, host, configuration },
    verdict: "invalid",
    checks: [
      {
        ...{ name: "run", layer: "slo", variant: "all", metric: "run", severity: "fail" },
        verdict: "invalid",
        message: `did not come to its end: ${reasonText(reason)}`,
      },
    ],
    blocks: { measured: blocks.length, usable: usable.length, dropped },
    parts: [],
    familyRisk: 0,
  };
}
