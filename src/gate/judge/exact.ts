import { createHash } from "node:crypto";
import type { PairBlock, Sample, SideName } from "../../bench/index.ts";
import type { GateCheck } from "../file/types.ts";
import type { CheckResult } from "../report/types.ts";
import type { Accepted } from "./accepted.ts";
import { callsOf } from "./calls.ts";
import { checkFields } from "./check-fields.ts";

type ExactCheck = GateCheck<"exact">;

function sampleValue(check: ExactCheck, samples: readonly Sample[], side: SideName): string | undefined {
  const facts = samples.filter(({ variant }) => variant === check.variant).map(({ sides }) => sides[side]);
  const { metric } = check;
  if (facts.length === 0 || metric === "calls") return undefined;
  const values = facts.flatMap((one) => (one === undefined ? [] : [String(one[metric])]));
  if (values.length < facts.length) return undefined;
  // Bytes are worth reading one by one; digests are not.
  return metric === "bytes" ? values.join(" ") : createHash("sha256").update(values.join()).digest("hex");
}

const short = (value: string): string => (/^[0-9a-f]{64}$/.test(value) ? value.slice(0, 12) : value);

function differenceText(base: string, candidate: string): string {
  const [before, after] = [base.split(", "), candidate.split(", ")];
  const gone = before.filter((part) => !after.includes(part));
  const come = after.filter((part) => !before.includes(part));
  return `${gone.map(short).join(", ") || "nothing"} became ${come.map(short).join(", ") || "nothing"}`;
}

/** Judges what must be as in the base: no change, or the one that was accepted. */
export function judgeExact(
  check: ExactCheck,
  evidence: { readonly blocks: readonly PairBlock[]; readonly samples: readonly Sample[] },
  accepted: Accepted,
): CheckResult {
  const [base, candidate] = (["base", "candidate"] as const).map((side) =>
    check.metric === "calls"
      ? callsOf(evidence.blocks, side, check.variant)
      : sampleValue(check, evidence.samples, side),
  );
  const known = accepted.valueOf(check.name);
  const result = (verdict: CheckResult["verdict"], message: string): CheckResult => ({
    ...checkFields(check),
    verdict,
    message,
    ...(candidate === undefined ? {} : { value: candidate }),
    ...(known === undefined ? {} : { accepted: known.reason }),
  });
  if (candidate === undefined) return result("inconclusive", "nothing was measured");
  if (candidate === base) return result("passed", `as in the base: ${short(candidate)}`);
  if (candidate === known?.value) return result("passed", `as accepted: ${known.reason}`);
  const before = base ?? known?.value;
  if (before === undefined) return result("inconclusive", "there is no base, and no value was accepted yet");
  return result("failed", differenceText(String(before), candidate));
}
