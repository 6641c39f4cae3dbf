import { TriptychError } from "../errors/index.ts";

/** Backends of the embedded server. */
const EMBEDDED_BACKENDS = ["python"];

const FIRST = "24.10";

/** The newest release that the rules know: that of the container which Triptych serves by default, and taken where none is named. */
export const NEWEST_RELEASE = "26.08";

/** The first release that they do not know. */
export const AFTER_NEWEST = "26.09";

/** A release of Triton, and what is known of the server. */
export interface TritonProfile {
  /** Such as `24.10`. */
  readonly release: string;
  /** The only backends there are; undefined where that is not known. */
  readonly backends?: readonly string[];
  /** How many GPUs the server has; undefined where that is not known. */
  readonly gpus?: number;
  /** Whether the server completes configurations from the models' files, as Triton does by itself. */
  readonly autoComplete: boolean;
}

/**
 * The profile behind a release or `embedded`. A release that is newer than the rules is held to the newest of them.
 *
 * @throws TriptychError `usage` for an older release, and for what is none.
 */
export function profileOf(text: string = NEWEST_RELEASE, autoComplete = false): TritonProfile {
  if (text === "embedded") return { release: FIRST, backends: EMBEDDED_BACKENDS, gpus: 0, autoComplete };
  if (/^\d\d\.(0[1-9]|1[0-2])$/.test(text) && text >= FIRST) return { release: text, autoComplete };
  throw new TriptychError("usage", `expected a release of Triton as YY.MM, from ${FIRST} on, got "${text}"`, {
    hint: `Write year and month of your container in two digits each, such as ${NEWEST_RELEASE}, or \`embedded\`.`,
  });
}

/** Where a rule holds; what is absent is no matter. */
interface Range {
  readonly since?: string;
  readonly until?: string;
  readonly autoComplete?: boolean;
}

/** True where something that came with one release and went after another, or is of one kind of server, is there. */
export function holdsIn({ release, autoComplete }: TritonProfile, range: Range): boolean {
  // Of two digits each, so that they are in the order of the alphabet.
  const isInRange = release >= (range.since ?? release) && release <= (range.until ?? release);
  return isInRange && (range.autoComplete ?? autoComplete) === autoComplete;
}
