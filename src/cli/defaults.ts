/** The spec a command uses where none is named. */
export const DEFAULT_SPEC = "configs/wan-tiny.yaml";

/** Folder below which repositories are written where none is named. */
export const DEFAULT_REPOSITORIES = "model-repository";
