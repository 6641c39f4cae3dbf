import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { pythonOf, ROOT, temporaryFolder } from "./support.ts";

interface GithubStep {
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: { readonly path?: string };
}

interface GithubFile {
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: { readonly gate: { readonly steps: readonly GithubStep[] } };
}

interface GitlabFile {
  readonly gate: {
    readonly variables: Readonly<Record<string, string | number>>;
    readonly before_script: readonly string[];
    readonly script: readonly string[];
    readonly artifacts: { readonly paths: readonly string[]; readonly reports: { readonly junit: string } };
  };
}

const textOf = (name: string): string => readFileSync(path.join(ROOT, "configs/ci", name), "utf8");
const github = parse(textOf("github-actions.yml")) as GithubFile;
const gitlab = parse(textOf("gitlab-ci.yml")) as GitlabFile;

/** What a job of GitHub or GitLab does is theirs; npm and apt need a network. */
const isOurs = (line: string): boolean => /\b(git|triptych)\b/.test(line);

const GATE = `version: 1
name: theirs
spec: wan-tiny.yaml
prompts: [a red circle moves right]
samples: 1
checks:
  exact:
    frames: { variant: draft, metric: frames }
`;

/** A project that has triptych-sdk among its dependencies, a spec, weights and a gate, and a branch from its main. */
function theirProject(): string {
  const project = temporaryFolder("project");
  const git = (...words: readonly string[]): void => {
    const who = ["-c", "user.name=them", "-c", "user.email=them@example.com"];
    execFileSync("git", [...who, ...words], { cwd: project, stdio: "ignore" });
  };
  mkdirSync(path.join(project, "configs"));
  cpSync(path.join(ROOT, "configs/wan-tiny.yaml"), path.join(project, "configs/wan-tiny.yaml"));
  writeFileSync(path.join(project, "configs/gate.yaml"), GATE);
  writeFileSync(path.join(project, ".gitignore"), "node_modules\nout\n");
  cpSync(path.join(ROOT, "models/wan-tiny"), path.join(project, "models/wan-tiny"), { recursive: true });
  git("init", "--initial-branch=main");
  git("add", ".");
  git("commit", "-m", "A pipeline");
  git("remote", "add", "origin", project);
  git("fetch", "origin");
  git("checkout", "-b", "work");
  git("commit", "--allow-empty", "-m", "No change");
  mkdirSync(path.join(project, "node_modules/.bin"), { recursive: true });
  symlinkSync(path.join(ROOT, "dist/cli/main.js"), path.join(project, "node_modules/.bin/triptych"));
  return project;
}

describe("the files for CI", () => {
  it.each([
    ["github-actions.yml", ["vendor.github-workflows"]],
    ["gitlab-ci.yml", ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]],
  ])("%s is what its service reads", (name, schema) => {
    const file = path.join(ROOT, "configs/ci", name);
    const words = ["-m", "check_jsonschema", "--builtin-schema", ...schema, file];
    execFileSync(pythonOf("judge"), words, { encoding: "utf8" });
  });

  describe("judge a project as they stand", () => {
    let project: string;
    beforeAll(() => {
      project = theirProject();
    });

    /** Runs lines as a job does, and gives what it would keep. */
    function run(lines: readonly string[], env: Readonly<Record<string, string>>): string {
      const script = ["set -eo pipefail", ...lines.filter(isOurs)].join("\n");
      return execFileSync("bash", ["-c", script], {
        cwd: project,
        env: { ...process.env, CI: "true", ...env },
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
    }

    const expectKept = (files: readonly string[]): void => {
      expect(files.length).toBeGreaterThan(2);
      expect(files.filter((file) => !existsSync(path.join(project, file)))).toEqual([]);
    };

    it("on GitHub", () => {
      const { steps } = github.jobs.gate;
      const summary = path.join(project, "out/summary.md");
      mkdirSync(path.dirname(summary), { recursive: true });
      const jobs = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
      const commands = steps.flatMap(({ run: command }) => command ?? []);
      expect(run(commands, { ...jobs, ...github.env, BASE: "main" })).toContain("passed");
      expect(readFileSync(summary, "utf8")).toContain("# Gate theirs: passed");
      expect(steps.flatMap((step) => Object.keys(step.env ?? {}))).toEqual(["BASE"]);
      expectKept(
        steps
          .flatMap((step) => step.with?.path?.trim().split("\n") ?? [])
          .filter((file) => file.startsWith("out/")),
      );
    });

    it("on GitLab", () => {
      const { variables, before_script: before, script, artifacts } = gitlab.gate;
      const env = { GATE: String(variables["GATE"]), CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "main" };
      expect(run([...before, ...script], env)).toContain("passed");
      expectKept([...artifacts.paths, artifacts.reports.junit]);
    });
  });
});
