import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import {
  type CliEnd,
  cli,
  documentOf,
  leftovers,
  MAIN,
  makeWorkspace,
  type Workspace,
  workspace,
} from "./fixtures/cli.ts";
import { freePorts, silentPort } from "./fixtures/machine.ts";

const SPECS = ["wan-tiny", "wan2.2-t2v-a14b"] as const;
const ESCAPE = "\u001b";
let shared: Workspace;

beforeAll(async () => {
  shared = await makeWorkspace();
});

afterAll(() => {
  shared.remove();
});

/** Runs a command in the shared workspace. */
function run(...args: readonly string[]): Promise<CliEnd> {
  return cli(args, { cwd: shared.folder, env: shared.env });
}

/** A file of a workspace, and how to change it. */
function edit(file: string, change: (text: string) => string): void {
  const before = readFileSync(file, "utf8");
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(file, after);
}

describe("plan", () => {
  it("shows models, schedules and artifacts", async () => {
    const { code, stdout, stderr } = await run("plan");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^wan-tiny: wan-tiny, 64x64, 17 frames at 8 fps, 80 tokens$/m);
    expect(stdout).toMatch(/^draft_stream +python +PROMPT SEED STEPS\? +STAGE STEP STEPS /m);
    expect(stdout).toMatch(/^final +unipc +20 +9 +11 +40$/m);
    expect(stdout).toMatch(/^draft +euler +4 +2 +2 +4$/m);
    expect(stdout).toMatch(/^draft_high_noise +int8 +distilled-4step +\S+\.onnx$/m);
  });

  it.each(SPECS)("gives the whole plan of %s as JSON", async (name) => {
    const end = await run("plan", `configs/${name}.yaml`, "--json");
    expect([end.code, end.stderr]).toEqual([0, ""]);
    const { models } = documentOf(end) as { models: { config: { name: string } }[] };
    expect(models.map(({ config }) => config.name)).toEqual(
      expect.arrayContaining(["draft", "draft_stream", "final", "final_stream", "tokenizer", "vae_decoder"]),
    );
  });
});

describe("schema", () => {
  it("is a JSON Schema that takes both specs, and not a misspelt one", async () => {
    const end = await run("schema");
    expect([end.code, end.stderr]).toEqual([0, ""]);
    const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
    const schema = documentOf(end);
    expect(ajv.validateSchema(schema)).toBe(true);
    const validate = ajv.compile(schema);
    for (const name of SPECS) {
      const text = readFileSync(path.join(shared.folder, "configs", `${name}.yaml`), "utf8");
      expect(validate(parse(text)), ajv.errorsText(validate.errors)).toBe(true);
      expect(validate(parse(text.replace("family:", "familie:")))).toBe(false);
    }
  });
});

