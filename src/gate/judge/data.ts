import type { PairBlock, Sample } from "../../bench/index.ts";
import { type Finding, TriptychError } from "../../errors/index.ts";
import type { Gate } from "../file/types.ts";
import { qualityValues } from "./quality.ts";
import { logRatios } from "./relative.ts";

/** Relative checks of what the sides never told. */
function blindRelative({ checks }: Gate, usable: readonly PairBlock[]): Finding[] {
  const served = usable.some(({ halves }) =>
    halves.some(({ clips }) => clips.some(({ outcome }) => outcome === "ok")),
  );
  const blind = checks.relative.filter((check) => served && logRatios(usable, check).length === 0);
  return blind.map(({ name, variant, metric }) => ({
    rule: "no-data",
    message: `checks.relative.${name}: neither side tells ${metric} of ${variant}`,
    hint: "memory is told of servers on this machine; stages by the streaming front door",
  }));
}

/** Quality checks that found no two clips to compare. */
function blindQuality({ checks }: Gate, samples: readonly Sample[]): Finding[] {
  const blind = checks.quality.filter((check) => {
    const made = samples.some(({ variant, sides }) => variant === check.variant && sides.candidate);
    return made && check.metric !== "adherence" && qualityValues(check, samples).length === 0;
  });
  return blind.map(({ name, against = "the base" }) => ({
    rule: "no-data",
    message: `checks.quality.${name}: no clip of ${against} has the size of the candidate's`,
    hint: "clips are compared pixel by pixel: let both have one size and length",
  }));
}

/**
 * Holds a gate to what was measured: a check that matches no data would pass for ever.
 *
 * @throws TriptychError `gate-invalid`
 */
export function requireData(gate: Gate, usable: readonly PairBlock[], samples: readonly Sample[]): void {
  const findings = [...blindRelative(gate, usable), ...blindQuality(gate, samples)];
  if (findings.length > 0)
    throw new TriptychError("gate-invalid", "a check matches no data", { details: { findings } });
}
