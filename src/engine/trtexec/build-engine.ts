import { rename, rm } from "node:fs/promises";
import path from "node:path";
import { isTriptychError, TriptychError } from "../../errors/index.ts";
import {
  exists,
  type LogFile,
  makeFolder,
  openLogFile,
  partialName,
  withLock,
  writeError,
} from "../../files/index.ts";
import { commandLine, isProgramMissing, runProgram } from "../../process/index.ts";
import {
  type EngineBuildConfig,
  type TensorRtVersion,
  type TrtexecEvent,
  trtexecArguments,
} from "../../tensorrt/index.ts";
import { acceptEngine } from "./accept.ts";
import { Listener } from "./listener.ts";
import { programMissing, runnable, type Trtexec } from "./program.ts";

/** How a build is run. */
export interface BuildOptions {
  /** The program, or the container it runs in; default `trtexec` on PATH. */
  readonly trtexec?: Trtexec | undefined;
  /** Milliseconds a build may take; default 12 hours. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What trtexec tells, as it tells it. */
  readonly onEvent?: ((event: TrtexecEvent) => void) | undefined;
  /** Called once when another process builds the same engine; the build then waits for it. */
  readonly onWait?: (() => void) | undefined;
}

/** An engine that was built and accepted. */
export interface BuiltEngine {
  /** The TensorRT that wrote it, by the engine's own header. */
  readonly version: TensorRtVersion;
  readonly bytes: number;
  readonly durationMs: number;
  readonly warnings: readonly string[];
  /** The whole output of trtexec. */
  readonly logFile: string;
}

const TIMEOUT_MS = 12 * 3_600_000;

const ON_PATH: Trtexec = { kind: "local", file: "trtexec" };

const UNWRITABLE = { code: "output-unwritable", hint: "choose a folder that is yours to write" } as const;

/** The error of a run that did not end well, with the first thing trtexec complained of. */
function failed(reason: unknown, engine: string, heard: Listener, logFile: string): unknown {
  if (!isTriptychError(reason) || reason.code !== "process-failed") return reason;
  const [complaint] = heard.errors;
  const why = complaint === undefined ? reason.message : `trtexec said: ${complaint}`;
  return new TriptychError("engine-build-failed", `${engine} was not built; ${why}`, {
    cause: reason,
    details: { ...reason.details, logFile },
  });
}

/** Nothing that trtexec writes has its name before it is whole. */
function partialOf(config: EngineBuildConfig): EngineBuildConfig {
  const { engine, layerInfo } = config;
  const layers = layerInfo === undefined ? {} : { layerInfo: partialName(layerInfo) };
  return { ...config, engine: partialName(engine), ...layers };
}

/** Gives what trtexec has told of the layers its name, if it has told anything. */
async function acceptLayers({ layerInfo }: EngineBuildConfig, partial: EngineBuildConfig): Promise<void> {
  const written = partial.layerInfo;
  if (layerInfo !== undefined && written !== undefined && (await exists(written)))
    await rename(written, layerInfo);
}

async function removePartial({ engine, layerInfo }: EngineBuildConfig): Promise<void> {
  await rm(engine, { force: true });
  if (layerInfo !== undefined) await rm(layerInfo, { force: true });
}

async function runTrtexec(
  config: EngineBuildConfig,
  options: BuildOptions,
  partial: EngineBuildConfig,
  log: LogFile,
): Promise<Pick<BuiltEngine, "warnings" | "durationMs">> {
  const run = runnable(options.trtexec ?? ON_PATH, trtexecArguments(partial));
  const stop = new AbortController();
  const heard = new Listener(config, () => {
    stop.abort();
  });
  const ended = runProgram({
    file: run.file,
    args: run.args,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    signal: AbortSignal.any([stop.signal, ...(options.signal === undefined ? [] : [options.signal])]),
    onLine: (line) => {
      log.write(line);
      for (const event of heard.hear(line)) options.onEvent?.(event);
    },
  });
  const { durationMs } = await ended.catch(async (reason: unknown) => {
    if (isProgramMissing(reason)) throw programMissing(run.file, reason);
    await run.clear();
    throw heard.refusal ?? failed(reason, config.engine, heard, log.file);
  });
  if (heard.refusal !== undefined) throw heard.refusal;
  return { warnings: heard.warnings, durationMs };
}

/** A build that ended well and made the wrong thing: where to look, and how to do it again. */
function withLog(
  reason: unknown,
  config: EngineBuildConfig,
  options: BuildOptions,
  logFile: string,
): unknown {
  if (!isTriptychError(reason, "engine-invalid")) return reason;
  const { file, args } = runnable(options.trtexec ?? ON_PATH, trtexecArguments(config));
  const { message, hint, cause, details } = reason;
  return new TriptychError("engine-invalid", message, {
    ...(hint === undefined ? {} : { hint }),
    cause,
    details: { reproduce: commandLine(file, args), logFile, ...details },
  });
}

/** {@link buildEngine} for a caller that holds a lock of its own and has made the folder. */
export async function buildUnlocked(config: EngineBuildConfig, options: BuildOptions): Promise<BuiltEngine> {
  const partial = partialOf(config);
  const log = await openLogFile(`${config.engine}.log`);
  try {
    const run = await runTrtexec(config, options, partial, log);
    const plan = await acceptEngine(config, partial.engine);
    await acceptLayers(config, partial);
    return { ...run, ...plan, logFile: log.file };
  } catch (reason) {
    throw withLog(reason, config, options, log.file);
  } finally {
    await log.close();
    await removePartial(partial);
  }
}

/**
 * Builds one engine with trtexec. The file appears under its name only when it is whole and is what was asked for;
 * whatever goes wrong, an engine that was there before stays. A build that cannot come to anything, since trtexec is
 * of another release or has chosen shapes by itself, is ended at once. Two builders of one engine take turns.
 *
 * @throws TriptychError `plan-impossible` for what this TensorRT would refuse, before anything runs; `trtexec-missing`,
 * `docker-missing`, `engine-build-failed`, `engine-invalid`, `process-timeout`, `disk-full`, `output-unwritable`, `cancelled`.
 */
export async function buildEngine(
  config: EngineBuildConfig,
  options: BuildOptions = {},
): Promise<BuiltEngine> {
  trtexecArguments(config);
  const { signal, onWait } = options;
  try {
    // trtexec would find out only after the build that there is no such folder.
    await makeFolder(path.dirname(config.engine));
    return await withLock(`${config.engine}.lock`, { signal, onWait }, () => buildUnlocked(config, options));
  } catch (reason) {
    throw writeError(reason, config.engine, UNWRITABLE);
  }
}
