export { type GateFile, parseGate } from "./file/parse.ts";
export { fewestToFail } from "./file/risk.ts";
export { GATE_SCHEMA } from "./file/schema.ts";
export { type Gate, type GateCheck, measuredVariants, sampledVariants } from "./file/types.ts";
export {
  type AcceptedEntry,
  type AcceptedFile,
  addressIdentity,
  isAddress,
  parseAccepted,
  withAccepted,
} from "./judge/accepted.ts";
export { brokenReport, type PartialEvidence } from "./judge/broken.ts";
export { type Calibration, calibrate, shownBlocks } from "./judge/calibrate.ts";
export { checksOfBase } from "./judge/comparable.ts";
export { evaluateGate, type GateKnowledge, wantsMore } from "./judge/evaluate.ts";
export { type HistoryEntry, trendMedian } from "./judge/trend.ts";
export { parseVerdict } from "./report/read.ts";
export {
  gateTables,
  renderAnnotations,
  renderGateJunit,
  renderGateMarkdown,
  subtitleOf as gateSubtitle,
} from "./report/render.ts";
export { VERDICT_SCHEMA } from "./report/schema.ts";
export type { CheckResult, GateEvidence, GateReport, PartDelta, SideFacts } from "./report/types.ts";
export { shareBounds } from "./stats/share.ts";
export { hodgesLehmann, signedRankBounds } from "./stats/signed-rank.ts";
export type { RatioEstimate, Verdict } from "./stats/verdict.ts";