describe("repository", () => {
  it("writes what --check then finds right", async () => {
    const { folder, env, remove } = await makeWorkspace();
    onTestFinished(remove);
    const there = (...args: readonly string[]): Promise<CliEnd> =>
      cli(["repository", ...args], { cwd: folder, env });
    const before = await there("--check");
    expect(before.code).toBe(1);
    expect(existsSync(path.join(folder, "model-repository"))).toBe(false);

    const written = await there();
    expect(written.code).toBe(0);
    expect(written.stderr).toMatch(/^ {2}wrote models\/draft\/config\.pbtxt$/m);
    expect(existsSync(path.join(folder, "model-repository/wan-tiny/models/vae_decoder/1/model.onnx"))).toBe(
      true,
    );
    expect(leftovers(folder)).toEqual([]);

    const after = await there("--check");
    expect([after.code, after.stdout]).toEqual([0, ""]);
    expect((await there()).stderr).toContain("nothing to change");
  });

  it("--check names an edited file in a unified diff, and writing mends it", async () => {
    await run("repository");
    const file = path.join(shared.folder, "model-repository/wan-tiny/models/final/config.pbtxt");
    edit(file, (text) => text.replace('name: "final"', 'name: "finale"'));
    const { code, stdout, stderr } = await run("repository", "--check");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^--- on disk\/models\/final\/config\.pbtxt$/m);
    expect(stdout).toMatch(/^\+\+\+ planned\/models\/final\/config\.pbtxt$/m);
    expect(stdout).toMatch(/^-name: "finale"\n\+name: "final"$/m);
    expect(stderr).toContain(
      "error[repository-drift]: model-repository/wan-tiny differs from the spec in 1 files",
    );

    const asJson = await run("repository", "--check", "--json");
    expect(asJson.code).toBe(1);
    expect(documentOf(asJson)).toMatchObject({
      drift: [{ path: "models/final/config.pbtxt", kind: "changed" }],
    });

    await run("repository");
    expect((await run("repository", "--check")).code).toBe(0);
  });

  it("removes what an earlier rendering left, and nothing else", async () => {
    await run("repository");
    const top = path.join(shared.folder, "model-repository/wan-tiny");
    mkdirSync(path.join(top, "models/old/1"), { recursive: true });
    const [stale, foreign] = [
      path.join(top, "models/old/config.pbtxt"),
      path.join(top, "models/old/notes.txt"),
    ];
    for (const file of [stale, foreign]) writeFileSync(file, "x\n");
    edit(path.join(top, "repository.json"), (text) =>
      text.replace('"files": [', '"files": [\n    "models/old/config.pbtxt",'),
    );
    const { stdout, stderr } = await run("repository", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      written: expect.arrayContaining([{ path: "models/old/config.pbtxt", kind: "stale" }]) as unknown,
    });
    expect(stderr).toBe("");
    expect([stale, foreign].map((file) => existsSync(file))).toEqual([false, true]);
  });

  it("writes the text of a TensorRT spec, and says which engines are missing", async () => {
    const { code, stderr } = await run("repository", "configs/wan2.2-t2v-a14b.yaml");
    expect(code).toBe(0);
    expect(stderr).toMatch(/vae_decoder\S*\.plan is missing \[weights-missing\]\n.*→ build /);
    const models = path.join(shared.folder, "model-repository/wan2.2-t2v-a14b/models");
    expect(readFileSync(path.join(models, "vae_decoder/config.pbtxt"), "utf8")).toMatch(/tensorrt/);
    expect((await run("repository", "configs/wan2.2-t2v-a14b.yaml", "--check")).code).toBe(0);
  });
});

describe("a spec with mistakes", () => {
  it("is refused with all of them, each with its line and column", async () => {
    const file = path.join(shared.folder, "mistakes.yaml");
    const text = readFileSync(path.join(shared.folder, "configs/wan-tiny.yaml"), "utf8");
    writeFileSync(file, text.replace("solver: unipc", "solver: unipcc").replace("width: 64", "width: 63"));
    const lineOf = (part: string): number =>
      readFileSync(file, "utf8")
        .split("\n")
        .findIndex((line) => line.includes(part)) + 1;
    const { code, stdout, stderr } = await run("plan", "mistakes.yaml");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(
      new RegExp(`^ {2}mistakes\\.yaml:${lineOf("width: 63")}:10: video\\.width: `, "m"),
    );
    expect(stderr).toMatch(
      new RegExp(
        `^ {2}mistakes\\.yaml:${lineOf("unipcc")}:7: variants\\.final\\.sampler\\.solver: .*\\n.*did you mean "unipc"`,
        "m",
      ),
    );
    expect(documentOf(await run("plan", "mistakes.yaml", "--json"))).toMatchObject({
      error: {
        code: "spec-invalid",
        findings: expect.arrayContaining([
          expect.objectContaining({ position: { file: "mistakes.yaml", line: lineOf("unipcc"), column: 7 } }),
        ]) as unknown,
      },
    });
  });
});

