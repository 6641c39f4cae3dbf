import { describe, expect, it } from "vitest";
import { judgeArguments, optionSpan, type Verdict } from "./options.ts";
import { parseTensorRtVersion } from "./version.ts";

const RELEASES = ["8.6.1", "10.3", "10.9", "10.13.3", "10.14", "10.16", "11.0", "11.1"];

/**
 * Read off the option parsers of the releases above, each given `--onnx=m.onnx` and the arguments of the row.
 * A accepted, w accepted with a warning, R refused.
 */
const GOLDEN: readonly (readonly [row: string, verdicts: string])[] = [
  ["--fp16", "AAAAwwRR"],
  ["--int8", "AAAAwwRR"],
  ["--best", "AAAAwwRR"],
  ["--fp8", "AAAAwwRR"],
  ["--bf16", "RAAAwwRR"],
  ["--int4", "RAAAwwRR"],
  ["--calib=f", "AAAAAARR"],
  ["--calibProfile=0", "RAAAAARR"],
  ["--layerPrecisions=a:fp16", "wwwwwwRR"],
  ["--precisionConstraints=obey", "wwwwwwRR"],
  ["--restricted", "AAAAAARR"],
  ["--weightless", "RAAAAARR"],
  ["--explicitBatch", "wRRRRRRR"],
  ["--workspace=1024", "wRRRRRRR"],
  ["--buildOnly", "wRRRRRRR"],
  ["--skipInference", "AAAAAAAA"],
  ["--noTF32", "AAAAAAAA"],
  ["--stronglyTyped", "RAAAAAAA"],
  ["--memPoolSize=workspace:4096", "AAAAAAAA"],
  ["--memPoolSize=workspace:1T", "ARRRRRRR"],
  ["--minShapes=x:1x2 --optShapes=x:1x2 --maxShapes=x:1x2", "AAAAAAAA"],
  ["--profile=0 --minShapes=x:1 --optShapes=x:1 --maxShapes=x:1", "RAAAAAAA"],
  ["--timingCacheFile=c", "AAAAAAAA"],
  ["--errorOnTimingCacheMiss", "RAAAAAAA"],
  ["--builderOptimizationLevel=5", "AAAAAAAA"],
  ["--builderOptimizationLevel=abc", "RRRRRRRR"],
  ["--hardwareCompatibilityLevel=ampere+", "AAAAAAAA"],
  ["--hardwareCompatibilityLevel=sameComputeCapability", "RRAAAAAA"],
  ["--versionCompatible --excludeLeanRuntime", "AAAAAAAA"],
  ["--allowWeightStreaming", "RAAAAAAA"],
  ["--weightStreamingBudget=50%", "RRRRRRRR"],
  ["--stripWeights", "RAAAAAAA"],
  ["--refit --sparsity=enable", "AAAAAAAA"],
  ["--exportTimes=f --exportProfile=f --exportLayerInfo=f --dumpProfile", "AAAAAAAA"],
  ["--directIO", "AAwwwwww"],
  ["--tempdir=d --maxAuxStreams=1", "AAAAAAAA"],
  ["--maxTactics=5", "RRAAAAAA"],
  ["--monitorMemory", "RRAAAAAA"],
  ["--getPlanVersionOnly --loadEngine=e", "RAAAAAAA"],
  ["--tilingOptimizationLevel=1", "RRAAAAAA"],
  ["--distributiveIndependence", "RRRAAAAA"],
  ["--decomposableAttentions", "RRRRAAAA"],
  ["--refitFromOnnx=m", "RRRRAAAA"],
  ["--inputIOFormats=fp16:chw", "AAAAAARR"],
  ["--inputIOFormats=chw", "RRRRRRAA"],
  ["--tacticSources=-CUBLAS_LT", "AAAAAARR"],
  ["--preview=+profileSharing0806", "AwwwwwRR"],
  ["--useCudaGraph --noDataTransfers", "AAAAAAww"],
  ["--noCudaGraph --includeDataTransfers", "RRRRRRAA"],
  ["--saveEngine", "RRRRRRRR"],
  ["--noSuchOption", "RRRRRRRR"],
  ["-x", "RRRRRRRR"],
];

const LETTERS: Readonly<Record<Verdict, string>> = { accepted: "A", warned: "w", refused: "R" };

/** The verdict on a whole row: one refused argument ends trtexec. */
function rowVerdict(row: string, release: string): string {
  const args = ["--onnx=m.onnx", ...row.split(" ")];
  const verdicts = judgeArguments(args, parseTensorRtVersion(release)).map(({ verdict }) => verdict);
  const worst = (["refused", "warned"] as const).find((verdict) => verdicts.includes(verdict));
  return LETTERS[worst ?? "accepted"];
}

describe("judgeArguments", () => {
  it.each(GOLDEN)("%s is judged as the parsers of eight releases judge it", (row, verdicts) => {
    expect(RELEASES.map((release) => rowVerdict(row, release)).join("")).toBe(verdicts);
  });

  it("takes a streaming budget beside what it needs", () => {
    const args = ["--allowWeightStreaming", "--weightStreamingBudget=50%"];
    const verdicts = judgeArguments(args, parseTensorRtVersion("11.1")).map(({ verdict }) => verdict);
    expect(verdicts).toEqual(["accepted", "accepted"]);
  });

  it("does not take names of JavaScript's own for options", () => {
    expect(rowVerdict("--constructor", "11.1")).toBe("R");
    expect(optionSpan("constructor")).toBeUndefined();
  });
});

describe("optionSpan", () => {
  it("says in which releases an option is known", () => {
    expect(optionSpan("maxTactics")).toBe("since 10.4");
    expect(optionSpan("fp16")).toBe("until before 11.0");
    expect(optionSpan("calibProfile")).toBe("since 10.0, until before 11.0");
    expect(optionSpan("noTF32")).toBe("in every release");
  });
});
