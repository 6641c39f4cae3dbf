import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { GPUS, type Gpu } from "../diffusion/index.ts";
import { type PipelineSpec, parseSpec } from "../spec/index.ts";
import { fitOf } from "./fit.ts";
import { planPipeline } from "./plan.ts";
import { proposalsFor } from "./propose.ts";

const text = readFileSync(new URL("../../configs/wan2.2-t2v-a14b.yaml", import.meta.url), "utf8");

function spec(...edits: readonly (readonly [from: string, to: string])[]): PipelineSpec {
  const edited = edits.reduce((current, [from, to]) => {
    if (!current.includes(from)) throw new TypeError(`no ${from}`);
    return current.replace(from, to);
  }, text);
  return parseSpec(edited, "a14b.yaml");
}

function gpu(name: string): Gpu {
  const found = GPUS[name];
  if (found === undefined) throw new TypeError(name);
  return found;
}

const FINAL_INT8 = [
  "experts: { precision: fp16 }",
  "experts: { precision: int8, calibration: c.txt }",
] as const;
const RESIDENT = ["experts: relay", "experts: resident"] as const;
const P720 = ["width: 832, height: 480", "width: 1280, height: 720"] as const;

describe("memory", () => {
  const verdict = (of: PipelineSpec, name: string, variant: string, residency: string) =>
    fitOf(of, gpu(name))
      .variants.find((row) => row.variant === variant)
      ?.memory.find((row) => row.residency === residency)?.verdict;

  it("of one 16-bit expert at a time, with text encoder and VAE, is room enough on 48 GB", () => {
    expect(verdict(spec(), "a40", "final", "relay")).toBe("fits");
    expect(verdict(spec(), "a40", "final", "resident")).toBe("no");
  });

  it("of both INT8 experts without a 16-bit one is tight on 48 GB beside the text encoder", () => {
    expect(verdict(spec(), "l40s", "draft", "relay")).toBe("fits");
    expect(verdict(spec(), "l40s", "draft", "resident")).toBe("no");
  });

  it("of both 16-bit experts is room enough on 80 GB", () => {
    expect(verdict(spec(), "a100-80g", "final", "resident")).toBe("fits");
  });

  it("of an INT8 expert alone would do for 24 GB at 480P and not at 720P; with the text encoder neither does", () => {
    const parts = (of: PipelineSpec) => fitOf(of, gpu("a10")).variants[1]?.memory[1];
    const [small, large] = [parts(spec()), parts(spec(P720))];
    if (small === undefined || large === undefined) throw new TypeError("no draft");
    const room = gpu("a10").memoryBytes;
    expect(small.total[0] - small.textEncoder).toBeLessThan(room);
    expect(large.total[0] - large.textEncoder).toBeGreaterThan(room);
    expect(small.verdict).toBe("no");
  });

  it("counts the experts of all variants where they are resident", () => {
    const { served, host } = fitOf(spec(RESIDENT), gpu("h200"));
    expect(served.experts / 1e9).toBeCloseTo(2 * 28.6 + 2 * 16.6, 0);
    expect(host.least / 1e9).toBeCloseTo(28.6, 1);
    expect(host.forRelay).toBe(served.experts);
  });
});

describe("time", () => {
  const time = (name: string, variant: string, of = spec()) =>
    fitOf(of, gpu(name)).variants.find((row) => row.variant === variant)?.time;

  it("counts a guided step as two passes, and an unguided one as one", () => {
    expect(time("a40", "final")?.passes).toEqual({ steps: 40, passesPerStep: 2 });
    expect(time("a40", "draft")?.passes).toEqual({ steps: 4, passesPerStep: 1 });
  });

  it("tells what INT8 weights can give at most", () => {
    expect(time("a40", "draft")?.int8Ceiling).toBeCloseTo(1.31, 2);
    expect(time("a40", "draft", spec(P720))?.int8Ceiling).toBeCloseTo(1.16, 2);
  });

  it.each([
    ["h100", "draft", "met"],
    ["h100", "final", "open"],
    ["a100-80g", "final", "missed"],
    ["a40", "draft", "missed"],
    ["l40s", "draft", "open"],
  ])("on a %s, %s: the aim is %s", (name, variant, expected) => {
    expect(time(name, variant)?.verdict).toBe(expected);
  });

  it("counts each expert by its own precision and its own steps", () => {
    const mixed = spec([
      "experts: { precision: fp16 }",
      "experts: { precision: { highNoise: int8, lowNoise: fp16 }, calibration: c.txt }",
    ]);
    const [all16, all8] = [time("a40", "final")?.bound, time("a40", "final", spec(FINAL_INT8))?.bound];
    if (all16 === undefined || all8 === undefined) throw new TypeError("no bound");
    // 26 of the 40 steps are the high-noise expert's.
    expect(time("a40", "final", mixed)?.bound).toBeCloseTo((26 * all8 + 14 * all16) / 40, 6);
  });

  it("has no bound for FP8 on a GPU without it", () => {
    const fp8 = spec(["experts: { precision: fp16 }", "experts: { precision: fp8, calibration: c.txt }"]);
    expect(time("a40", "final", fp8)).not.toHaveProperty("bound");
    expect(time("l40s", "final", fp8)?.bound).toBeCloseTo(283, 0);
  });
});

describe("proposals", () => {
  const proposed = (of: PipelineSpec, name: string) => proposalsFor(of, fitOf(of, gpu(name)));

  it("are none where all is well", () => {
    expect(proposed(spec(["steps: [40, 50]", "steps: [20]"]), "h200")).toEqual([]);
  });

  it("name the nearest value that can meet the aim, and no nearer one can", () => {
    const found = proposed(spec(), "a100-80g").find(({ change }) => change.startsWith("steps"));
    expect(found?.change).toBe("steps: [14]");
    const after = (steps: number) =>
      fitOf(spec(["steps: [40, 50]", `steps: [${steps}]`]), gpu("a100-80g")).variants[0]?.time.verdict;
    expect([after(14), after(15)]).toEqual(["open", "missed"]);
  });

  it("name other GPUs only where they meet it", () => {
    const gpus = proposed(spec(), "a40").filter(
      ({ change, variant }) => change.startsWith("gpu") && variant === "final",
    );
    expect(gpus.map(({ change }) => change)).toEqual(["gpu: h100", "gpu: h200"]);
  });

  it("say how a pipeline would fit", () => {
    const changes = proposed(spec(RESIDENT), "a40").filter(({ variant }) => variant === undefined);
    expect(changes[0]).toEqual({ change: "experts: relay", then: "the pipeline fits" });
  });
});

describe("planPipeline", () => {
  it("refuses what cannot fit the GPU of its target, with the nearest that does", () => {
    const a10 = spec(["gpu: a40", "gpu: a10"]);
    expect(() => planPipeline(a10)).toThrow("does not fit a10");
    expect(() => planPipeline(spec(RESIDENT))).toThrow("does not fit a40");
    expect(() => planPipeline(spec(FINAL_INT8))).not.toThrow();
  });

  it("says nothing of a GPU that it does not know", () => {
    expect(() => planPipeline(spec(["gpu: a40", "gpu: b300"]))).not.toThrow();
  });
});
