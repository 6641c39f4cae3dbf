export { hostFacts } from "./host/facts.ts";
export { type PairOptions, type PairSide, runPairs } from "./pairs/run-pairs.ts";
export type { HalfBlock, PairBlock, PairClip, SideName } from "./pairs/types.ts";
export { parsePrompts, parseTrace } from "./plan/files.ts";
export { dueTimes, type Extent, type Load, loadText, type OpenLoad } from "./plan/load.ts";
export {
  type Mix,
  type MixedPrompt,
  type MixedVariant,
  type PlannedRequest,
  plannedRequests,
} from "./plan/mix.ts";
export { type Random, seededRandom } from "./plan/random.ts";
export { type Frames, flicker, psnr } from "./quality/pictures.ts";
export {
  type ClipFacts,
  type Likeness,
  type Sample,
  type SampleOptions,
  sampleClips,
} from "./quality/samples.ts";
export { ssim } from "./quality/ssim.ts";
export { readRecords } from "./records/reader.ts";
export { RECORD_SCHEMA } from "./records/schema.ts";
export type { BenchRecord, Door, Measurement, ModelCounts, RequestRecord, WarmUp } from "./records/types.ts";
export { markdownTable } from "./report/markdown.ts";
export { escapeMarkup } from "./report/markup.ts";
export { reportFiles, reportOf } from "./report/report.ts";
export { REPORT_SCHEMA } from "./report/schema.ts";
export { digits, type ReportTable, subtitleOf, tablesOf } from "./report/tables.ts";
export type {
  Check,
  ForeignCalls,
  Point,
  Report,
  TimePart,
  TimeTree,
  VariantSummary,
  VideoUnits,
} from "./report/types.ts";
export { type VariantKnowledge, withVariants } from "./report/variants.ts";
export { renderReport, writeReport } from "./report/write.ts";
export type { RunProgress } from "./run/progress.ts";
export { type RunOptions, runLoad } from "./run/run-load.ts";
export { openTargets, type Target, type TargetOptions } from "./run/target.ts";
export { requireServerPid } from "./run/watch.ts";
export { bootstrap, type Estimate } from "./stats/bootstrap.ts";
export { fewestFor, type Percentile, percentile } from "./stats/percentile.ts";
export { type Summary, summaryOf } from "./stats/summary.ts";
export { measurePoints, type SweepOptions } from "./sweep/measure.ts";
export { pointsOf, recordFile, type Sweep, type SweepPoint } from "./sweep/points.ts";
export { type Found, type LatencyLimit, requireSearch, searchLoad } from "./sweep/search-load.ts";
