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
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type CliEnd,
  cli,
  documentOf,
  edit,
  makeWorkspace,
  type Workspace,
  workspace,
} from "./fixtures/cli.ts";
import { freePorts, silentPort } from "./fixtures/machine.ts";

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

describe("a server that is not there", () => {
  it("is told at once where nobody listens", async () => {
    const [port = 0] = await freePorts(1);
    const { code, stderr } = await run("generate", "a", "--server", `127.0.0.1:${port}`);
    expect(code).toBe(3);
    expect(stderr).toContain(`error[unreachable]: Cannot reach 127.0.0.1:${port}: `);
    expect(stderr).toContain("→ ");
  });

  it("is told within 10 s where nobody answers, and neither file nor folder is left", async () => {
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
    expect(existsSync(path.join(shared.folder, "clips"))).toBe(false);
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
