import { describe, expect, it } from "vitest";
import type { Sample } from "../../bench/index.ts";
import { isTriptychError } from "../../errors/index.ts";
import { renderAnnotations, renderGateJunit, renderGateMarkdown } from "../report/render.ts";
import type { GateReport } from "../report/types.ts";
import { blocksOf, clipOf, evidenceOf, gateOf, halfOf } from "../testing/evidence.ts";
import { type AcceptedFile, addressIdentity, parseAccepted, withAccepted } from "./accepted.ts";
import { checksOfBase } from "./comparable.ts";
import { evaluateGate, wantsMore } from "./evaluate.ts";

const RELATIVE = gateOf("  relative:\n    speed: { variant: draft, metric: response, tolerance: 0.05 }\n");
const NOTHING = { history: [] };

function verdictOf(report: GateReport, name: string): string | undefined {
  return report.checks.find((check) => check.name === name)?.verdict;
}

describe("relative checks", () => {
  it("pass equal builds, fail slower ones, and name the stage first", () => {
    expect(evaluateGate(RELATIVE, evidenceOf(), NOTHING).verdict).toBe("passed");
    const slow = evaluateGate(RELATIVE, evidenceOf({ blocks: blocksOf(20, 20) }), NOTHING);
    expect(slow.verdict).toBe("failed");
    expect(slow.parts[0]).toMatchObject({ part: "low_noise", variant: "draft" });
    expect(slow.parts[0]?.deltaMs).toBeCloseTo(20, 0);
    expect(slow.parts[0]?.sentence).toMatch(
      /^low_noise of draft takes (19|20)\.\d ms longer for a clip \(\d+ % of/,
    );
    expect(evaluateGate(RELATIVE, evidenceOf({ blocks: blocksOf(20, -20) }), NOTHING).verdict).toBe("passed");
  });

  it("are inconclusive where there are too few blocks, and say how many it takes", () => {
    const few = evaluateGate(RELATIVE, evidenceOf({ blocks: blocksOf(6, 40) }), NOTHING);
    expect(few.verdict).toBe("inconclusive");
    expect(few.checks.find(({ name }) => name === "speed")?.message).toContain("8 blocks take a verdict");
    // To pass takes fewer than to fail, and says what it passes by.
    const equal = evaluateGate(RELATIVE, evidenceOf({ blocks: blocksOf(6, 0) }), NOTHING);
    expect(equal.verdict).toBe("passed");
    expect(equal.checks.find(({ name }) => name === "speed")?.message).toMatch(
      /^response [+−][\d.]+ % \(at most \+[\d.]+ %\), 6 blocks; tolerance \+5\.0 %$/,
    );
  });

  it("decide nothing where the sender stalled in more than a quarter of the blocks", () => {
    const stalled = { generator: { utilization: 0.1, loopDelayP99Ms: 500 } };
    const blocks = [...blocksOf(14, 40), ...blocksOf(6, 40, stalled)];
    const report = evaluateGate(RELATIVE, evidenceOf({ blocks }), NOTHING);
    expect(report.verdict).toBe("invalid");
    expect(report.checks.find(({ name }) => name === "host")?.message).toMatch(
      /6 of 20 .*the sender stalled/,
    );
    // Fewer are left out, and counted.
    const some = evaluateGate(
      RELATIVE,
      evidenceOf({ blocks: [...blocksOf(18, 40), ...blocksOf(2, 40, stalled)] }),
      NOTHING,
    );
    expect([some.verdict, some.blocks.usable]).toEqual(["failed", 18]);
  });

  it("are refused where neither side tells what they name", () => {
    const gate = gateOf("  relative:\n    room: { variant: draft, metric: memory, tolerance: 0.05 }\n");
    expect(() => evaluateGate(gate, evidenceOf(), NOTHING)).toThrow(
      expect.toSatisfy((reason) => isTriptychError(reason, "gate-invalid")),
    );
  });

  it("only tell what is a warning", () => {
    const gate = gateOf(
      "  relative:\n    speed: { variant: draft, metric: response, tolerance: 0.05, severity: warn }\n",
    );
    const report = evaluateGate(gate, evidenceOf({ blocks: blocksOf(20, 20) }), NOTHING);
    expect([report.verdict, verdictOf(report, "speed")]).toEqual(["passed", "failed"]);
    expect(renderGateJunit(report)).not.toContain("<failure");
  });

  it("take an accepted slowdown for the base it was measured against, and for no other", () => {
    const accepted: AcceptedFile = withAccepted(undefined, "g", "k", [
      "speed",
      { value: 1.12, reason: "a better decoder", author: "a", at: "t", base: "b" },
    ]);
    const evidence = evidenceOf({ blocks: blocksOf(20, 20) });
    expect(evaluateGate(RELATIVE, evidence, { accepted, history: [] }).verdict).toBe("passed");
    const [base, candidate] = evidence.sides;
    if (base === undefined || candidate === undefined) throw new TypeError("no sides");
    const other = { ...evidence, sides: [{ ...base, identity: "other" }, candidate] };
    expect(evaluateGate(RELATIVE, other, { accepted, history: [] }).verdict).toBe("failed");
    // What listens at an address is not the same for ever.
    const identity = addressIdentity("127.0.0.1:8001");
    const server = { ...evidence, sides: [{ ...base, identity }, candidate] };
    const entry = { value: 1.12, reason: "why", author: "a", at: "t", base: identity };
    const old = withAccepted(undefined, "g", "k", ["speed", entry]);
    expect(evaluateGate(RELATIVE, server, { accepted: old, history: [] }).verdict).toBe("failed");
  });
});

describe("how long a gate measures", () => {
  const more = (blocks: ReturnType<typeof blocksOf>) => wantsMore(RELATIVE, evidenceOf({ blocks }), NOTHING);

  it("goes to the planned blocks, and on where they do not tell", () => {
    expect(more(blocksOf(19, 0))).toBe(true);
    expect(more(blocksOf(20, 0))).toBe(false);
    expect(more(blocksOf(20, 20))).toBe(false);
    // Just at the tolerance, where no number of blocks will tell.
    expect(more(blocksOf(20, 7.9))).toBe(true);
    expect(more(blocksOf(40, 7.9))).toBe(false);
  });

  it("ends where the server is gone", () => {
    const gone = clipOf(60, { outcome: "unreachable" });
    const last = { block: 3, halves: [halfOf("base", [gone]), halfOf("candidate", [gone])] };
    expect(more([...blocksOf(3, 0), last])).toBe(false);
  });
});

describe("clips that fail", () => {
  const failing = (side: "base" | "candidate", outcome: "inference-failed" | "unreachable") => {
    const blocks = blocksOf(20, 0).map(({ block, halves }) => ({
      block,
      halves: halves.map((half) =>
        half.side === side && block === 4 ? halfOf(side, [clipOf(60, { outcome, message: "why" })]) : half,
      ),
    }));
    return evaluateGate(RELATIVE, evidenceOf({ blocks }), NOTHING).verdict;
  };

  it("fail a candidate whose base makes them, and break a run otherwise", () => {
    expect(failing("candidate", "inference-failed")).toBe("failed");
    expect(failing("base", "inference-failed")).toBe("invalid");
    expect(failing("candidate", "unreachable")).toBe("invalid");
  });
});

const facts = { video: "v", frames: "f", bytes: 10, sound: true, flicker: 0.5 };

function sampleOf(candidate: Partial<typeof facts>, likeness: Sample["likeness"] = []): Sample {
  return {
    variant: "draft",
    prompt: "a",
    seed: 1,
    sides: { base: facts, candidate: { ...facts, ...candidate } },
    likeness,
  };
}

describe("exact checks", () => {
  const gate = gateOf("  exact:\n    same: { variant: draft, metric: frames }\n");

  it("pass what is as in the base or as it was accepted, and fail anything else", () => {
    const judge = (candidate: Partial<typeof facts>, accepted?: AcceptedFile) =>
      evaluateGate(gate, evidenceOf({ blocks: [], samples: [sampleOf(candidate)] }), {
        accepted,
        history: [],
      });
    expect(judge({}).verdict).toBe("passed");
    const changed = judge({ frames: "g" });
    expect(changed.verdict).toBe("failed");
    const value = changed.checks.find(({ name }) => name === "same")?.value ?? "";
    const entry = { value, reason: "a better decoder", author: "a", at: "t" };
    const accepted = withAccepted(undefined, "g", "k", ["same", entry]);
    expect(judge({ frames: "g" }, accepted).verdict).toBe("passed");
    expect(judge({ frames: "h" }, accepted).verdict).toBe("failed");
    const text = JSON.stringify(accepted);
    expect(parseAccepted(text, "a.json", "k")).toEqual(accepted);
    for (const [broken, configuration] of [
      [text, "other"],
      [text.slice(0, 40), "k"],
      ["[]", "k"],
    ] as const)
      expect(() => parseAccepted(broken, "a.json", configuration)).toThrow(/^a\.json/);
  });
});

describe("checks that compare with a base", () => {
  it("are named where a run has none, but for exact ones whose values can be accepted", () => {
    const checks =
      "  exact:\n    same: { variant: draft, metric: frames }\n  quality:\n    close: { variant: draft, metric: psnr, least: 30 }\n    light: { variant: draft, metric: ssim, against: light, least: 1 }\n    calm: { variant: draft, metric: flicker, most: 1 }\n  relative:\n    speed: { variant: draft, metric: response, tolerance: 0.05 }\n";
    const gate = gateOf(checks);
    expect(checksOfBase(gate)).toEqual(["exact.same", "quality.close", "relative.speed"]);
    expect(checksOfBase({ ...gate, accepted: "a.json" })).toEqual(["quality.close", "relative.speed"]);
  });
});

describe("quality checks", () => {
  it("are refused where no two clips can be compared", () => {
    const gate = gateOf("  quality:\n    close: { variant: draft, metric: psnr, least: 30 }\n");
    expect(() => evaluateGate(gate, evidenceOf({ blocks: [], samples: [sampleOf({})] }), NOTHING)).toThrow(
      expect.toSatisfy((reason) => isTriptychError(reason, "gate-invalid")),
    );
  });

  it("judge the worst clip and the mean", () => {
    const gate = gateOf(
      "  quality:\n    close: { variant: draft, metric: psnr, least: 30, leastMean: 35 }\n    sound: { variant: draft, metric: finite }\n    calm: { variant: draft, metric: flicker, most: 1 }\n    right: { variant: draft, metric: adherence, command: [judge], least: 0.9 }\n",
    );
    const samples = [40, 32].map((psnr) => sampleOf({}, [{ against: "base", psnr, ssim: 1 }]));
    const good = evaluateGate(gate, evidenceOf({ blocks: [], samples, adherence: { right: 1 } }), NOTHING);
    expect(good.verdict).toBe("passed");
    const bad = [29, 60].map((psnr) =>
      sampleOf({ sound: false, flicker: 2 }, [{ against: "base", psnr, ssim: 1 }]),
    );
    const report = evaluateGate(
      gate,
      evidenceOf({ blocks: [], samples: bad, adherence: { right: 0.5 } }),
      NOTHING,
    );
    expect(["close", "sound", "calm", "right"].map((name) => verdictOf(report, name))).toEqual(
      Array(4).fill("failed"),
    );
    const none = evaluateGate(gate, evidenceOf({ blocks: [], samples: [] }), NOTHING);
    expect(verdictOf(none, "close")).toBe("inconclusive");
  });
});

describe("trends", () => {
  it("are told against earlier runs of the same host and configuration, and decide nothing", () => {
    const gate = gateOf("  trend:\n    drift: { variant: draft, metric: response }\n");
    const run = (value: number, host = "a machine") => ({
      at: "t",
      host,
      configuration: "k",
      medians: { drift: value },
    });
    const judge = (history: readonly ReturnType<typeof run>[]) =>
      evaluateGate(gate, evidenceOf(), { history });
    const steady = Array.from({ length: 10 }, (_, index) => run(150 + index));
    expect(verdictOf(judge(steady), "drift")).toBe("passed");
    const fast = judge(Array.from({ length: 10 }, (_, index) => run(50 + index)));
    expect([fast.verdict, verdictOf(fast, "drift")]).toEqual(["passed", "failed"]);
    expect(verdictOf(judge(steady.map(() => run(50, "another"))), "drift")).toBe("inconclusive");
  });
});

describe("a report", () => {
  const slow = evaluateGate(RELATIVE, evidenceOf({ blocks: blocksOf(20, 20) }), NOTHING);

  it("shows the worst first, in every format", () => {
    const markdown = renderGateMarkdown(slow);
    expect(markdown).toMatch(/^# Gate g: failed\n/);
    expect(markdown.indexOf("speed")).toBeLessThan(markdown.indexOf("no clip failed"));
    expect(renderGateJunit(slow)).toMatch(
      /<testsuite name="g" tests="2" failures="1" errors="0" skipped="0"/,
    );
    const [annotation = ""] = renderAnnotations(slow);
    expect(annotation).toMatch(/^::error title=g%3A speed::failed: .* %25 .*low_noise of draft/);
    expect(annotation).not.toContain("\n");
  });

  it("cannot be broken by what a server says", () => {
    const blocks = [
      {
        block: 0,
        halves: [
          halfOf("candidate", [
            clipOf(60, { outcome: "inference-failed", message: "a\n::error::<b>|\u0000" }),
          ]),
        ],
      },
    ];
    const report = evaluateGate(RELATIVE, evidenceOf({ blocks }), NOTHING);
    expect(renderAnnotations(report).every((line) => !line.includes("\n"))).toBe(true);
    expect(renderGateJunit(report)).toContain("&lt;b&gt;");
    expect(renderGateMarkdown(report)).not.toContain("<b>");
  });
});
