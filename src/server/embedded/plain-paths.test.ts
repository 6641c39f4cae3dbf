import { existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { describe as describeEnvironment } from "./layout.ts";
import { plainPaths } from "./plain-paths.ts";

const environment = describeEnvironment("/cache/e", "3.11");

function folder(name: string): string {
  const made = mkdtempSync(path.join(tmpdir(), "plain-"));
  onTestFinished(() => {
    rmSync(made, { recursive: true });
  });
  mkdirSync(path.join(made, name));
  return path.join(made, name);
}

it("leaves plain paths alone", () => {
  const paths = plainPaths("/nowhere", "/srv/models", environment);
  expect(paths).toMatchObject({ modelRepository: "/srv/models", environment });
});

it.each(["with space", "红", "a;b", "it's", "$(id)", "a:b"])("links to a repository in %j", (name) => {
  const run = folder("run");
  const repository = folder(name);
  const { modelRepository, environment: same } = plainPaths(run, repository, environment);
  expect(modelRepository).toBe(path.join(run, "models"));
  expect(readlinkSync(modelRepository)).toBe(repository);
  expect(same).toEqual(environment);
});

it("links from among the temporary files where the cache is no plain path, and removes that", () => {
  const run = folder("my cache");
  const paths = plainPaths(run, "/srv/models", describeEnvironment("/my cache/e", "3.11"));
  expect(paths.modelRepository).toBe("/srv/models");
  expect(paths.environment.root).toMatch(new RegExp(`^${tmpdir()}/triptych-\\w+/environment$`));
  expect(paths.environment.tritonserver.startsWith(paths.environment.root)).toBe(true);
  paths.remove();
  expect(existsSync(path.dirname(paths.environment.root))).toBe(false);
});
