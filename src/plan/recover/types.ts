import type { ModelConfigMessage } from "../../model-config/index.ts";

/** A model of a repository that somebody found on a disk. */
export interface FoundModel {
  readonly config: ModelConfigMessage;
  /** What its `schedule.json` holds; absent where it has none that can be read. */
  readonly schedule?: unknown;
  /** Path of its weights below the checkpoint, as the repository's manifest names it. */
  readonly source?: string;
}

/** The head of a repository's manifest, which may have been changed by hand. */
export interface FoundManifest {
  readonly name: unknown;
  readonly runtime: unknown;
  readonly triton: unknown;
}

/** A repository as it was found: what a spec may be recovered from. */
export interface FoundRepository {
  /** What its manifest says of itself; undefined where it has none. */
  readonly manifest: FoundManifest | undefined;
  /** What is in the place of a manifest that could not be read. */
  readonly instead?: string;
  readonly models: ReadonlyMap<string, FoundModel>;
}

/** Something that a repository of Triptych's has and another one has not. */
export interface ShapeGap {
  /** Path below the repository, or a setting of the spec. */
  readonly place: string;
  readonly expected: string;
  readonly got: string;
}

/** A setting that a spec must have and no repository tells. */
export interface AssumedSetting {
  /** Such as `variants.draft.experts.calibration`. */
  readonly path: string;
  readonly value: string;
  readonly reason: string;
}

/** The spec behind a repository, before it is checked; or why there is none. */
export type RecoveredSpec =
  | { readonly document: object; readonly assumed: readonly AssumedSetting[] }
  | { readonly gaps: readonly ShapeGap[] };
