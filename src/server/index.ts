export { type DockerCommand, type DockerCommandOptions, dockerCommand } from "./container/command.ts";
export { type Diagnosis, diagnose } from "./diagnose.ts";
export { ensureEmbedded } from "./embedded/environment.ts";
export type { EmbeddedEnvironment } from "./embedded/layout.ts";
export { startTriton } from "./start.ts";
export type {
  ContainerOptions,
  EmbeddedOptions,
  EnvironmentOptions,
  EnvironmentProgress,
  RemoteOptions,
  ServerExit,
  ServerOptions,
  ServerPorts,
  TritonServer,
} from "./types.ts";
