import type { Point, Report, VariantSummary } from "./types.ts";

/** What is known of variants besides their speed. */
export interface VariantKnowledge {
  /** Bytes of the experts by variant. */
  readonly sizes: Readonly<Record<string, number>>;
  /** What was found of their clips, by variant and metric. */
  readonly quality: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

function summaryOf(point: Point, { sizes, quality }: VariantKnowledge): VariantSummary[] {
  const [one, more] = point.measurement.mix.variants;
  // Of a mix, speed and memory are nobody's own.
  if (one === undefined || more !== undefined) return [];
  const { variant } = one;
  const rss = point.resources.process?.peakRssBytes;
  const bytes = sizes[variant];
  return [
    {
      variant,
      point: point.name,
      ...(point.responseMs === undefined ? {} : { meanMs: point.responseMs.mean }),
      clipsPerSecond: point.clipsPerSecond,
      ...(rss === undefined ? {} : { peakRssBytes: rss }),
      ...(bytes === undefined ? {} : { expertBytes: bytes }),
      quality: quality[variant] ?? {},
    },
  ];
}

/** A report with speed, size and quality of each variant side by side. */
export function withVariants(report: Report, known: VariantKnowledge): Report {
  return { ...report, variants: report.points.flatMap((point) => summaryOf(point, known)) };
}
