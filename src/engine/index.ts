export {
  type ArtifactEvent,
  type BuildArtifactsOptions,
  buildArtifacts,
  surveyArtifacts,
} from "./artifacts/build-artifacts.ts";
export { bytesOf } from "./artifacts/digests.ts";
export { type EngineFinding, inspectEngines } from "./artifacts/inspect.ts";
export type { EnginePassport, GpuFacts, Passport, PassportInput } from "./artifacts/passport.ts";
export { PASSPORT_SCHEMA } from "./artifacts/passport-schema.ts";
export type { Places } from "./artifacts/place.ts";
export { type Resources, resourcesFor } from "./artifacts/preflight.ts";
export type { ArtifactState, Survey, Surveyed } from "./artifacts/survey.ts";
export { artifactScript, type ScriptOptions } from "./script/render.ts";
export { type BuildOptions, type BuiltEngine, buildEngine } from "./trtexec/build-engine.ts";
export type { Trtexec } from "./trtexec/program.ts";
