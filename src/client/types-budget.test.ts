import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MODELS = 300;

/** Most types that the compiler may make for the client and a contract of 300 models with a call of each. */
const BUDGET = 150_000;

const at = Array.from({ length: MODELS }, (_, index) => index);

const CONTRACT = at
  .map(
    (index) => `    model_${index}: {
      inputs: [
        { name: "IDS", datatype: "INT64", dims: [2, ${index + 1}] },
        { name: "MASK", datatype: "INT64", dims: [2, -1], optional: true },
      ],
      outputs: [
        { name: "CONTEXT", datatype: "FP32", dims: [2, ${index + 1}, 64] },
        { name: "POOLED", datatype: "FP16", dims: [-1] },
      ],
      decoupled: false,
      maxBatchSize: ${index % 2 === 0 ? 0 : 8},
    },`,
  )
  .join("\n");

const CALLS = at.map((index) => {
  const shape = index % 2 === 0 ? `[2, ${index + 1}]` : `[1, 2, ${index + 1}]`;
  return `
  {
    const IDS = tensor("INT64", ${shape}, new BigInt64Array(${2 * (index + 1)}));
    const { outputs } = await models.model_${index}.infer({ IDS }, { outputs: ["POOLED"] });
    total += outputs.POOLED.data.length;
  }`;
});

/** What the compiler says of a program that uses the client, and how many types it made. */
function compile(source: string): { said: string; instantiations: number } {
  const folder = mkdtempSync(path.join(tmpdir(), "triptych-types-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(path.join(folder, "use.ts"), source);
  writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
  const compilerOptions = {
    noEmit: true,
    typeRoots: [path.join(ROOT, "node_modules/@types")],
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: false,
  };
  const config = { extends: path.join(ROOT, "tsconfig.json"), compilerOptions, include: ["use.ts"] };
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  let said = "";
  try {
    said = execFileSync(process.execPath, [tsc, "-p", folder, "--extendedDiagnostics"], { encoding: "utf8" });
  } catch (error) {
    said = (error as { readonly stdout: string }).stdout;
  }
  const errors = said.split("\n").filter((line) => line.includes("error TS"));
  return { said: errors.join("\n"), instantiations: Number(/^Instantiations: +(\d+)/m.exec(said)?.[1]) };
}

it("stay cheap for a contract of 300 models with 300 calls, each of them checked", {
  timeout: 300_000,
}, () => {
  const from = (room: string): string => JSON.stringify(path.join(ROOT, "src", room, "index.ts"));
  const program = (calls: readonly string[]): string => `
import { connect } from ${from("client")};
import { tensor } from ${from("tensor")};
const contract = { pipeline: "large", variants: {}, models: {
${CONTRACT}
} } as const;
const { models } = await connect("127.0.0.1:8001", { contract });
let total = 0;
${calls.join("\n")}
export { total };
`;
  const wrong = (CALLS[299] ?? "").replace("[1, 2, 300]", "[1, 2, 299]");
  const { said, instantiations } = compile(program([...CALLS, wrong]));
  // One mistake among them all, so that it is sure that they were looked at.
  expect(said.split("\n")).toEqual([expect.stringContaining("TS2322")]);
  expect(instantiations).toBeGreaterThan(MODELS);
  expect(instantiations).toBeLessThan(BUDGET);
});
