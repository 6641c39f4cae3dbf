import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type CliEnd, cli, documentOf, edit, leftovers } from "./fixtures/cli.ts";
import { ROOT, temporaryFolder } from "./support.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("import");
});

const run = (...args: readonly string[]): Promise<CliEnd> => cli(args, { cwd: folder });
const read = (file: string): string => readFileSync(path.join(folder, file), "utf8");

function copyOf(name: string): void {
  cpSync(path.join(ROOT, "model-repository", name), path.join(folder, name), { recursive: true });
}

describe("triptych import", () => {
  it.each(["wan-tiny", "wan2.2-t2v-a14b"])(
    "of %s writes a spec of which `repository` makes the same folder",
    async (name) => {
      copyOf(name);
      const end = await run("import", name, "--out", "c.ts", "--spec", "configs/spec.yaml");
      expect(end).toMatchObject({ code: 0, stdout: "c.ts\nconfigs/spec.yaml\n" });
      expect(end.stderr).toContain("14 models; the spec leads to the same files, byte for byte");
      const lines = (file: string): string[] => read(file).split("\n").slice(1);
      expect(lines("c.ts")).toEqual(lines(`${name}/contract.gen.ts`));
      const check = await run("repository", "configs/spec.yaml", "--out", ".", "--check");
      expect(check).toMatchObject({ code: 0, stdout: "" });
    },
  );

  it("tells what was changed by hand, and ends with 1 only where a spec was asked for", async () => {
    copyOf("wan-tiny");
    edit(path.join(folder, "wan-tiny/models/tokenizer/config.pbtxt"), (text) =>
      text.replace("count: 1", "count: 2"),
    );
    const place = "wan-tiny/models/tokenizer/config.pbtxt:33:10: instance_group[0].count: expected 1, got 2";
    const contract = await run("import", "wan-tiny");
    expect(contract.code).toBe(0);
    expect(contract.stdout).toContain("export const wanTiny = {");
    expect(contract.stderr).toContain(place);
    const spec = await run("import", "wan-tiny", "--spec", "s.yaml", "--json");
    expect(spec).toMatchObject({ code: 1, stderr: "" });
    expect(documentOf(spec)).toMatchObject({
      files: ["s.yaml"],
      contract: { pipeline: "wan-tiny" },
      spec: { losses: [{ field: "instance_group[0].count", line: 33, column: 10 }], text: read("s.yaml") },
    });
  });

  it("of somebody else's repository writes the contract, and says why there is no spec", async () => {
    mkdirSync(path.join(folder, "m/one"), { recursive: true });
    writeFileSync(path.join(folder, "m/one/config.pbtxt"), 'backend: "onnxruntime"');
    const end = await run("import", "m", "--out", "c.ts", "--spec", "s.yaml", "--name", "theirs");
    expect(end).toMatchObject({ code: 1, stdout: "c.ts\n" });
    expect(end.stderr).toContain("one: its config.pbtxt names no tensors");
    expect(end.stderr).toContain("models/tokenizer/config.pbtxt: expected a model, got nothing");
    expect(end.stderr).toContain("m: 1 model; no spec, for 6 reasons");
    expect(read("c.ts")).toContain("export const theirs = {");
    expect(existsSync(path.join(folder, "s.yaml"))).toBe(false);
  });

  it("writes over nothing without --force, and nothing at all where it refuses", async () => {
    copyOf("wan-tiny");
    writeFileSync(path.join(folder, "mine.yaml"), "mine");
    symlinkSync("mine.yaml", path.join(folder, "link.yaml"));
    for (const file of ["mine.yaml", "link.yaml"]) {
      const end = await run("import", "wan-tiny", "--out", "c.ts", "--spec", file);
      expect(end).toMatchObject({ code: 2, stdout: "" });
      expect(end.stderr).toContain(`error[output-exists]: ${file} is there already`);
    }
    expect([read("mine.yaml"), existsSync(path.join(folder, "c.ts"))]).toEqual(["mine", false]);
    const same = await run("import", "wan-tiny", "--out", "x", "--spec", "./x");
    expect(same).toMatchObject({ code: 2 });
    const forced = await run("import", "wan-tiny", "--spec", "link.yaml", "--force");
    expect(forced.code).toBe(0);
    expect(read("mine.yaml")).toContain("name: wan-tiny");
    expect(leftovers(folder)).toEqual([]);
  });

  it("follows no link out of the folder, prints no escapes of its names, and refuses what it cannot read", async () => {
    mkdirSync(path.join(folder, "m/a\u001b[31m"), { recursive: true });
    writeFileSync(path.join(folder, "m/a\u001b[31m/config.pbtxt"), 'backend: "python"');
    const odd = await run("import", "m", "--out", "c.ts");
    expect(odd.code).toBe(0);
    expect(`${odd.stdout}${odd.stderr}${read("c.ts")}`).not.toContain("\u001b");
    symlinkSync("/etc", path.join(folder, "m/etc"));
    const end = await run("import", "m", "--out", "c.ts", "--force");
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toContain("m/etc is a link out of the folder; it was not read");
    expect(await run("import", "nowhere")).toMatchObject({ code: 2 });
  });
});
