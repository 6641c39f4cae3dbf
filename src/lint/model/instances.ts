import type { ModelConfigMessage } from "../../model-config/index.ts";

/** What stands for a list of GPUs and a kind once Triton has filled in what is not written. */
export interface InstancePlace {
  readonly at: string;
  /** A number where the schema has no name for it. */
  readonly kind: "KIND_GPU" | "KIND_CPU" | "KIND_MODEL" | "KIND_AUTO" | number;
  readonly gpus: readonly number[];
  readonly profiles: readonly string[];
  readonly count: number;
}

type Kind = InstancePlace["kind"];

/**
 * The instance groups of a model.
 *
 * @param gpus - How many GPUs the server has; undefined where that is not known. `KIND_AUTO` stays then.
 */
export function instancesOf(
  { instance_group: groups = [] }: ModelConfigMessage,
  gpus?: number,
): InstancePlace[] {
  return groups.map((group, index) => {
    const listed = group.gpus ?? [];
    const kind = group.kind ?? "KIND_AUTO";
    return {
      at: `instance_group[${index}]`,
      kind: kind === "KIND_AUTO" && gpus !== undefined ? resolve(listed, gpus) : kind,
      gpus: listed,
      profiles: group.profile ?? [],
      count: group.count ?? 0,
    };
  });
}

/** On the GPUs where all that are listed are there. */
function resolve(listed: readonly number[], gpus: number): Kind {
  return gpus > 0 && listed.every((gpu) => gpu >= 0 && gpu < gpus) ? "KIND_GPU" : "KIND_CPU";
}
