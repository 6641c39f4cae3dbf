import { relativeRisk } from "../file/risk.ts";
import { type Gate, measuredVariants } from "../file/types.ts";
import { type CheckResult, type GateEvidence, type GateReport, VERDICT_VERSION } from "../report/types.ts";
import { FAMILY_RISK, type Verdict } from "../stats/verdict.ts";
import { type AcceptedFile, acceptedOf } from "./accepted.ts";
import { isBroken, type Sifted, siftBlocks } from "./blocks.ts";
import { requireData } from "./data.ts";
import { judgeExact } from "./exact.ts";
import { partDeltas } from "./parts.ts";
import { judgeQuality } from "./quality.ts";
import { judgeRelative } from "./relative.ts";
import { judgeSlo } from "./slo.ts";
import { type HistoryEntry, judgeTrend } from "./trend.ts";

/** What a gate knows besides the evidence of the run. */
export interface GateKnowledge {
  readonly accepted?: AcceptedFile | undefined;
  readonly history: readonly HistoryEntry[];
}

/** A run in which clips fail on one side only says something; one whose server went away does not. */
function requestCheck({ blocks, sides }: GateEvidence): CheckResult[] {
  if (blocks.length === 0) return [];
  const failed = (side: string) =>
    blocks.flatMap(({ halves }) =>
      halves
        .filter((half) => half.side === side)
        .flatMap(({ clips }) => clips.filter(({ outcome }) => outcome !== "ok")),
    );
  const [base, candidate] = [failed("base"), failed("candidate")];
  const all = [...base, ...candidate];
  const gone = all.find(({ outcome }) => outcome === "unreachable");
  const kinds = [...new Set(all.map(({ outcome, message = "" }) => `${outcome}: ${message}`))]
    .slice(0, 3)
    .join("; ");
  const verdict: Verdict =
    all.length === 0
      ? "passed"
      : gone !== undefined || base.length >= candidate.length
        ? "invalid"
        : "failed";
  const who =
    sides.length < 2
      ? `${candidate.length} failed`
      : `${base.length} of the base and ${candidate.length} of the candidate failed`;
  const message = all.length === 0 ? "no clip failed" : `${who}: ${kinds}`;
  return [
    {
      name: "requests",
      layer: "slo",
      variant: "all",
      metric: "failures",
      severity: "fail",
      verdict,
      message,
    },
  ];
}

/** The check that blocks could be used; without it, a gate would judge by what little a noisy machine left. */
function hostCheck(sifted: Sifted): CheckResult[] {
  if (!isBroken(sifted)) return [];
  const { usable, dropped } = sifted;
  const message = `${dropped.length} of ${usable.length + dropped.length} blocks cannot be used: ${dropped.slice(0, 3).join("; ")}`;
  return [
    {
      name: "host",
      layer: "relative",
      variant: "all",
      metric: "host",
      severity: "fail",
      verdict: "invalid",
      message,
    },
  ];
}

/** One verdict of many: a failure on valid data says more than a broken run, and that more than too little data. */
export function overall(checks: readonly CheckResult[]): Verdict {
  const decide = checks.filter(({ severity }) => severity === "fail").map(({ verdict }) => verdict);
  for (const verdict of ["failed", "invalid", "inconclusive"] as const)
    if (decide.includes(verdict)) return verdict;
  return "passed";
}

function timed(gate: Gate, evidence: GateEvidence, sifted: Sifted, known: GateKnowledge): CheckResult[] {
  const { usable } = sifted;
  const base = evidence.sides.find(({ name }) => name === "base")?.identity;
  const settings = {
    risk: relativeRisk(gate),
    accepted: acceptedOf(known.accepted, base),
  };
  const all = [
    ...gate.checks.slo.map((check) => judgeSlo(check, usable)),
    ...gate.checks.relative.map((check) => judgeRelative(check, usable, settings)),
    ...gate.checks.trend.map((check) => judgeTrend(check, usable, known.history, evidence)),
  ];
  if (!isBroken(sifted)) return all;
  // What a broken run measured is told, and decides nothing.
  return all.map((check) => ({ ...check, verdict: "invalid" }));
}

/**
 * What a gate says of what was measured. Pure.
 *
 * @throws TriptychError `gate-invalid` where a check matches no data
 */
export function evaluateGate(gate: Gate, evidence: GateEvidence, known: GateKnowledge): GateReport {
  const sifted = siftBlocks(evidence.blocks, gate.host);
  requireData(gate, sifted.usable, evidence.samples);
  const base = evidence.sides.find(({ name }) => name === "base")?.identity;
  const accepted = acceptedOf(known.accepted, base);
  const checks = [
    ...requestCheck(evidence),
    ...hostCheck(sifted),
    ...gate.checks.exact.map((check) => judgeExact(check, evidence, accepted)),
    ...gate.checks.quality.map((check) => judgeQuality(check, evidence.samples, evidence.adherence)),
    ...timed(gate, evidence, sifted, known),
  ];
  const { startedAt, sides, host, configuration, blocks } = evidence;
  return {
    ...{
      format: "triptych-gate",
      version: VERDICT_VERSION,
      gate: gate.name,
      startedAt,
      sides,
      host,
      configuration,
    },
    verdict: overall(checks),
    checks,
    blocks: { measured: blocks.length, usable: sifted.usable.length, dropped: sifted.dropped },
    parts: sides.length < 2 ? [] : partDeltas(sifted.usable, measuredVariants(gate)),
    familyRisk: gate.checks.relative.length === 0 ? 0 : FAMILY_RISK,
  };
}

/** Whether another block is worth its time: until the planned ones are there, and then while a check cannot tell. */
export function wantsMore(gate: Gate, evidence: GateEvidence, known: GateKnowledge): boolean {
  const { blocks } = evidence;
  if (gate.checks.relative.length === 0 && blocks.length >= gate.blocks) return false;
  const gone = blocks
    .at(-1)
    ?.halves.some(({ clips }) => clips.some(({ outcome }) => outcome === "unreachable"));
  if (gone === true) return false;
  if (blocks.length < gate.blocks) return true;
  const sifted = siftBlocks(blocks, gate.host);
  // Blocks that were left out are made up for, once.
  if (blocks.length >= 2 * gate.most || isBroken(sifted)) return false;
  const count = sifted.usable.length;
  if (count < gate.blocks) return true;
  if (count >= gate.most) return false;
  // Only the looks that the risk was shared out over: at the planned blocks, and at the most.
  if (count > gate.blocks) return true;
  return timed(gate, evidence, sifted, known).some(
    ({ layer, severity, verdict }) =>
      layer === "relative" && severity === "fail" && verdict === "inconclusive",
  );
}
