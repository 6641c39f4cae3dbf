import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import {
  type CliEnd,
  cli,
  documentOf,
  edit,
  leftovers,
  makeWorkspace,
  type Workspace,
  workspace,
} from "./fixtures/cli.ts";

const SPECS = ["wan-tiny", "wan2.2-t2v-a14b"] as const;
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

  it("holds a spec against GPUs, also against those it does not fit", async () => {
    const end = await run("plan", "configs/wan2.2-t2v-a14b.yaml", "--gpu", "a10, h100");
    expect([end.code, end.stderr]).toEqual([0, ""]);
    expect(end.stdout).toMatch(/^a10: 24\.2 GB, compute capability 8\.6$/m);
    expect(end.stdout).toMatch(
      /^all, as the spec says +relay +28\.6 +11\.4 +0\.3 +4\.0 to 6\.0 +44\.8 to 47\.8 +no$/m,
    );
    expect(end.stdout).toMatch(/^draft +4 x 1 +5\.2 +6 to 12 +1\.31x +30 +met$/m);
    expect(end.stdout).toMatch(/^ {2}gpu: a40 → the pipeline fits$/m);
    const json = await run("plan", "configs/wan2.2-t2v-a14b.yaml", "--gpu", "h100", "--json");
    expect(documentOf(json)).toMatchObject({ fits: [{ fit: { served: { verdict: "fits" } } }] });
    // Where it fits nowhere, the answer is no.
    expect((await run("plan", "configs/wan2.2-t2v-a14b.yaml", "--gpu", "a10")).code).toBe(1);
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
      "error[repository-drift]: model-repository/wan-tiny differs from the spec in 1 place",
    );

    const asJson = await run("repository", "--check", "--json");
    expect(asJson.code).toBe(1);
    expect(documentOf(asJson)).toMatchObject({
      drift: [{ path: "models/final/config.pbtxt", kind: "changed" }],
    });

    await run("repository");
    expect((await run("repository", "--check")).code).toBe(0);
  });

  it("--check sees weights that were changed, and models that are not of the spec", async () => {
    const { folder, env } = await workspace();
    const there = (...args: readonly string[]) => cli(["repository", ...args], { cwd: folder, env });
    await there();
    const top = path.join(folder, "model-repository/wan-tiny/models");
    const weight = path.join(top, "vae_decoder/1/model.onnx");
    const bytes = readFileSync(weight);
    // Not through the link: the checkpoint is to stay whole.
    rmSync(weight);
    writeFileSync(weight, bytes.subarray(1));
    mkdirSync(path.join(top, "mine/1"), { recursive: true });
    const { code, stdout } = await there("--check");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^models\/vae_decoder\/1\/model\.onnx is not the file /m);
    expect(stdout).toMatch(/^only on disk: models\/mine, /m);
    expect((await there()).code).toBe(0);
    expect(readFileSync(weight).equals(bytes)).toBe(true);
    expect(existsSync(path.join(top, "mine/1"))).toBe(true);
    rmSync(path.join(top, "mine"), { recursive: true });
    expect((await there("--check")).code).toBe(0);
  });

  it("names a folder that stands in the place of a file", async () => {
    const { folder, env } = await workspace();
    const config = path.join(folder, "model-repository/wan-tiny/models/draft/config.pbtxt");
    mkdirSync(config, { recursive: true });
    const end = await cli(["repository"], { cwd: folder, env });
    expect(end.code).toBe(3);
    expect(end.stderr).toMatch(/error\[repository-write\]: cannot read \S+draft\/config\.pbtxt: EISDIR/);
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
    expect(stderr).toMatch(
      /vae_decoder\S*\.plan is missing \[weights-missing\]\n.*→ make it with `triptych engines`/,
    );
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

describe("a spec that is no text", () => {
  it("is refused for its encoding, and a pipe at once", async () => {
    const text = readFileSync(path.join(shared.folder, "configs/wan-tiny.yaml"), "utf8");
    writeFileSync(path.join(shared.folder, "utf16.yaml"), Buffer.from(`\ufeff${text}`, "utf16le"));
    writeFileSync(path.join(shared.folder, "latin1.yaml"), Buffer.from(`# gr\u00fcn\n${text}`, "latin1"));
    execFileSync("mkfifo", [path.join(shared.folder, "pipe.yaml")]);
    for (const name of ["utf16.yaml", "latin1.yaml"]) {
      const { code, stderr } = await run("plan", name);
      expect([code, stderr]).toEqual([2, expect.stringContaining(`${name} is not UTF-8 text`)]);
    }
    expect(await run("plan", "pipe.yaml")).toMatchObject({ code: 2 });
  });

  it("does not fill the screen with findings", async () => {
    const keys = Array.from({ length: 500 }, (_, index) => `key${index}: 1\n`).join("");
    writeFileSync(path.join(shared.folder, "long.yaml"), keys);
    const { code, stderr } = await run("plan", "long.yaml");
    expect(code).toBe(2);
    expect(stderr.split("\n").length).toBeLessThan(80);
    expect(stderr).toMatch(/ {2}… and \d+ more \(--json has all\)/);
  });
});

describe("exit codes, and one JSON document whatever happens", () => {
  it.each<[string, readonly string[], number, string]>([
    ["no command", [], 2, "usage"],
    ["an unknown command", ["plam"], 2, "usage"],
    ["an unknown option", ["plan", "--nope"], 2, "usage"],
    ["a GPU without figures", ["plan", "--gpu", "h9000"], 2, "usage"],
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
    ["one file for clip and sheet", ["generate", "a", "--out", "x", "--sheet", "./x"], 2, "usage"],
    ["a clip without a name", ["generate", "a", "--out", ""], 3, "output-unwritable"],
    ["a spec that is not there", ["plan", "nowhere.yaml"], 2, "spec-not-found"],
    ["a spec that is a folder", ["plan", "configs"], 2, "spec-not-found"],
    ["a spec that is a device", ["plan", "/dev/null"], 2, "spec-not-found"],
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

  const commands = ["plan", "repository", "serve", "generate", "demo", "doctor", "schema"];
  it.each([["--help"], ["--version"], ...commands.map((name) => [name, "--help"])].map((args) => [args]))(
    "%j is no error",
    async (args) => {
      const { code, stdout, stderr } = await run(...args);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/\w/);
    },
  );

  it("a word --json in the prompt asks for nothing", async () => {
    const { code, stdout } = await run("generate", "--server", "127.0.0.1:9", "--", "--json");
    expect([code, stdout]).toEqual([3, ""]);
  });
});
