import type { TensorRtVersion } from "./version.ts";

/** What a line of trtexec's output tells. */
export type TrtexecEvent =
  | { readonly kind: "version"; readonly version: TensorRtVersion }
  | { readonly kind: "phase"; readonly phase: "parse" | "build" | "check" }
  | { readonly kind: "built"; readonly seconds: number }
  | { readonly kind: "warning" | "error"; readonly text: string }
  /** A warning after which the engine is not the one that was asked for. */
  | { readonly kind: "fatal"; readonly text: string };

const STAMP = /^\[\d\d\/\d\d\/\d{4}-\d\d:\d\d:\d\d\] \[([IWEV])\] (?:\[TRT\] )?(.*)$/;
const BANNER = /^&&&& RUNNING TensorRT\.trtexec \[TensorRT v(\d+)\](?: \[b(\d+)\])?/;
const BUILT = /^Engine built in ([\d.]+) sec/;

/** Shapes of an input that the build was not told: trtexec takes 1 for each dim and goes on. */
const INVENTED_SHAPE = "Dynamic dimensions required for input";

const PHASES: readonly (readonly [start: string, phase: "parse" | "build" | "check"])[] = [
  ["Start parsing network model", "parse"],
  ["Finished parsing network model", "build"],
  ["Engine built in", "check"],
];

/** `110100` is 11.1.0, and 8.x wrote `8601` for 8.6.1. */
function bannerVersion(digits: string, build: string | undefined): TensorRtVersion {
  const number = Number(digits);
  const major = digits.length <= 4 ? 1000 : 10_000;
  const release = {
    major: Math.floor(number / major),
    minor: Math.floor((number % major) / 100),
    patch: number % 100,
  };
  return build === undefined ? release : { ...release, build: Number(build) };
}

function severityEvent(severity: string, text: string): TrtexecEvent | undefined {
  if (severity === "E") return { kind: "error", text };
  if (severity !== "W") return undefined;
  return { kind: text.includes(INVENTED_SHAPE) ? "fatal" : "warning", text };
}

/** Reads one line of trtexec's output, of either stream; none for what needs no mention. */
export function readTrtexecLine(line: string): readonly TrtexecEvent[] {
  const [, release, build] = BANNER.exec(line) ?? [];
  if (release !== undefined) return [{ kind: "version", version: bannerVersion(release, build) }];
  const [, severity, text] = STAMP.exec(line) ?? [];
  if (severity === undefined || text === undefined) return [];
  const phase = PHASES.find(([start]) => text.startsWith(start))?.[1];
  const seconds = BUILT.exec(text)?.[1];
  const said = severityEvent(severity, text);
  return [
    ...(phase === undefined ? [] : [{ kind: "phase", phase } as const]),
    ...(seconds === undefined ? [] : [{ kind: "built", seconds: Number(seconds) } as const]),
    ...(said === undefined ? [] : [said]),
  ];
}
