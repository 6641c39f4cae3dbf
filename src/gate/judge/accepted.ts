import { TriptychError } from "../../errors/index.ts";

/** A value that was accepted, by a person and for a reason. */
export interface AcceptedEntry {
  readonly value: number | string;
  /** What the base had, where there was one. */
  readonly before?: number | string;
  readonly reason: string;
  readonly author: string;
  readonly at: string;
  /** Identity of the base that a ratio was measured against; it holds for no other. */
  readonly base?: string;
}

/** The file of accepted values. */
export interface AcceptedFile {
  readonly format: "triptych-gate-accepted";
  readonly version: 1;
  readonly gate: string;
  /** Digest of what decides the requests; values of another configuration mean nothing here. */
  readonly configuration: string;
  readonly checks: Readonly<Record<string, AcceptedEntry>>;
}

/** Accepted values as checks ask for them. */
export interface Accepted {
  /** A digest or a number that the candidate may have. */
  readonly valueOf: (check: string) => AcceptedEntry | undefined;
  /** A ratio, where it was accepted for this base. */
  readonly ratioOf: (check: string) => { readonly value: number; readonly reason: string } | undefined;
}

function isFile(value: unknown): value is AcceptedFile {
  if (typeof value !== "object" || value === null) return false;
  const { format, version, checks } = value as Record<string, unknown>;
  return (
    format === "triptych-gate-accepted" && version === 1 && typeof checks === "object" && checks !== null
  );
}

/**
 * Reads the text of a file of accepted values.
 *
 * @throws TriptychError `accepted-invalid` for text that is none, or of another configuration of the gate
 */
export function parseAccepted(text: string, file: string, configuration: string): AcceptedFile {
  const parsed: unknown = (() => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return undefined;
    }
  })();
  if (!isFile(parsed))
    throw new TriptychError("accepted-invalid", `${file}: expected what \`triptych gate accept\` writes.`, {
      hint: "restore the file, or remove it and accept again",
    });
  if (parsed.configuration === configuration) return parsed;
  const message = `${file} was made with other seeds, prompts, variants or numbers of clips than the gate has now.`;
  throw new TriptychError("accepted-invalid", message, {
    hint: "change the gate back, or remove the file, measure and accept again",
  });
}

const ADDRESS = "server ";

/** Identity of a server that somebody else runs: where it listens, for what it serves is not to be seen from here. */
export function addressIdentity(endpoint: string): string {
  return ADDRESS + endpoint;
}

/** True for an identity that stays when the build behind it changes: a ratio to it would hold for any later one. */
export function isAddress(identity: string | undefined): boolean {
  return identity?.startsWith(ADDRESS) ?? false;
}

/** Accepted values for a run against a base. */
export function acceptedOf(file: AcceptedFile | undefined, base: string | undefined): Accepted {
  const entry = (check: string): AcceptedEntry | undefined => file?.checks[check];
  return {
    valueOf: entry,
    ratioOf: (check) => {
      const found = entry(check);
      if (typeof found?.value !== "number" || found.base !== base || isAddress(base)) return undefined;
      return { value: found.value, reason: found.reason };
    },
  };
}

/** The file with one entry more, or one changed; entries in order, so that a difference shows only what changed. */
export function withAccepted(
  file: AcceptedFile | undefined,
  gate: string,
  configuration: string,
  [name, entry]: readonly [string, AcceptedEntry],
): AcceptedFile {
  const checks = Object.entries({ ...file?.checks, [name]: entry }).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    format: "triptych-gate-accepted",
    version: 1,
    gate,
    configuration,
    checks: Object.fromEntries(checks),
  };
}
