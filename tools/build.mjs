// Compiles src/ to dist/ and copies what is not TypeScript beside it.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

rmSync(`${root}dist`, { recursive: true, force: true });
execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
cpSync(`${root}src`, `${root}dist`, {
  recursive: true,
  filter: (path) => extname(path) !== ".ts" && !path.includes("__pycache__") && !path.includes("_cache"),
});
// The offline tools that are for every model; what trains wan-tiny stays in the source tree.
cpSync(`${root}tools/triptych_tools`, `${root}dist/tools/triptych_tools`, {
  recursive: true,
  filter: (path) => !path.includes("__pycache__") && !path.includes("wan_tiny"),
});
cpSync(`${root}tools/requirements.txt`, `${root}dist/tools/requirements.txt`);
// So that `generate` and `contract` know wan-tiny in a folder that has no spec.
cpSync(`${root}configs/wan-tiny.yaml`, `${root}dist/configs/wan-tiny.yaml`);
chmodSync(`${root}dist/cli/main.js`, 0o755);
