#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { toTriptychError } from "../errors/index.ts";
import { type Context, EXIT } from "./context.ts";
import { createProgram } from "./program.ts";
import { reportError } from "./report-error.ts";
import { processTerminal } from "./terminal.ts";

const USAGE = 2;

const terminal = processTerminal();
const abort = new AbortController();

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** The first Ctrl-C lets a command end its children and tidy up; a second one does not wait. */
function interrupt(): void {
  if (abort.signal.aborted) process.exit(EXIT.interrupted);
  abort.abort();
}

async function runBody(body: (context: Context) => Promise<number>): Promise<void> {
  const json = process.argv.includes("--json");
  try {
    process.exitCode = await body({ terminal, signal: abort.signal, json });
  } catch (reason) {
    if (abort.signal.aborted) {
      terminal.err("interrupted");
      process.exitCode = EXIT.interrupted;
      return;
    }
    const error = toTriptychError(reason);
    reportError(error, terminal, json);
    process.exitCode = error.exitCode;
  }
}

for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, interrupt);
// A reader that goes away, such as `head`, is no fault of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
});

try {
  await createProgram(version(), runBody).parseAsync();
} catch (reason) {
  if (!(reason instanceof CommanderError)) throw reason;
  process.exitCode = reason.exitCode === 0 ? EXIT.ok : USAGE;
}
