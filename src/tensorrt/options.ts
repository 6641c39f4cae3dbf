import { isAtLeast, type TensorRtVersion } from "./version.ts";

/** What trtexec's parser does with an argument: takes it, takes it with a warning, or ends with exit code 1. */
export type Verdict = "accepted" | "warned" | "refused";

interface History {
  /** First release that knows it; before 8.6 where absent. */
  readonly since?: string;
  /** First release that does not know it any more. */
  readonly until?: string;
  /** First release that warns of it. */
  readonly warns?: string;
  /** Whether the release takes the value. */
  readonly value?: (text: string, version: TensorRtVersion) => boolean;
  /** Another option without which it is refused. */
  readonly needs?: string;
  /** True if it needs a value. */
  readonly valued?: boolean;
}

const ANY: History = {};
const VALUED: History = { valued: true };
const since = (release: string): History => ({ since: release });
const valuedSince = (release: string): History => ({ since: release, valued: true });

/** A precision of weakly typed networks, which TensorRT 11 no longer builds. */
const precisionFlag = (first?: string): History => ({
  ...(first === undefined ? {} : { since: first }),
  warns: "10.14",
  until: "11.0",
});

/** Sizes end in B, K, M or G; 8.6 reads only the number. */
function isPoolSize(text: string, version: TensorRtVersion): boolean {
  const pools = text.split(",");
  const size = isAtLeast(version, "10.0") ? /^\w+:\d+[BKMGbkmg]?$/ : /^\w+:\d+\w*$/;
  return pools.every((pool) => size.test(pool));
}

function isHardwareLevel(text: string, version: TensorRtVersion): boolean {
  if (text === "sameComputeCapability") return isAtLeast(version, "10.9");
  return text === "none" || text === "ampere+";
}

/** `fp16:chw` until TensorRT 10; 11 takes the types from the network. */
function isFormatList(text: string, version: TensorRtVersion): boolean {
  const form = isAtLeast(version, "11.0") ? /^[a-z0-9_+]+$/ : /^[a-z0-9]+:[a-z0-9_+]+$/;
  return text.split(",").every((item) => form.test(item));
}

const TACTICS_OF_11 = /^[+-]?(EDGE_MASK_CONVOLUTIONS|JIT_CONVOLUTIONS)$/;

function isTacticList(text: string, version: TensorRtVersion): boolean {
  return !isAtLeast(version, "11.0") || text.split(",").every((item) => TACTICS_OF_11.test(item));
}

/** The options of trtexec that this project emits, or that people copy from older guides. */
const OPTIONS: Readonly<Record<string, History>> = {
  onnx: VALUED,
  saveEngine: VALUED,
  loadEngine: VALUED,
  skipInference: since("8.6"),
  stronglyTyped: since("10.0"),
  noTF32: ANY,
  memPoolSize: { valued: true, value: isPoolSize },
  minShapes: VALUED,
  optShapes: VALUED,
  maxShapes: VALUED,
  profile: valuedSince("10.0"),
  timingCacheFile: VALUED,
  errorOnTimingCacheMiss: since("10.0"),
  builderOptimizationLevel: { ...valuedSince("8.6"), value: (text) => /^\d+$/.test(text) },
  hardwareCompatibilityLevel: { ...valuedSince("8.6"), value: isHardwareLevel },
  versionCompatible: since("8.6"),
  excludeLeanRuntime: since("8.6"),
  allowWeightStreaming: since("10.0"),
  weightStreamingBudget: { ...valuedSince("10.0"), needs: "allowWeightStreaming" },
  stripWeights: since("10.0"),
  refit: ANY,
  sparsity: VALUED,
  exportTimes: VALUED,
  exportProfile: VALUED,
  exportLayerInfo: VALUED,
  dumpProfile: ANY,
  profilingVerbosity: VALUED,
  directIO: { warns: "10.7" },
  tempdir: valuedSince("8.6"),
  maxAuxStreams: valuedSince("8.6"),
  maxTactics: valuedSince("10.4"),
  monitorMemory: since("10.6"),
  getPlanVersionOnly: since("10.0"),
  tilingOptimizationLevel: valuedSince("10.8"),
  distributiveIndependence: since("10.12"),
  decomposableAttentions: since("10.14"),
  refitFromOnnx: valuedSince("10.14"),
  inputIOFormats: { valued: true, value: isFormatList },
  outputIOFormats: { valued: true, value: isFormatList },
  tacticSources: { valued: true, value: isTacticList },
  preview: { valued: true, warns: "10.0", until: "11.0" },
  useCudaGraph: { warns: "11.0" },
  noDataTransfers: { warns: "11.0" },
  noCudaGraph: since("11.0"),
  includeDataTransfers: since("11.0"),
  fp16: precisionFlag(),
  int8: precisionFlag(),
  fp8: precisionFlag(),
  best: precisionFlag(),
  bf16: precisionFlag("10.0"),
  int4: precisionFlag("10.1"),
  calib: { valued: true, until: "11.0" },
  calibProfile: { ...valuedSince("10.0"), until: "11.0" },
  layerPrecisions: { valued: true, warns: "8.6", until: "11.0" },
  layerOutputTypes: { valued: true, warns: "8.6", until: "11.0" },
  precisionConstraints: { valued: true, warns: "8.6", until: "11.0" },
  restricted: { until: "11.0" },
  weightless: { since: "10.0", until: "11.0" },
  explicitBatch: { warns: "8.6", until: "10.0" },
  workspace: { valued: true, warns: "8.6", until: "10.0" },
  buildOnly: { warns: "8.6", until: "10.0" },
};

function splitArgument(
  argument: string,
): { readonly name: string; readonly value: string | undefined } | undefined {
  const [, name, , value] = /^--([A-Za-z0-9]+)(=(.*))?$/s.exec(argument) ?? [];
  return name === undefined ? undefined : { name, value };
}

function historyOf(name: string): History | undefined {
  return Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
}

function isKnown({ since, until }: History, version: TensorRtVersion): boolean {
  return (
    (since === undefined || isAtLeast(version, since)) && (until === undefined || !isAtLeast(version, until))
  );
}

function takesValue(history: History, value: string | undefined, version: TensorRtVersion): boolean {
  if (history.valued !== true) return true;
  return value !== undefined && value !== "" && (history.value?.(value, version) ?? true);
}

function judge(argument: string, all: readonly string[], version: TensorRtVersion): Verdict {
  const { name, value } = splitArgument(argument) ?? { name: "", value: undefined };
  const history = historyOf(name);
  if (history === undefined || !isKnown(history, version) || !takesValue(history, value, version))
    return "refused";
  if (history.needs !== undefined && !all.includes(`--${history.needs}`)) return "refused";
  return history.warns !== undefined && isAtLeast(version, history.warns) ? "warned" : "accepted";
}

/** What trtexec of a release does with each argument of a command line. */
export function judgeArguments(
  all: readonly string[],
  version: TensorRtVersion,
): readonly { readonly argument: string; readonly verdict: Verdict }[] {
  return all.map((argument) => ({ argument, verdict: judge(argument, all, version) }));
}

/** In which releases an option is known, in words; `undefined` for one that never was. */
export function optionSpan(name: string): string | undefined {
  const history = historyOf(name);
  if (history === undefined) return undefined;
  const from = history.since === undefined ? "" : `since ${history.since}`;
  const to = history.until === undefined ? "" : `until before ${history.until}`;
  return [from, to].filter((part) => part !== "").join(", ") || "in every release";
}
