#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { systemErrorCode, TriptychError, toTriptychError } from "../errors/index.ts";
import { type Context, EXIT } from "./context.ts";
import { createProgram } from "./program.ts";
import { reportError } from "./report-error.ts";
import { selfName } from "./self-name.ts";
import { createTerminal } from "./terminal.ts";

const USAGE = 2;

const terminal = createTerminal(process.stdout, process.stderr);
const abort = new AbortController();
const json = wantsJson(process.argv.slice(2));
const self = selfName(process.argv[1] ?? "triptych", process.cwd());

/** Looked up by hand, since also a command line that is not understood is to be answered in JSON. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).includes("--json");
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** The first Ctrl-C lets a command end its children and tidy up; a second one does not wait. */
function interrupt(): void {
  if (abort.signal.aborted) process.exit(EXIT.interrupted);
  abort.abort();
}

function fail(reason: unknown): void {
  const error = abort.signal.aborted
    ? new TriptychError("cancelled", "interrupted")
    : toTriptychError(reason);
  // An interruption was asked for: as text it is no error to explain.
  if (abort.signal.aborted && !json) terminal.err(error.message);
  else reportError(error, terminal, json);
  process.exitCode = error.exitCode;
}

/**
 * Nobody gets the result. A reader that went away, such as `head`, has what it wanted: the command goes on to its own
 * verdict, which a pipeline may still ask for. Where the disk is full, there is no sense in going on.
 */
function resultLost(cause: unknown): void {
  const code = systemErrorCode(cause) ?? "unknown";
  if (code === "EPIPE") return;
  const error = new TriptychError("output-unwritable", `cannot write to stdout: ${code}`, { cause });
  reportError(error, terminal, false);
  process.once("exit", () => {
    process.exitCode = error.exitCode;
  });
  abort.abort();
}

async function runBody(body: (context: Context) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await body({ terminal, signal: abort.signal, json, self });
  } catch (reason) {
    fail(reason);
  }
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, interrupt);
process.stdout.once("error", resultLost);
process.stdout.on("error", () => undefined);
// What nobody reads any more need not be said.
process.stderr.on("error", () => undefined);

try {
  await createProgram(version(), runBody).parseAsync();
} catch (reason) {
  if (!(reason instanceof CommanderError)) throw reason;
  // Commander has told a person already, on stderr.
  const message =
    reason.code === "commander.help" ? "no command is named" : reason.message.replace(/^error: /, "");
  if (reason.exitCode !== 0 && json) reportError(new TriptychError("usage", message), terminal, true);
  process.exitCode = reason.exitCode === 0 ? EXIT.ok : USAGE;
}