describe("exit codes, and one JSON document whatever happens", () => {
  it.each<[string, readonly string[], number, string]>([
    ["no command", [], 2, "usage"],
    ["an unknown command", ["plam"], 2, "usage"],
    ["an unknown option", ["plan", "--nope"], 2, "usage"],
    ["a spec too many", ["plan", "a.yaml", "b.yaml"], 2, "usage"],
    ["no prompt", ["generate"], 2, "usage"],
    ["an unknown variant", ["generate", "a", "--variant", "nope"], 2, "usage"],
    ["a seed that is a word", ["generate", "a", "--seed", "x"], 2, "usage"],
    ["a seed above 2^63-1", ["generate", "a", "--seed", "9223372036854775808"], 2, "usage"],
    ["a negative seed", ["demo", "--seed", "-1"], 2, "usage"],
    ["a server without a port", ["generate", "a", "--server", "localhost"], 2, "usage"],
    ["a server by URL", ["generate", "a", "--server", "http://127.0.0.1:8001"], 2, "usage"],
    ["a port above 65535", ["generate", "a", "--server", "localhost:65536"], 2, "usage"],
    ["a port that is 0", ["serve", "--grpc-port", "0"], 2, "usage"],
    ["a port that is a word", ["serve", "--http-port", "http"], 2, "usage"],
    ["one port for two", ["serve", "--http-port", "8001"], 2, "usage"],
    [
      "guidance where there is none",
      ["generate", "a", "--variant", "draft", "--guidance-high-noise", "2"],
      2,
      "usage",
    ],
    ["a deadline of nothing", ["generate", "a", "--deadline", "0"], 2, "usage"],
    [
      "a step count that is not offered",
      ["generate", "a", "--steps", "7", "--server", "127.0.0.1:9"],
      3,
      "unreachable",
    ],
    ["a spec that is not there", ["plan", "nowhere.yaml"], 2, "spec-not-found"],
    ["the demo of a giant", ["demo", "configs/wan2.2-t2v-a14b.yaml"], 2, "usage"],
    ["engines that are not there", ["serve", "configs/wan2.2-t2v-a14b.yaml"], 2, "weights-missing"],
  ])("%s", async (_, args, exit, code) => {
    const [asText, asJson] = await Promise.all([run(...args), run(...args, "--json")]);
    expect([asText.code, asText.stdout]).toEqual([exit, ""]);
    expect(asText.stderr).not.toBe("");
    expect(asJson.code).toBe(exit);
    expect(documentOf(asJson)).toMatchObject({
      error: { code, message: expect.stringMatching(/\w/) as string },
    });
  });

  it.each([[["--help"]], [["--version"]], [["serve", "--help"]]])("%j is no error", async (args) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/\w/);
  });

  it("a word --json in the prompt asks for nothing", async () => {
    const { code, stdout } = await run("generate", "--server", "127.0.0.1:9", "--", "--json");
    expect([code, stdout]).toEqual([3, ""]);
  });
});

describe("a server that is not there", () => {
  it("is told at once where nobody listens", async () => {
    const [port = 0] = await freePorts(1);
    const { code, stderr } = await run("generate", "a", "--server", `127.0.0.1:${port}`);
    expect(code).toBe(3);
    expect(stderr).toContain(`error[unreachable]: Cannot reach 127.0.0.1:${port}: `);
    expect(stderr).toContain("→ ");
  });

  it("is told within 10 s where nobody answers, and no file is left", async () => {
    const port = await silentPort();
    const started = performance.now();
    const { code, stderr } = await run(
      "generate",
      "a",
      "--server",
      `127.0.0.1:${port}`,
      "--out",
      "clips/a.mp4",
    );
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(code).toBe(3);
    expect(stderr).toContain("error[unreachable]");
    expect(readdirSync(path.join(shared.folder, "clips"))).toEqual([]);
  });

  it("is not asked where the clip could not be written", async () => {
    mkdirSync(path.join(shared.folder, "taken.mp4"));
    const { code, stderr } = await run("generate", "a", "--server", "127.0.0.1:9", "--out", "taken.mp4");
    expect(code).toBe(3);
    expect(stderr).toContain("error[output-unwritable]: cannot write taken.mp4: it is a folder");
  });
});

/** A workspace with a checkpoint of its own and an empty cache: what is made there shows how far a server came. */
async function brokenWeights(change: (checkpoint: string) => void): Promise<Workspace> {
  const made = await workspace({ emptyCache: true });
  const source = path.join(made.folder, "models/wan-tiny");
  const checkpoint = path.join(made.folder, "own/wan-tiny");
  for (const part of ["onnx", "tokenizer", "manifest.json"])
    cpSync(path.join(source, part), path.join(checkpoint, part), { recursive: true });
  rmSync(path.join(made.folder, "models"));
  symlinkSync("own", path.join(made.folder, "models"));
  change(checkpoint);
  return made;
}

const firstOnnx = (checkpoint: string): string => {
  const [name = ""] = readdirSync(path.join(checkpoint, "onnx")).sort();
  return path.join(checkpoint, "onnx", name);
};

