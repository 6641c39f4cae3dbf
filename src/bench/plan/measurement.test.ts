import { describe, expect, it } from "vitest";
import type { Measurement } from "../records/types.ts";
import { MEASUREMENT, START } from "../testing/runs.ts";
import { requireMeasurement, requireServed } from "./measurement.ts";

const DRAFT = { variant: "draft", weight: 1 };

/** What a program without types may ask for. */
function measurement(changes: object): Measurement {
  return { ...MEASUREMENT, ...changes };
}

function mix(changes: object): Measurement {
  return measurement({ mix: { ...MEASUREMENT.mix, ...changes } });
}

const refused: [string, Measurement][] = [
  ["most in flight: expected a whole number above 0, got 0", measurement({ maxInFlight: 0 })],
  ["deadline: expected a number above 0, got -1", measurement({ deadlineMs: -1 })],
  ["seed", measurement({ seed: 0.5 })],
  ["door: expected stream or ensemble, got window", measurement({ door: "window" })],
  ["warm-up", measurement({ warmUp: { requests: -1 } })],
  ["load: expected closed, .* got zzz", measurement({ load: { kind: "zzz" } })],
  ["none of load", measurement({ load: null })],
  ["trace", measurement({ load: { kind: "trace", offsetsMs: [5, 1] } })],
  ["trace", measurement({ load: { kind: "trace", offsetsMs: [] } })],
  ["4 requests cannot keep 5 under way", measurement({ load: { kind: "closed", concurrency: 5 } })],
  ["prompt: expected some text", mix({ prompts: [{ text: " ", weight: 1 }] })],
  ["draft is named twice", mix({ variants: [DRAFT, { variant: "draft", weight: 2 }] })],
  ["lists of variants", mix({ variants: undefined })],
];

describe("requireMeasurement", () => {
  it.each(refused)("says: %s", (message, wrong) => {
    expect(() => {
      requireMeasurement(wrong);
    }).toThrow(expect.objectContaining({ code: "usage", message: expect.stringMatching(message) as string }));
  });

  it("takes as many requests as are under way, and one variant with two step counts", () => {
    requireMeasurement(measurement({ load: { kind: "closed", concurrency: 4 } }));
    requireMeasurement(mix({ variants: [{ ...DRAFT, steps: 4 }, DRAFT] }));
    requireMeasurement(
      measurement({ load: { kind: "closed", concurrency: 50 }, extent: { durationMs: 10 } }),
    );
  });
});

it.each([
  [{ variant: "drafft", weight: 1 }, /expected one of draft, got drafft/],
  [{ variant: "draft", weight: 1, steps: 5 }, /draft offers 4, got 5/],
])("requireServed refuses %j", (variant, message) => {
  expect(() => {
    requireServed(START.pipeline, mix({ variants: [variant] }));
  }).toThrow(message);
});
