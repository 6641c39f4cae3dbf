import { TriptychError } from "../errors/index.ts";

/** Backends of the embedded server. */
const EMBEDDED_BACKENDS = ["python"];

const FIRST = "24.10";
const LAST = "26.08";

/** A release of Triton, and what is known of the server. */
export interface TritonProfile {
  /** Such as `24.10`. */
  readonly release: string;
  /** The only backends there are; undefined where that is not known. */
  readonly backends?: readonly string[];
  /** How many GPUs the server has; undefined where that is not known. */
  readonly gpus?: number;
}

/** The release that is taken where none is named: that of the container which Triptych serves by default. */
export const DEFAULT_RELEASE = LAST;

/**
 * The profile behind a release or `embedded`. A release that is newer than the rules is held to the newest of them.
 *
 * @throws TriptychError `usage` for an older release, and for what is none.
 */
export function profileOf(text: string = DEFAULT_RELEASE): TritonProfile {
  if (text === "embedded") return { release: FIRST, backends: EMBEDDED_BACKENDS, gpus: 0 };
  if (/^\d\d\.(0[1-9]|1[0-2])$/.test(text) && text >= FIRST) return { release: text };
  throw new TriptychError("usage", `expected a release of Triton as YY.MM, from ${FIRST} on, got "${text}"`, {
    hint: `Write year and month of your container in two digits each, such as ${LAST}, or \`embedded\`.`,
  });
}

/** True where something that came with one release and went after another is there. */
export function holdsIn(
  release: string,
  range: { readonly since?: string; readonly until?: string },
): boolean {
  // Of two digits each, so that they are in the order of the alphabet.
  return release >= (range.since ?? release) && release <= (range.until ?? release);
}
