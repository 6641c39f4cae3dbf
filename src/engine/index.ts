export { type BuildOptions, type BuiltEngine, buildEngine } from "./build-engine.ts";
