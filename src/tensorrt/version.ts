import { TriptychError } from "../errors/index.ts";

/** Releases of TensorRT by major; 8.6 is the oldest whose plans are read, 10 and 11 are built for. */
export type TensorRtMajor = 10 | 11;

/** A release as text: major, minor, and as much more as is known, such as `11.1` or `11.1.0.106`. */
export type TensorRtVersionText<M extends number = TensorRtMajor> =
  | `${M}.${number}`
  | `${M}.${number}.${string}`;

/** A release of TensorRT. */
export interface TensorRtVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Absent where the source does not tell it. */
  readonly build?: number;
}

const FORM = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3})(?:\.(\d{1,3}))?)?$/;

/**
 * Reads a version; a missing patch is 0.
 *
 * @throws TriptychError `plan-impossible` for anything else.
 */
export function parseTensorRtVersion(text: string): TensorRtVersion {
  const [, major, minor, patch = "0", build] = FORM.exec(text) ?? [];
  if (major === undefined || minor === undefined) {
    throw new TriptychError("plan-impossible", `"${text}" is no TensorRT version`, {
      hint: "write it as 11.1.0.106; `dpkg -l libnvinfer*` in the image tells it",
    });
  }
  const known = { major: Number(major), minor: Number(minor), patch: Number(patch) };
  return build === undefined ? known : { ...known, build: Number(build) };
}

/** The version as TensorRT writes it. */
export function formatTensorRtVersion({ major, minor, patch, build }: TensorRtVersion): string {
  return [major, minor, patch, ...(build === undefined ? [] : [build])].join(".");
}

/** True if `version` is `since` or newer, both by major and minor: options come and go with minors. */
export function isAtLeast(version: TensorRtVersion, since: string): boolean {
  const { major, minor } = parseTensorRtVersion(since);
  return version.major > major || (version.major === major && version.minor >= minor);
}

/** True if a plan built by `plan` loads in `server`: TensorRT wants the same release, to the last number known. */
export function isSameRelease(plan: TensorRtVersion, server: TensorRtVersion): boolean {
  const same = plan.major === server.major && plan.minor === server.minor && plan.patch === server.patch;
  return same && (plan.build === undefined || server.build === undefined || plan.build === server.build);
}
