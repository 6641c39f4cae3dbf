import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TritonServer } from "../src/server/index.ts";
import { plainEnvironment } from "./fixtures/cli.ts";
import { examples } from "./fixtures/examples.ts";
import { planOf, ROOT, startTiny, writeModels } from "./support.ts";

/** Within the package, so that `triptych-sdk` is the built one. */
const folder = join(ROOT, "out/examples");
const runnable = examples(ROOT).filter(({ runs }) => runs);
let server: TritonServer;

const toJavaScript = (code: string) =>
  ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  }).outputText;

/** What a reader has who follows the guides: a rendered repository with its weights, the configs, and the contract. */
async function prepare(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "model-repository"), { recursive: true });
  const models = await writeModels(planOf("wan-tiny"));
  symlinkSync(dirname(models), join(folder, "model-repository/wan-tiny"));
  for (const name of ["configs", "models"]) symlinkSync(join(ROOT, name), join(folder, name));
  const contract = readFileSync(join(ROOT, "model-repository/wan-tiny/contract.gen.ts"), "utf8");
  writeFileSync(join(folder, "contract.gen.js"), toJavaScript(contract));
}

beforeAll(async () => {
  await prepare();
  server = await startTiny();
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("the examples of the documentation", () => {
  it("are found in guides and in comments", () => {
    expect(runnable.some(({ place }) => place.startsWith("README.md"))).toBe(true);
    expect(runnable.filter(({ place }) => place.startsWith("src/")).length).toBeGreaterThan(8);
  });

  it.each(runnable)("$place runs", async ({ place, code }) => {
    const script = join(folder, `${place.replaceAll(/\W+/g, "-")}.mjs`);
    writeFileSync(script, toJavaScript(code.replaceAll("127.0.0.1:8001", server.grpcEndpoint)));
    await promisify(execFile)(process.execPath, [script], {
      cwd: folder,
      env: plainEnvironment(),
      timeout: 100_000,
    });
  });
});
