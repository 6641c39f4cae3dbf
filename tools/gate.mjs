// Judges the working tree next to a base: `node tools/gate.mjs [BASE]`. Without BASE it is main (origin's, then ours), and
// on main itself the commit before. Needs dist/ (npm run build) and .venv-tools.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

function commit(revision) {
  const words = ["rev-parse", "--quiet", "--verify", `${revision}^{commit}`];
  const { status, stdout } = spawnSync("git", words, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** The first of these that is there and is not what is checked out. */
function base() {
  const head = commit("HEAD");
  const known = ["origin/main", "main", "HEAD~1"].filter((name) => commit(name) !== undefined);
  return known.find((name) => commit(name) !== head) ?? known[0];
}

const named = process.argv[2] ?? (base() === undefined ? undefined : `git:${base()}`);
if (named === undefined) {
  // A source archive has no past to be compared with.
  console.log("gate: no git revision to compare with; nothing was judged");
} else {
  const words = [
    "dist/cli/main.js",
    "gate",
    "configs/gate-wan-tiny.yaml",
    "--base",
    named,
    "--inconclusive",
    "warn",
  ];
  const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: "inherit" });
  process.exitCode = status ?? 1;
}
