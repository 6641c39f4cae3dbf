import { TriptychError } from "../../errors/index.ts";
import type { Artifact } from "../../plan/index.ts";

function isChosen({ id }: Artifact, only: readonly string[]): boolean {
  return only.some((name) => id === name || id.startsWith(`${name}/`));
}

function refuseUnknown(artifacts: readonly Artifact[], only: readonly string[]): void {
  const unknown = only.find((name) => !artifacts.some((artifact) => isChosen(artifact, [name])));
  if (unknown === undefined) return;
  const known = artifacts.map(({ id }) => id).join(", ");
  throw new TriptychError("usage", `no artifact is named ${unknown}`, {
    hint: `one of ${known}, or what one begins with up to a slash, such as draft or draft/highNoise`,
  });
}

/**
 * The artifacts of some names, with everything that they are made from, in the order they are made.
 *
 * @throws TriptychError `usage` for a name that is none
 */
export function select(
  artifacts: readonly Artifact[],
  only: readonly string[] | undefined,
): readonly Artifact[] {
  if (only === undefined) return artifacts;
  refuseUnknown(artifacts, only);
  const wanted = new Set<string>();
  const kept = artifacts.toReversed().filter((artifact) => {
    if (!isChosen(artifact, only) && !wanted.has(artifact.id)) return false;
    for (const { from } of Object.values(artifact.inputs)) if (from !== undefined) wanted.add(from);
    return true;
  });
  return kept.reverse();
}
