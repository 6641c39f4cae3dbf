import { InvalidArgumentError, Option, type Command as Program } from "commander";
import type { MixedVariant } from "../bench/index.ts";
import type { BenchOptions } from "./commands/bench-plan.ts";
import type { Context } from "./context.ts";
import { DEFAULT_SPEC } from "./defaults.ts";

/** Runs a command body. */
type Run = (body: (context: Context) => Promise<number>) => Promise<void>;

/** Readers of arguments that other commands have as well. */
interface Readers {
  readonly whole: (text: string) => number;
  readonly words: (text: string) => string[];
  readonly endpoint: (text: string) => string;
  readonly secondsToMs: (text: string) => number;
}

const HOUR_MS = 3_600_000;

function numbers(text: string): number[] {
  const found = text.split(",").map(Number);
  if (found.every((value) => Number.isFinite(value) && value > 0)) return found;
  throw new InvalidArgumentError("expected numbers above 0, with commas between them");
}

function wholes(text: string): number[] {
  const found = numbers(text);
  if (found.every((value) => Number.isSafeInteger(value))) return found;
  throw new InvalidArgumentError("expected whole numbers above 0, with commas between them");
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("expected a number above 0");
}

function ramp(text: string): [number, number] {
  const [, from = "", to = ""] = /^([\d.]+)-([\d.]+)$/.exec(text) ?? [];
  if (from !== "" && to !== "" && Number.isFinite(Number(from) + Number(to)))
    return [Number(from), Number(to)];
  throw new InvalidArgumentError("expected two rates, such as 0.5-4");
}

function mix(text: string): MixedVariant[] {
  return text.split(",").map((part) => {
    const [, variant = "", weight = ""] = /^([\w.-]+)=([\d.]+)$/.exec(part.trim()) ?? [];
    if (variant === "" || !(Number(weight) > 0))
      throw new InvalidArgumentError("expected variants with weights, such as draft=3,final=1");
    return { variant, weight: Number(weight) };
  });
}

function percentileNumber(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 100) return value;
  throw new InvalidArgumentError("expected a percentile between 0 and 100, such as 95");
}

function collect<T>(read: (text: string) => T) {
  return (text: string, before: readonly T[] | undefined): T[] => [...(before ?? []), read(text)];
}

function url(text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text;
  throw new InvalidArgumentError("expected an address, such as http://127.0.0.1:8002/metrics");
}

function addLoad(program: Program, { whole, words, secondsToMs }: Readers): Program {
  return program
    .option("--variant <names>", "variants to measure, each by itself; default: the first of the spec", words)
    .option("--mix <shares>", "variants to measure together, such as draft=3,final=1", mix)
    .option("--steps <counts>", "step counts to measure, each by itself", wholes)
    .option("--prompt <text>", "a prompt; may be given more than once", collect(String))
    .option("--prompts <file>", "prompts, one a line, each with a weight and a tab before it if it is not 1")
    .option("--concurrency <counts>", "requests under way at a time, such as 1,2,4; default 1", wholes)
    .option("--rate <rates>", "requests a second, whether or not the server keeps up, such as 0.5,1", numbers)
    .addOption(
      new Option("--arrivals <kind>", "how --rate is spread; default poisson").choices([
        "poisson",
        "constant",
      ]),
    )
    .option("--ramp <rates>", "a rate that goes from one to another, such as 0.5-4", ramp)
    .option("--trace <file>", "milliseconds at which requests are due, one a line")
    .option(
      "--requests <count>",
      "requests of a measurement; default 20, or 4 times --concurrency, where no --duration is given",
      whole,
    )
    .option("--duration <seconds>", "most time in which requests begin", secondsToMs)
    .option("--warm-up <count>", "requests before those that count; default 2", whole)
    .option("--warm-up-time <seconds>", "least time of the warm-up", secondsToMs);
}

function addRest(program: Program, { whole, endpoint, secondsToMs }: Readers): Program {
  return program
    .option("--server <host:port>", "gRPC endpoint; requests go to several in turn", collect(endpoint))
    .option("--seed <number>", "decides arrivals, prompts, variants and the seeds of clips", whole, 1)
    .addOption(new Option("--door <door>", "front door").choices(["stream", "ensemble"]).default("stream"))
    .addOption(new Option("--deadline <seconds>", "most time a clip may take").argParser(secondsToMs))
    .option("--max-in-flight <count>", "most requests under way at a given rate; default 1000", whole)
    .option(
      "--below <seconds>",
      "search the highest load under which the percentile stays below",
      secondsToMs,
    )
    .option("--percentile <p>", "percentile of --below; default 95", percentileNumber)
    .option("--up-to <load>", "highest load that --below tries; default 1024", positive)
    .option("--metrics <url>", "Prometheus endpoint of the server, for GPU seconds", collect(url))
    .option("--server-pid <pid>", "process of the server, where it is not found by itself", whole)
    .option("--out <folder>", "where records and reports go", "out/bench")
    .option("--resume", "keep the points that an interrupted sweep has measured whole")
    .option("--ignore-checks", "do not end with exit code 3 where sender or machine were in the way");
}

/** Options as commander gives them; times are in milliseconds already. */
type BenchFlags = Omit<
  BenchOptions,
  "spec" | "durationMs" | "warmUpMs" | "deadlineMs" | "belowMs" | "server"
> & {
  readonly server?: readonly string[];
  readonly duration?: number;
  readonly warmUpTime?: number;
  readonly deadline?: number;
  readonly below?: number;
};

function optionsOf(spec: string, flags: BenchFlags): BenchOptions {
  const { duration, warmUpTime, deadline, below, server = ["127.0.0.1:8001"], ...rest } = flags;
  return {
    ...rest,
    spec,
    server,
    deadlineMs: deadline ?? HOUR_MS,
    ...(duration === undefined ? {} : { durationMs: duration }),
    ...(warmUpTime === undefined ? {} : { warmUpMs: warmUpTime }),
    ...(below === undefined ? {} : { belowMs: below }),
  };
}

/** `triptych bench` and `triptych report`. */
export function addBench(program: Program, run: Run, readers: Readers): void {
  const bench = program
    .command("bench")
    .description("measure a running server: response times, throughput, where the time goes")
    .argument("[spec]", "pipeline spec", DEFAULT_SPEC);
  addRest(addLoad(bench, readers), readers).action((spec: string, flags: BenchFlags) =>
    run(async (context) => (await import("./commands/bench.ts")).bench(context, optionsOf(spec, flags))),
  );
  program
    .command("report")
    .description("make the report of records again, or one of several")
    .argument("<files...>", "record files, or folders of triptych bench")
    .option("--out <folder>", "write it there in every format")
    .option("--spec <file>", "show the size of each variant's experts beside its speed")
    .option(
      "--quality <file>",
      "show the quality that triptych gate found (its verdict.json) beside the speed",
    )
    .action((files: string[], options: { out?: string; spec?: string; quality?: string }) =>
      run(async (context) => (await import("./commands/report.ts")).report(context, { files, ...options })),
    );
}
