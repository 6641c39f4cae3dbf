import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CliEnd, cli, MAIN, makeWorkspace, plainEnvironment, type Workspace } from "./fixtures/cli.ts";

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

/** Runs a command on a terminal of its own and returns what it shows there. */
function onTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const program = ["import pty, sys", "pty.spawn(sys.argv[1:])"].join("\n");
  return execFileSync("python3", ["-c", program, process.execPath, MAIN, ...args], {
    cwd: shared.folder,
    env: { ...plainEnvironment(), ...shared.env, TERM: "xterm", ...env },
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

  it("from the result leaves the verdict as it is", async () => {
    const args = ["repository", "--check", "--out", "nowhere"];
    expect(await runUnread(args, ["stdout"])).toMatchObject({ code: 1, signal: null });
  });

  it.runIf(existsSync("/dev/full"))("is not a disk that is full", () => {
    const script = `"$0" "$1" plan --json >/dev/full`;
    expect(() =>
      execFileSync("bash", ["-c", script, process.execPath, MAIN], { cwd: shared.folder, stdio: "pipe" }),
    ).toThrow(expect.objectContaining({ status: 3, message: expect.stringContaining("ENOSPC") as string }));
  });
});
