import { readServedPath, type ServedChoice } from "../artifacts/paths.ts";
import { expertNames } from "../variant.ts";
import type { Evidence } from "./evidence.ts";

/** How the weights of a network are served, by the name of their file. */
export function choiceOf(evidence: Evidence, network: string): ServedChoice | undefined {
  const { source } = evidence.model(network) ?? {};
  const choice = source === undefined ? undefined : readServedPath(source, network);
  if (choice !== undefined) return choice;
  const expected = `a link to weights such as ${network}.fp16.onnx or ${network}.fp16.plan`;
  evidence.miss(`repository.json: links: models/${network}/1`, expected, source);
  return undefined;
}

/** One value where both experts have the same, else one for each. */
function together(highNoise: string, lowNoise: string): unknown {
  return highNoise === lowNoise ? highNoise : { highNoise, lowNoise };
}

/** Experts of a variant as a spec has them. */
export interface RecoveredExperts {
  readonly precision: unknown;
  readonly weights?: unknown;
  readonly calibration?: string;
}

/** Precision and weights of a variant's experts. */
export function expertsOf(evidence: Evidence, variant: string): RecoveredExperts | undefined {
  const names = expertNames(variant);
  const [high, low] = [choiceOf(evidence, names.highNoise), choiceOf(evidence, names.lowNoise)];
  if (high === undefined || low === undefined) return undefined;
  const isBase = high.weights === "base" && low.weights === "base";
  return {
    precision: together(high.precision, low.precision),
    ...(isBase ? {} : { weights: together(high.weights, low.weights) }),
  };
}
