export { commandLine, type EnvironmentChanges, quoteWord } from "./command-line.ts";
export { isProgramMissing } from "./failure.ts";
export { type ProgramOptions, type ProgramResult, runProgram } from "./run-program.ts";
export type { LineListener, OutputStream } from "./spawn.ts";
export { type Service, type ServiceExit, type ServiceOptions, startService } from "./start-service.ts";
