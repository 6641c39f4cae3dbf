import { existsSync } from "node:fs";
import { join } from "node:path";
import { isTriptychError, pause, TriptychError } from "../../errors/index.ts";
import {
  applyLintSettings,
  type LintReport,
  type LintSettings,
  lintRepository,
  lintToGithub,
  lintToSarif,
  readLintSettings,
} from "../../lint/index.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { idleExceptionLines, lintLines, lintSummary } from "../lint-text.ts";
import { readText } from "../read-text.ts";
import { printable } from "../terminal.ts";

/** Flags of `triptych lint`. */
export interface LintFlags {
  readonly triton?: string;
  readonly autoComplete?: boolean;
  readonly rule?: readonly string[];
  readonly ignore?: readonly string[];
  readonly config?: string;
  readonly format?: "text" | "sarif" | "github";
  readonly followLinks?: boolean;
  readonly fix?: boolean;
  readonly watch?: boolean;
}

interface LintCommand extends LintFlags {
  readonly folder: string;
}

/** How often a folder is looked at again. */
const WATCH_MS = 1000;

/** A repository of Triptych's has its models in a folder of their own. */
function modelsFolder(folder: string): string {
  const models = join(folder, "models");
  return existsSync(join(folder, "repository.json")) && existsSync(models) ? models : folder;
}

async function loadSettings(file: string | undefined): Promise<LintSettings> {
  if (file === undefined) return { ignore: [] };
  return readLintSettings(await readText(file, "name a file of settings for --config"), file);
}

/** A report, and what is to be said of the exceptions from it. */
interface Told {
  readonly report: LintReport;
  readonly idle: readonly string[];
}

async function reportOf({ folder, config, ...flags }: LintCommand): Promise<Told> {
  const settings = await loadSettings(config);
  const triton = flags.triton ?? settings.triton;
  const autoComplete = flags.autoComplete ?? settings.autoComplete ?? false;
  const report = await lintRepository(modelsFolder(folder), {
    ...(triton === undefined ? {} : { triton }),
    autoComplete,
    ...(flags.rule === undefined ? {} : { rules: flags.rule }),
    ...(flags.ignore === undefined ? {} : { ignore: flags.ignore }),
    followLinks: flags.followLinks === true,
  });
  const idle = config === undefined ? [] : idleExceptionLines(config, settings, report);
  return { report: applyLintSettings(report, settings), idle };
}

function show(context: Context, { folder: given, format }: LintCommand, { report, idle }: Told): void {
  const folder = modelsFolder(given);
  const { terminal, json } = context;
  if (json) terminal.out(JSON.stringify({ folder, ...report }));
  else if (format === "sarif") terminal.out(lintToSarif(report));
  else if (format === "github") {
    if (report.findings.length > 0) terminal.out(printable(lintToGithub(report)));
  } else {
    for (const finding of report.findings)
      for (const line of lintLines(finding, terminal)) terminal.out(line);
  }
  if (json) return;
  for (const line of idle) terminal.err(line);
  terminal.err(lintSummary(folder, report));
}

function verdict({ findings }: LintReport): number {
  return findings.some(({ severity }) => severity === "error") ? EXIT.no : EXIT.ok;
}

/** Tells anew whenever there is something else to tell. After the first look, what is away or half written may come back. */
async function watch(context: Context, options: LintCommand): Promise<number> {
  let last = "";
  while (!context.signal.aborted) {
    const told = await reportOf(options).catch((reason: unknown) => {
      if (last === "" || !isTriptychError(reason)) throw reason;
      return reason;
    });
    const isError = told instanceof TriptychError;
    const now = isError ? told.message : JSON.stringify(told);
    if (now !== last && isError) context.terminal.err(printable(told.message));
    else if (now !== last && !isError) show(context, options, told);
    last = now;
    await pause(WATCH_MS, context.signal);
  }
  return EXIT.interrupted;
}

/** @throws TriptychError `usage` for flags that do not go together. */
function requireSense({ json }: Context, { watch: again, fix, format }: LintCommand): void {
  const isMachine = json || format === "sarif";
  if (again === true && (isMachine || fix === true)) {
    throw new TriptychError(
      "usage",
      "--watch tells a person: expected no --json, --format sarif or --fix beside it",
    );
  }
  if (json && format !== undefined) throw new TriptychError("usage", "expected --json or --format, got both");
}

/** `triptych lint DIR`: what Triton will say of a repository. */
export const lint: Command<LintCommand> = async (context, options) => {
  requireSense(context, options);
  if (options.watch === true) return watch(context, options);
  if (options.fix === true)
    await (await import("../lint-fix.ts")).fix(context, (await reportOf(options)).report);
  const told = await reportOf(options);
  show(context, options, told);
  return verdict(told.report);
};
