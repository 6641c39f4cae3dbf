import { STAGES } from "../../client/index.ts";
import type { Point, Report } from "./types.ts";

interface Family {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function familyText({ name, help, samples }: Family): string[] {
  const lines = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    return `${name}{${pairs.join(",")}} ${value}`;
  });
  return lines.length === 0 ? [] : [`# TYPE ${name} gauge`, `# HELP ${name} ${help}`, ...lines];
}

function valuesOf(
  points: readonly Point[],
  values: (point: Point) => readonly (readonly [extra: Readonly<Record<string, string>>, value: number])[],
): Family["samples"] {
  return points.flatMap((point) =>
    values(point).map(([extra, value]) => ({ labels: { point: point.name, ...extra }, value })),
  );
}

function clientFamilies({ points }: Report): Family[] {
  return [
    {
      name: "triptych_clips_per_second",
      help: "Clips that succeeded in a second.",
      samples: valuesOf(points, ({ clipsPerSecond }) => [[{}, clipsPerSecond]]),
    },
    {
      name: "triptych_requests",
      help: "Measured requests by outcome.",
      samples: valuesOf(points, ({ requests }) => [
        [{ outcome: "ok" }, requests.succeeded],
        ...requests.errors.map(({ code, count }) => [{ outcome: code }, count] as const),
      ]),
    },
    {
      name: "triptych_response_seconds",
      help: "Response time from due to done; only percentiles that the number of requests carries.",
      samples: valuesOf(points, ({ responseMs }) =>
        responseMs === undefined
          ? []
          : [
              [{ of: "mean" }, responseMs.mean / 1000],
              [{ of: "max" }, responseMs.max / 1000],
              ...responseMs.percentiles.map(({ p, value }) => [{ of: `p${p}` }, value / 1000] as const),
            ],
      ),
    },
  ];
}

function serverFamilies({ points }: Report): Family[] {
  return [
    {
      name: "triptych_part_seconds",
      help: "Where the time of a request goes.",
      samples: valuesOf(points, ({ time }) =>
        (time?.parts ?? []).map(({ name, perRequestMs }) => [{ part: name }, perRequestMs / 1000] as const),
      ),
    },
    {
      name: "triptych_calls_per_request",
      help: "Calls of a model for one request.",
      samples: valuesOf(points, ({ time }) =>
        (time?.parts ?? [])
          .filter(({ name }) => STAGES.some((stage) => stage === name))
          .flatMap(({ models }) => models)
          .map(({ model, callsPerRequest }) => [{ model }, callsPerRequest] as const),
      ),
    },
    {
      name: "triptych_server_peak_rss_bytes",
      help: "Most memory of the server's processes.",
      samples: valuesOf(points, ({ resources: { process: use } }) =>
        use === undefined ? [] : [[{}, use.peakRssBytes]],
      ),
    },
  ];
}

/** A report as OpenMetrics text: whole numbers exactly, others with every digit they have. */
export function renderOpenMetrics(report: Report): string {
  return [...[...clientFamilies(report), ...serverFamilies(report)].flatMap(familyText), "# EOF", ""].join(
    "\n",
  );
}
