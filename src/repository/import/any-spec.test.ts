import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { isTriptychError } from "../../errors/index.ts";
import { importRepository } from "./import.ts";
import { rendered, write } from "./testing.ts";

const RUNS = Number(process.env["TRIPTYCH_IMPORT_RUNS"] ?? 30);

const folder = mkdtempSync(join(tmpdir(), "triptych-import-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("any spec", () => {
  const stage = fc.constantFrom("fp32", "fp16", "bf16");
  const precision = fc.constantFrom("fp32", "fp16", "bf16", "int8", "fp8");
  const weights = fc.constantFrom("base", "distilled-4step", "a.fp16", "fp16", "b_1");
  const both = <T>(value: fc.Arbitrary<T>) =>
    fc.oneof(value, fc.record({ highNoise: value, lowNoise: value }));
  const scale = fc.double({ min: 0, max: 30, noNaN: true });
  const variant = fc.record({
    experts: fc.record({
      precision: both(precision),
      weights: both(weights),
      calibration: fc.constant("prompts.txt"),
    }),
    sampler: fc.record({
      solver: fc.constantFrom("euler", "unipc", "dpmpp2m"),
      steps: fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 3 }),
      shift: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.double({ min: 0.5, max: 20, noNaN: true })),
      boundary: fc.double({ min: 0, max: 1, noNaN: true }),
      guidance: fc.oneof(fc.constant("off"), fc.record({ highNoise: scale, lowNoise: scale })),
    }),
  });
  const target = fc.oneof(
    fc.record({
      runtime: fc.constantFrom("onnxruntime"),
      triton: fc.constantFrom("embedded", "26.08"),
      experts: fc.constantFrom("resident", "relay"),
      threads: fc.integer({ min: 1, max: 256 }),
    }),
    fc.record(
      {
        runtime: fc.constant("tensorrt"),
        triton: fc.constantFrom("26.08", "25.09"),
        experts: fc.constantFrom("resident", "relay"),
        gpu: fc.constantFrom("h200", "gpu", "b300", "a-26.08", "x.y-1"),
      },
      { requiredKeys: ["runtime", "triton", "experts"] },
    ),
  );
  const video = fc.record({
    width: fc.integer({ min: 1, max: 80 }).map((n) => n * 16),
    height: fc.integer({ min: 1, max: 80 }).map((n) => n * 16),
    frames: fc.integer({ min: 0, max: 30 }).map((n) => 4 * n + 1),
    fps: fc.integer({ min: 1, max: 120 }),
  });
  const spec = fc.record({
    version: fc.constant(1),
    name: fc.constantFrom("a", "null", "wan.2-x", "true", "e1"),
    family: fc.constantFrom("wan-tiny", "wan2.2-t2v-a14b"),
    video,
    target,
    stages: fc.record({
      textEncoder: fc.record({ precision: stage }),
      vaeDecoder: fc.record({ precision: stage }),
      videoEncoder: fc.record({
        codec: fc.constantFrom("h264", "vp9"),
        crf: fc.integer({ min: 0, max: 51 }),
        enlarge: fc.integer({ min: 1, max: 8 }),
      }),
    }),
    variants: fc.dictionary(
      fc.constantFrom("final", "draft", "null", "a_stream", "x_denoiser", "on", "z9"),
      variant,
      {
        minKeys: 1,
        maxKeys: 3,
      },
    ),
  });

  it("comes back from its repository, so that it leads to the same files again", async () => {
    let tried = 0;
    const property = fc.asyncProperty(spec, async (value) => {
      const tiny = value.family === "wan-tiny" ? { width: 64, height: 64, frames: 17 } : {};
      const text = JSON.stringify({ ...value, video: { ...value.video, ...tiny } });
      try {
        rendered(text);
      } catch (reason) {
        // One that nobody can serve.
        if (isTriptychError(reason)) return;
        throw reason;
      }
      tried += 1;
      const place = await write(text, folder);
      const found = await importRepository(place);
      expect(found).toMatchObject({ gaps: [], spec: { losses: [] } });
      expect([...rendered(found.spec?.text ?? "")]).toEqual([...rendered(text)]);
      rmSync(place, { recursive: true, force: true });
    });
    await fc.assert(property, { numRuns: RUNS });
    expect(tried).toBeGreaterThan(RUNS / 5);
  }, 600_000);
});
