import { InvalidArgumentError, Option, type Command as Program } from "commander";
import type { Context } from "./context.ts";

/** Runs a command body. */
type Run = (body: (context: Context) => Promise<number>) => Promise<void>;

const DEFAULT_GATE = "configs/gate-wan-tiny.yaml";
const DEFAULT_OUT = "out/gate";
const SOURCES = "a folder, a spec, host:port of a server, or git:REVISION";

function share(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= 1000) return value / 100;
  throw new InvalidArgumentError("expected per cent above 0, such as 10");
}

/** A text that says something; an unset variable of a CI job arrives as an empty one. */
function filled(what: string): (text: string) => string {
  return (text) => {
    if (text.trim() === "") throw new InvalidArgumentError(`expected ${what}, got nothing`);
    return text;
  };
}

const source = filled(SOURCES);

interface RunFlags {
  readonly base?: string;
  readonly candidate?: string;
  readonly out: string;
  readonly inconclusive: "pass" | "warn" | "fail" | "exit-4";
}

function addRun(gate: Program, run: Run): void {
  gate
    .argument("[gate]", "gate file", DEFAULT_GATE)
    .option("--base <where>", `what the candidate is compared with: ${SOURCES}`, source)
    .option("--candidate <where>", `what is judged, likewise; default: the gate's spec as it is`, source)
    .option("--out <folder>", "where verdict and reports go", DEFAULT_OUT)
    .addOption(
      new Option("--inconclusive <as>", "what the data that allow no verdict end with")
        .choices(["exit-4", "pass", "warn", "fail"])
        .default("exit-4"),
    )
    .action((file: string, flags: RunFlags) =>
      run(async (context) => (await import("./commands/gate.ts")).gate(context, { file, ...flags })),
    );
}

function addCalibrate(gate: Program, run: Run, whole: (text: string) => number): void {
  gate
    .command("calibrate")
    .description("measure the same build on both sides: what can this host see?")
    .argument("[gate]", "gate file", DEFAULT_GATE)
    .addOption(
      new Option("--detect <per cent>", "the slowdown that is to be caught, in per cent")
        .argParser(share)
        .default(0.1, "10"),
    )
    .option("--blocks <count>", "blocks to measure; default: the gate's", whole)
    .option("--candidate <where>", `what both sides are: ${SOURCES}; default: the gate's spec`, source)
    .option("--out <folder>", "where its files go", DEFAULT_OUT)
    .action((file: string, flags: { detect: number; blocks?: number; candidate?: string; out: string }) =>
      run(async (context) =>
        (await import("./commands/gate-calibrate.ts")).gateCalibrate(context, { file, ...flags }),
      ),
    );
}

function addAfterwards(gate: Program, run: Run): void {
  gate
    .command("explain")
    .description("tell where the difference of the last run lies")
    .option("--out <folder>", "where that run's verdict is", DEFAULT_OUT)
    .action((flags: { out: string }) =>
      run(async (context) => (await import("./commands/gate-explain.ts")).gateExplain(context, flags)),
    );
  gate
    .command("accept")
    .description("accept what the last run found of a check, with a reason")
    .argument("[gate]", "gate file", DEFAULT_GATE)
    .requiredOption("--check <name>", "name of the check")
    .requiredOption("--reason <text>", "why the new value is right", filled("a reason"))
    .option("--author <name>", "who accepts it; default: git's user.name", filled("a name"))
    .option("--out <folder>", "where that run's verdict is", DEFAULT_OUT)
    .action((file: string, flags: { check: string; reason: string; author?: string; out: string }) =>
      run(async (context) =>
        (await import("./commands/gate-accept.ts")).gateAccept(context, { file, ...flags }),
      ),
    );
}

/** `triptych gate` with its subcommands. */
export function addGate(program: Program, run: Run, whole: (text: string) => number): void {
  const gate = program
    .command("gate")
    // Its subcommands have options of the same names.
    .enablePositionalOptions()
    .description("judge a candidate: limits, exact values, quality, and speed next to a base");
  addRun(gate, run);
  addCalibrate(gate, run, whole);
  addAfterwards(gate, run);
}
