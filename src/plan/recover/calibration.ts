import type { AssumedSetting } from "./types.ts";
import type { RecoveredExperts } from "./weights.ts";

/** A variant with the part of it that may need prompts. */
interface Calibrated {
  readonly experts: RecoveredExperts | undefined;
}

/** What decides whether prompts are needed. */
interface CalibratedSpec<V extends Calibrated> {
  readonly runtime: unknown;
  readonly vaePrecision: unknown;
  readonly variants: Readonly<Record<string, V>>;
}

const EIGHT_BIT = ["int8", "fp8"];

/**
 * Prompts for calibration, which a spec must name where weights are made smaller, and which leave no trace in a
 * repository.
 */
export function assumedCalibration<V extends Calibrated>(
  name: unknown,
  spec: CalibratedSpec<V>,
): { readonly variants: Readonly<Record<string, V>>; readonly assumed: readonly AssumedSetting[] } {
  const file = `calibration/${String(name)}.txt`;
  const needed = needing(spec);
  const entries = Object.entries(spec.variants).map(([variant, value]) =>
    needed.includes(variant)
      ? ([variant, { ...value, experts: { ...value.experts, calibration: file } }] as const)
      : ([variant, value] as const),
  );
  return {
    variants: Object.fromEntries(entries),
    assumed: needed.map((variant) => ({
      path: `variants.${variant}.experts.calibration`,
      value: file,
      reason: "a repository does not hold the prompts of a calibration",
    })),
  };
}

function needing<V extends Calibrated>({ runtime, vaePrecision, variants }: CalibratedSpec<V>): string[] {
  const names = Object.entries(variants)
    .filter(([, { experts }]) => precisionsOf(experts).some((word) => EIGHT_BIT.includes(word)))
    .map(([name]) => name);
  // An engine of the decoder in 16 bit is judged on what the experts were recorded with.
  const isDecoderSmall = runtime === "tensorrt" && vaePrecision !== "fp32";
  return names.length === 0 && isDecoderSmall ? Object.keys(variants).slice(0, 1) : names;
}

function precisionsOf(experts: RecoveredExperts | undefined): string[] {
  const { precision } = experts ?? {};
  return typeof precision === "object" && precision !== null
    ? Object.values(precision).map(String)
    : [String(precision)];
}
