import type { AssumedSetting } from "../../plan/index.ts";

/** The comment at the head of an imported spec: what nobody can tell from a repository. */
export function specHead(assumed: readonly AssumedSetting[]): string {
  return [
    "Made by `triptych import`. A repository does not tell where its checkpoint is (default ../models/<name>), nor",
    "how weights were made: quantise, passes, recipes below weights:, tensorrt: and build:. Add what you know.",
    ...assumed.map(({ path, reason }) => `Assumed: ${path} (${reason}).`),
  ].join("\n");
}
