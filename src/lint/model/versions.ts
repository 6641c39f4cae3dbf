import type { ModelConfigMessage } from "../../model-config/index.ts";

/** Folders of a model that are never versions. */
const RESERVED = ["warmup", "initial_state", "configs"];

/** Versions among the folders of a model. */
export interface Versions {
  /** The highest first. */
  readonly versions: readonly bigint[];
  /** Folders that Triton passes over with a warning. */
  readonly otherFolders: readonly string[];
}

/** Reads the names of folders as Triton does: a number at the beginning is enough. */
export function versionsIn(folders: readonly string[]): Versions {
  const named = folders.filter((name) => !RESERVED.includes(name));
  const versions = named.map(versionOf).filter((version) => version !== undefined);
  const otherFolders = named.filter((name) => versionOf(name) === undefined);
  return { versions: [...new Set(versions)].sort((a, b) => (a < b ? 1 : -1)), otherFolders };
}

/** True for a version, and for a folder of files that a configuration names. */
export function isLookedInto(folder: string): boolean {
  return RESERVED.includes(folder) || versionOf(folder) !== undefined;
}

function versionOf(name: string): bigint | undefined {
  if (name.length > 1 && name.startsWith("0")) return undefined;
  const digits = /^\s*([+-]?\d+)/.exec(name)?.[1];
  return digits === undefined ? undefined : BigInt(digits.replace("+", ""));
}

/** The versions that a policy chooses of those on disk. */
export function chooseVersions(
  policy: ModelConfigMessage["version_policy"],
  versions: readonly bigint[],
): readonly bigint[] {
  if (policy?.specific !== undefined) {
    const wanted = policy.specific.versions ?? [];
    return versions.filter((version) => wanted.includes(version));
  }
  if (policy?.all !== undefined) return versions;
  // A policy of which nothing is chosen chooses all.
  if (policy !== undefined && policy.latest === undefined) return versions;
  return versions.slice(0, policy?.latest === undefined ? 1 : (policy.latest.num_versions ?? 0));
}

/** A version that a policy chooses once its folder is there; undefined where it chooses none, whatever is there. */
export function wantedVersion(policy: ModelConfigMessage["version_policy"]): bigint | undefined {
  const named = policy?.specific?.versions ?? [];
  return [...named, 1n].find((version) => version >= 0n && chooseVersions(policy, [version]).length > 0);
}

/**
 * Versions that Triton will load: those on disk that the policy chooses, and one that the policy names twice even where it is
 * not on disk, since only the first mention is struck off.
 */
export function loadedVersions(
  policy: ModelConfigMessage["version_policy"],
  { versions, served }: { readonly versions: readonly bigint[]; readonly served: readonly bigint[] },
): bigint[] {
  const named = policy?.specific?.versions ?? [];
  const twice = named.filter((version, at) => !versions.includes(version) && named.indexOf(version) < at);
  return [...new Set([...served, ...twice])];
}

/** The folder in which Triton then looks, whatever the one is called that it read the number from. */
export function folderOf(version: bigint): string {
  return String(BigInt.asUintN(64, version));
}
