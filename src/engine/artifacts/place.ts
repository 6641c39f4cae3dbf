import { isAbsolute, join } from "node:path";
import type { WriteRefusal } from "../../files/index.ts";
import type { Artifact, ArtifactForm } from "../../plan/index.ts";

/** How a failure to write below the checkpoint is told. */
export const REFUSAL: WriteRefusal = {
  code: "output-unwritable",
  hint: "choose a checkpoint folder that is yours to write",
};

/** Where the files of a plan lie on this machine. */
export interface Places {
  /** Folder with the weights; everything that is made goes below it. */
  readonly checkpoint: string;
  /** Folder of the spec, which prompts and adapters are named from. */
  readonly specFolder: string;
}

/** Something on disk, with its absolute path. */
export interface Placed {
  readonly path: string;
  readonly form: ArtifactForm;
}

/** An input of an artifact on this machine. */
export function placeInput(
  { root, path, form }: Artifact["inputs"][string],
  { checkpoint, specFolder }: Places,
): Placed {
  if (isAbsolute(path)) return { path, form };
  return { path: join(root === "spec" ? specFolder : checkpoint, path), form };
}

/** What an artifact makes on this machine. */
export function placeOutput({ path, form }: Artifact, { checkpoint }: Places): Placed {
  return { path: join(checkpoint, path), form };
}

/** The passport stands beside what it is about. */
export function passportPath(artifact: Artifact, places: Places): string {
  return `${placeOutput(artifact, places).path}.passport.json`;
}
