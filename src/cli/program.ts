import { InvalidArgumentError, Option, Command as Program } from "commander";
import { addBench } from "./bench-program.ts";
import type { ContractOptions } from "./commands/contract.ts";
import type { EnginesOptions } from "./commands/engines.ts";
import type { Context } from "./context.ts";
import { DEFAULT_REPOSITORIES, DEFAULT_SPEC } from "./defaults.ts";
import { addGate } from "./gate-program.ts";
import { addImport } from "./import-program.ts";
import { addLint } from "./lint-program.ts";

// Each command is imported when it is chosen: what the others need, such as gRPC, is most of the time it takes to start.

/** Runs a command body; the caller gives it a context and takes the exit code. */
export type Run = (body: (context: Context) => Promise<number>) => Promise<void>;

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("expected a whole number");
  return Number(text);
}

function port(text: string): number {
  const value = whole(text);
  if (value < 1 || value > 65_535) throw new InvalidArgumentError("expected a port, 1 to 65535");
  return value;
}

function seed(text: string): bigint {
  const value = /^\d{1,19}$/.test(text) ? BigInt(text) : -1n;
  if (value !== BigInt.asUintN(63, value)) {
    throw new InvalidArgumentError("expected a whole number from 0 to 2^63-1");
  }
  return value;
}

function endpoint(text: string): string {
  // A socket file, or anything else with a name that gRPC knows.
  if (/^(unix|dns|ipv4|ipv6):/.test(text)) return text;
  const [, number = ""] = /^[^/]+:(\d{1,5})$/.exec(text) ?? [];
  if (number === "") throw new InvalidArgumentError("expected host:port, such as 127.0.0.1:8001");
  port(number);
  return text;
}

function scale(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("expected a number");
  return value;
}

function words(text: string): string[] {
  const found = text.split(",").map((word) => word.trim());
  const named = found.filter((word) => word !== "");
  if (named.length === 0) throw new InvalidArgumentError("expected names with commas between them");
  return [...new Set(named)];
}

/** As far as timers reach. */
const MOST_SECONDS = 2_147_483;

function secondsToMs(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= MOST_SECONDS) return value * 1000;
  throw new InvalidArgumentError(`expected seconds above 0 and up to ${MOST_SECONDS} (24 days)`);
}

function addSpecCommands(program: Program, run: Run): void {
  program
    .command("plan")
    .description("show what a spec leads to: models, tensors, schedules, artifacts")
    .argument("[spec]", "pipeline spec", DEFAULT_SPEC)
    .option(
      "--gpu <names>",
      "tell whether it fits these GPUs and how fast it can be, such as a40,h100",
      words,
    )
    .action((spec: string, options: { gpu?: string[] }) =>
      run(async (context) => (await import("./commands/plan.ts")).plan(context, { spec, ...options })),
    );
  program
    .command("repository")
    .description("write the model repository of a spec and link its weights")
    .argument("[spec]", "pipeline spec", DEFAULT_SPEC)
    .option(
      "--check",
      "write nothing; exit 1 and show the difference if the repository is not what the spec says",
    )
    .option("--out <folder>", "folder below which repositories stand", DEFAULT_REPOSITORIES)
    .action((spec: string, options: { check?: boolean; out: string }) =>
      run(async (context) =>
        (await import("./commands/repository.ts")).repository(context, { spec, ...options }),
      ),
    );
  program
    .command("schema")
    .description("print the JSON Schema of a spec, for editors")
    .option("--passport", "that of the passport beside an artifact instead")
    .action((options: { passport?: boolean }) =>
      run(async (context) => (await import("./commands/schema.ts")).schema(context, options)),
    );
}

function addContract(program: Program, run: Run): void {
  program
    .command("contract")
    .description("print what a client must know of a pipeline or of any models, as a TypeScript module")
    .argument("[spec]", `pipeline spec; default ${DEFAULT_SPEC} where no other source is named`)
    .option("--from-server <host:port>", "what a running server says of its models instead", endpoint)
    .option("--from-repository <folder>", "what the config.pbtxt files of any folder of models say instead")
    .option("--from-json <file>", "a contract that was saved with --json instead")
    .option("--name <name>", "what the contract is called in the module")
    .option("-o, --out <file>", "write it to a file")
    .option(
      "--check <host:port>",
      "print nothing of it; exit 1 and show each difference if the server is not what it says",
      endpoint,
    )
    .action((spec: string | undefined, options: Omit<ContractOptions, "spec">) =>
      run(async (context) =>
        (await import("./commands/contract.ts")).contract(context, {
          ...(spec === undefined ? {} : { spec }),
          ...options,
        }),
      ),
    );
}

/** Options as commander gives them; a time is in milliseconds already. */
type EnginesFlags = Omit<EnginesOptions, "spec" | "timeoutMs"> & { readonly timeout?: number };

function addEngines(program: Program, run: Run): void {
  program
    .command("engines")
    .description("make what is missing between the checkpoint and what is served: ONNX files, engines")
    .argument("[spec]", "pipeline spec", DEFAULT_SPEC)
    .option("--dry-run", "make nothing; show every artifact with its state, reason and size")
    .option(
      "--script <file>",
      "make nothing; write a bash script that does the same without Node (- for stdout)",
    )
    .option(
      "--only <ids>",
      "only these artifacts and what they are made from, such as draft/highNoise",
      words,
    )
    .option("--python <file>", "Python with the libraries of the tools; default python3")
    .option("--trtexec <file>", "TensorRT's builder; default trtexec on PATH")
    .option("--container", "build engines inside a container of the target's release")
    .option("--image <name>", "another image for --container, with its tag")
    .option("--timeout <seconds>", "most time that one artifact may take; default two days", secondsToMs)
    .option("--ignore-estimates", "go on where disk or memory will not do by the estimate")
    .action((spec: string, { timeout, ...flags }: EnginesFlags) =>
      run(async (context) =>
        (await import("./commands/engines.ts")).engines(context, {
          spec,
          ...flags,
          ...(timeout === undefined ? {} : { timeoutMs: timeout }),
        }),
      ),
    );
}