describe("weights that are not right are told before Triton starts", () => {
  it.each<[string, string, RegExp, (checkpoint: string) => void]>([
    [
      "one byte is wrong",
      "weights-mismatch",
      /\.onnx is not the file that manifest\.json describes: expected sha256 \w+…, got \w+…/,
      (checkpoint) => {
        const bytes = readFileSync(firstOnnx(checkpoint));
        bytes[1000] = (bytes[1000] ?? 0) ^ 1;
        writeFileSync(firstOnnx(checkpoint), bytes);
      },
    ],
    [
      "one is cut short",
      "weights-mismatch",
      /expected \d+ bytes, got 10$/m,
      (checkpoint) => {
        writeFileSync(firstOnnx(checkpoint), "0123456789");
      },
    ],
    [
      "two are missing",
      "weights-missing",
      /\.onnx is missing \(and 1 more\)\n.* is missing .*\n.*\n.*tokenizer\.json is missing /,
      (checkpoint) => {
        rmSync(firstOnnx(checkpoint));
        rmSync(path.join(checkpoint, "tokenizer/tokenizer.json"));
      },
    ],
    [
      "the manifest is no JSON",
      "weights-mismatch",
      /manifest\.json cannot be used: not valid JSON/,
      (checkpoint) => {
        writeFileSync(path.join(checkpoint, "manifest.json"), "<html>");
      },
    ],
    [
      "the manifest leads out of its folder",
      "weights-mismatch",
      /manifest\.json cannot be used: "\.\.\/\.\.\/etc\/passwd" leads out of the checkpoint/,
      (checkpoint) => {
        edit(path.join(checkpoint, "manifest.json"), (text) =>
          text.replace('"files": {', '"files": { "../../etc/passwd": { "sha256": "00", "bytes": 1 },'),
        );
      },
    ],
  ])("%s", async (_, code, message, change) => {
    const { folder, cache, env } = await brokenWeights(change);
    const [end, examined] = await Promise.all([
      cli(["serve"], { cwd: folder, env }),
      // What it makes in the cache must not be taken for the server's.
      cli(["doctor"], { cwd: folder, env: { ...env, TRIPTYCH_CACHE: `${cache}-of-doctor` } }),
    ]);
    expect([end.code, end.stdout]).toEqual([2, ""]);
    expect(end.stderr).toContain(`error[${code}]`);
    expect(end.stderr).toMatch(message);
    expect(readdirSync(cache)).toEqual([]);
    expect(existsSync(path.join(folder, "model-repository"))).toBe(false);

    expect(examined.code).toBe(1);
    expect(examined.stdout).toMatch(/^FAULT weights: /m);
  });
});

describe("a port that is taken", () => {
  it.each(["grpc", "http", "metrics"])("for %s is named", async (name) => {
    const port = await silentPort();
    const free = await freePorts(3);
    const options = ["grpc", "http", "metrics"].flatMap((one, index) => [
      `--${one}-port`,
      String(one === name ? port : free[index]),
    ]);
    const { code, stderr } = await run("serve", ...options);
    expect(code).toBe(3);
    expect(stderr).toContain(`error[port-taken]: Port ${port} on 127.0.0.1 is already in use`);
    expect(stderr).toContain("--grpc-port");
  });
});

describe("doctor", () => {
  it("finds that this machine can serve wan-tiny", async () => {
    const { code, stdout, stderr } = await run("doctor");
    expect([code, stderr]).toEqual([0, ""]);
    for (const name of ["python", "cache", "disk", "shared-memory", "weights"])
      expect(stdout).toMatch(new RegExp(`^ok {4}${name}: \\S`, "m"));
    expect(stdout).toMatch(/wan-tiny can be served here\n$/);
    for (const line of stdout.split("\n")) expect(line).toMatch(/^(ok|note|FAULT) +\S|^ +→|^wan-tiny|^$/);
  });

  it("says what is missing, and what to do", async () => {
    const env = { ...shared.env, PATH: shared.temporary };
    const end = await cli(["doctor"], { cwd: shared.folder, env });
    expect(end.code).toBe(1);
    expect(end.stdout).toMatch(/^FAULT python: .*found none\n {6}→ Install it/m);
    expect(end.stdout).toMatch(/^note {2}docker: No docker program on PATH\n {6}→ /m);
    const asJson = await cli(["doctor", "--json"], { cwd: shared.folder, env });
    expect(asJson.code).toBe(1);
    expect(documentOf(asJson)).toMatchObject({
      lines: expect.arrayContaining([
        expect.objectContaining({ name: "python", status: "fault" }),
      ]) as unknown,
    });
  });

  it("takes what a container spec needs for faults where an embedded one does not", async () => {
    const end = await cli(["doctor", "configs/wan2.2-t2v-a14b.yaml", "--json"], {
      cwd: shared.folder,
      env: { ...shared.env, PATH: shared.temporary },
    });
    expect(end.code).toBe(1);
    const { lines } = documentOf(end) as { lines: { name: string; status: string }[] };
    const statusOf = (name: string): unknown => lines.find((line) => line.name === name)?.status;
    expect([statusOf("docker"), statusOf("gpu"), statusOf("python")]).toEqual(["fault", "fault", "note"]);
  });
});