interface ServeFlags {
  readonly out: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly metricsPort: number;
  readonly readyTimeout?: number;
  readonly verbose?: boolean;
  readonly image?: string;
}

function addServe(program: Program, run: Run): void {
  program
    .command("serve")
    .description("write the repository of a spec and serve it until Ctrl-C")
    .argument("[spec]", "pipeline spec", DEFAULT_SPEC)
    .option("--out <folder>", "folder below which repositories stand", DEFAULT_REPOSITORIES)
    .option("--grpc-port <port>", "gRPC port", port, 8001)
    .option("--http-port <port>", "HTTP port", port, 8000)
    .option("--metrics-port <port>", "Prometheus port", port, 8002)
    .option("--ready-timeout <seconds>", "how long the server may take to become ready", secondsToMs)
    .option("--image <name>", "container image without its tag, for a container target")
    .option("--verbose", "show the server's log")
    .action((spec: string, flags: ServeFlags) =>
      run(async (context) =>
        (await import("./commands/serve.ts")).serve(context, {
          spec,
          out: flags.out,
          ports: { grpc: flags.grpcPort, http: flags.httpPort, metrics: flags.metricsPort },
          ...(flags.readyTimeout === undefined ? {} : { readyTimeoutMs: flags.readyTimeout }),
          ...(flags.verbose === undefined ? {} : { verbose: flags.verbose }),
          ...(flags.image === undefined ? {} : { image: flags.image }),
        }),
      ),
    );
}

interface GenerateFlags {
  readonly spec?: string;
  readonly variant?: string;
  readonly server: string;
  readonly out: string;
  readonly sheet?: string;
  readonly seed?: bigint;
  readonly steps?: number;
  readonly negativePrompt?: string;
  readonly guidanceHighNoise?: number;
  readonly guidanceLowNoise?: number;
  readonly deadline?: number;
}

function addGenerate(program: Program, run: Run): void {
  program
    .command("generate")
    .description("make one clip on a running server")
    .argument("<prompt>", "what the clip shows")
    .option("--variant <name>", "variant of the pipeline; default: the first of the spec")
    .option("--server <host:port>", "gRPC endpoint", endpoint, "127.0.0.1:8001")
    .option(
      "--spec <file>",
      `spec of what the server serves; default ${DEFAULT_SPEC}, or the package's copy of it`,
    )
    .option("--out <file>", "where the MP4 goes", "clip.mp4")
    .option("--sheet <file>", "write a contact sheet (PNG) too")
    .option("--seed <number>", "seed of the noise; the same seed gives the same clip", seed)
    .option("--steps <count>", "one of the variant's step counts", whole)
    .option("--negative-prompt <text>", "what the clip should not show")
    .option("--guidance-high-noise <scale>", "guidance of the high-noise expert", scale)
    .option("--guidance-low-noise <scale>", "guidance of the low-noise expert", scale)
    .addOption(new Option("--deadline <seconds>", "most time the clip may take").argParser(secondsToMs))
    .action((prompt: string, { deadline, ...flags }: GenerateFlags) =>
      run(async (context) =>
        (await import("./commands/generate.ts")).generate(context, {
          prompt,
          ...flags,
          ...(deadline === undefined ? {} : { deadlineMs: deadline }),
        }),
      ),
    );
}

function addMachineCommands(program: Program, run: Run): void {
  program
    .command("demo")
    .description("serve wan-tiny on the embedded Triton and make clips in three languages")
    .argument("[spec]", "pipeline spec", DEFAULT_SPEC)
    .option("--out <folder>", "where the clips go", "out/demo")
    // Told by hand: commander would print it as JSON, which knows no bigint.
    .addOption(new Option("--seed <number>", "seed of the noise").argParser(seed).default(7n, "7"))
    .action((spec: string, options: { out: string; seed: bigint }) =>
      run(async (context) => (await import("./commands/demo.ts")).demo(context, { spec, ...options })),
    );
  program
    .command("doctor")
    .description("look at this machine and the weights: can the pipeline be served here?")
    .argument("[spec]", "pipeline spec", DEFAULT_SPEC)
    .action((spec: string) =>
      run(async (context) => (await import("./commands/doctor.ts")).doctor(context, { spec })),
    );
}

/** The command line of Triptych; `run` is given the body of the command that was chosen. */
export function createProgram(version: string, run: Run): Program {
  const program = new Program("triptych")
    .description("Serve video diffusion on NVIDIA Triton from one typed description.")
    .version(version)
    .option("--json", "machine-readable result on stdout, everything else on stderr")
    .showHelpAfterError("(triptych --help lists the commands)")
    // What stands after a command is the command's: subcommands have options of the same names.
    .enablePositionalOptions()
    .exitOverride();
  addSpecCommands(program, run);
  addLint(program, run, words);
  addContract(program, run);
  addImport(program, run);
  addEngines(program, run);
  addServe(program, run);
  addGenerate(program, run);
  addBench(program, run, { whole, words, endpoint, secondsToMs });
  addGate(program, run, whole);
  addMachineCommands(program, run);
  for (const command of program.commands.flatMap((one) => [one, ...one.commands])) {
    command.exitOverride().option("--json", "machine-readable result on stdout, everything else on stderr");
  }
  return program;
}