/** Runs a command on a terminal of its own and returns what it shows there. */
function onTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { FORCE_COLOR, NO_COLOR, ...rest } = process.env;
  void [FORCE_COLOR, NO_COLOR];
  const program = ["import pty, sys", "pty.spawn(sys.argv[1:])"].join("\n");
  return execFileSync("python3", ["-c", program, process.execPath, MAIN, ...args], {
    cwd: shared.folder,
    env: { ...rest, ...shared.env, TERM: "xterm", ...env },
    encoding: "utf8",
  });
}

describe("terminal", () => {
  const wrong = ["plan", "nowhere.yaml"];

  it("gets colour, but not with NO_COLOR", () => {
    expect(onTerminal(wrong)).toContain(`${ESCAPE}[31m`);
    const plain = onTerminal(wrong, { NO_COLOR: "1" });
    expect(plain).toContain("error[spec-not-found]: cannot read nowhere.yaml");
    expect(plain).not.toContain(ESCAPE);
    expect(onTerminal(["doctor"])).toContain(`${ESCAPE}[32mok`);
  });

  it.each([
    [wrong],
    [["doctor"]],
    [["plan"]],
    [["plan", "--nope"]],
    [["--help"]],
    [["repository", "--check"]],
  ])("%j writes no escape codes into a pipe", async (args) => {
    const { stdout, stderr } = await run(...args);
    expect(stdout + stderr).not.toContain(ESCAPE);
    expect(stdout + stderr).toMatch(/\w/);
  });

  it("shows foreign text disarmed", async () => {
    const { stderr } = await run("plan", `no${ESCAPE}[2Jwhere.yaml`);
    expect(stderr).toContain("no\ufffd[2Jwhere.yaml");
  });
});

/** Runs a command whose readers are gone before it writes. */
async function runUnread(args: readonly string[], gone: readonly ("stdout" | "stderr")[]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: shared.folder,
    env: { ...process.env, ...shared.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let rest = "";
  for (const name of ["stdout", "stderr"] as const) {
    if (gone.includes(name)) child[name].destroy();
    else
      child[name].on("data", (chunk: Buffer) => {
        rest += chunk.toString();
      });
  }
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once("close", (...end) => {
      resolve(end);
    });
  });
  return { code, signal, rest };
}

describe("a reader that goes away", () => {
  it.each([[["plan", "--json"]], [["schema"]], [["doctor"]]])(
    "from the result of %j is no error",
    async (args) => {
      expect(await runUnread(args, ["stdout"])).toEqual({ code: 0, signal: null, rest: "" });
    },
  );

  it("from the messages leaves the verdict as it is", async () => {
    expect(await runUnread(["plan", "nowhere.yaml"], ["stdout", "stderr"])).toMatchObject({ code: 2 });
    expect(await runUnread(["plan", "--nope"], ["stderr"])).toMatchObject({ code: 2 });
    expect(await runUnread(["plan"], ["stderr"])).toMatchObject({ code: 0 });
  });

  it.runIf(existsSync("/dev/full"))("is not a disk that is full", () => {
    const script = `"$0" "$1" plan --json >/dev/full`;
    expect(() =>
      execFileSync("bash", ["-c", script, process.execPath, MAIN], { cwd: shared.folder, stdio: "pipe" }),
    ).toThrow(expect.objectContaining({ status: 3, message: expect.stringContaining("ENOSPC") as string }));
  });
});
