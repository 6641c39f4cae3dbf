import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isTriptychError } from "../../errors/index.ts";
import { diffRepository, foreignModels } from "../drift.ts";
import { type ImportedRepository, importRepository } from "./import.ts";
import { config, rendered, write } from "./testing.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "triptych-import-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Whether the imported spec gives what stands in the folder: asked of another judge than the importer's own. */
async function isWhole({ spec }: ImportedRepository, place: string): Promise<boolean> {
  const files = rendered(spec?.text ?? "");
  return [...(await diffRepository(files, place)), ...(await foreignModels(files, place))].length === 0;
}

describe("a repository that was changed by hand", () => {
  const edit = (place: string, file: string, from: string, to: string): void => {
    const path = join(place, file);
    const text = readFileSync(path, "utf8");
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
  };

  it.each([
    [
      "video_encoder",
      'key: "crf" value { string_value: "12" }',
      'key: "crf" value { string_value: "20" }',
      "crf: 20",
    ],
    ["video_encoder", '"fps" value { string_value: "8" }', '"fps" value { string_value: "25" }', "fps: 25"],
    ["video_encoder", 'string_value: "h264"', 'string_value: "vp9"', "codec: vp9"],
  ])("in %s, where a setting leads to it, has a spec that leads there", async (model, from, to, setting) => {
    const place = await write(config("wan-tiny"), folder);
    edit(place, `models/${model}/config.pbtxt`, from, to);
    const found = await importRepository(place);
    expect(found.spec?.text).toContain(setting);
    // The manifest of the client says it too.
    const files = found.spec?.losses.map(({ file }) => file) ?? [];
    expect(files.every((file) => file === "contract.gen.ts")).toBe(true);
  });

  it.each([
    ["models/tokenizer/config.pbtxt", "count: 1", "count: 2", "instance_group[0].count", "1", "2"],
    [
      "models/final_stream/config.pbtxt",
      "max_queue_size: 64",
      "max_queue_size: 8",
      "dynamic_batching.default_queue_policy.max_queue_size",
      "64",
      "8",
    ],
    [
      "models/tokenizer/config.pbtxt",
      "max_batch_size: 0",
      "max_batch_size: 0\nresponse_cache { enable: true }",
      "response_cache",
      "nothing",
      '{"enable":true}',
    ],
    [
      "models/final_stream/config.pbtxt",
      'high_noise" value { string_value: "2" }',
      'high_noise" value { string_value: "3" }',
      'parameters["guidance_high_noise"].string_value',
      '"2"',
      '"3"',
    ],
    [
      "models/vae_decoder/config.pbtxt",
      'threads" value { string_value: "1" }',
      'threads" value { string_value: "4" }',
      'parameters["intra_op_num_threads"].string_value',
      '"1"',
      '"4"',
    ],
    [
      "models/vae_decoder/config.pbtxt",
      "dims: [ 17, 64, 64, 3 ]",
      "dims: [ 17, 32, 64, 3 ]",
      "output[0].dims[1]",
      "64",
      "32",
    ],
    [
      "models/final/config.pbtxt",
      'value: "TOKEN_IDS"',
      'value: "IDS"',
      'ensemble_scheduling.step[0].output_map["TOKEN_IDS"]',
      '"TOKEN_IDS"',
      '"IDS"',
    ],
    [
      "models/final_stream/1/schedule.json",
      '"sigma":0.9895941615105',
      '"sigma":0.9',
      "schedules[0].rows[1].sigma",
      "0.9895941615105",
      "0.9",
    ],
    [
      "repository.json",
      '"explicitControl": false',
      '"explicitControl": true',
      "explicitControl",
      "false",
      "true",
    ],
  ])("in %s, %s as %s, tells %s", async (file, from, to, field, expected, got) => {
    const place = await write(config("wan-tiny"), folder);
    edit(place, file, from, to);
    const found = await importRepository(place);
    expect(found.spec?.losses).toMatchObject([
      { file, field, expected, got, lost: expect.any(String) as string },
    ]);
    const [{ line } = {}] = found.spec?.losses ?? [];
    const lines = readFileSync(join(place, file), "utf8").split("\n");
    if (file.endsWith(".pbtxt"))
      expect(lines[(line ?? 0) - 1]).toContain(got.replace('{"enable":true}', "enable: true"));
    expect(await isWhole(found, place)).toBe(false);
  });

  it.each([
    ["models/tokenizer/config.pbtxt", 'backend: "python"', '# ours\nbackend: "python"', 4, '"# ours"'],
    ["models/tokenizer/1/model.py", "import sys", "import sys, os", 2, '"import sys, os"'],
    ["python/triptych_runtime/mp4.py", "import", "import ", undefined, undefined],
    ["contract.gen.ts", "wanTiny", "tiny", undefined, undefined],
    ["repository.json", '  "pipeline"', ' "pipeline"', 2, undefined],
    ["models/draft_stream/1/schedule.json", "{", "{{", 1, undefined],
  ])("in the text of %s only, tells the line", async (file, from, to, line, got) => {
    const place = await write(config("wan-tiny"), folder);
    edit(place, file, from, to);
    const found = await importRepository(place);
    expect(found.spec?.losses).toHaveLength(1);
    expect(found.spec?.losses).toMatchObject([{ file, ...(line && { line }), ...(got && { got }) }]);
  });

  it("in the list of files, tells what came and what went, and no others", async () => {
    const place = await write(config("wan-tiny"), folder);
    const file = join(place, "repository.json");
    const manifest = JSON.parse(readFileSync(file, "utf8")) as { files: string[]; links: { path: string }[] };
    const went = "models/draft/config.pbtxt";
    const files = ["mine.txt", ...manifest.files.filter((name) => name !== went)];
    const links = manifest.links.filter(({ path }) => !path.includes("tokenizer"));
    writeFileSync(file, `${JSON.stringify({ ...manifest, files, links }, null, 2)}\n`);
    const losses = (await importRepository(place)).spec?.losses ?? [];
    expect(losses.map(({ field, expected, got }) => [field, expected, got])).toEqual([
      [
        'links["models/tokenizer/1/tokenizer.json"]',
        '{"path":"models/tokenizer/1/tokenizer.json","source":"tokenizer/tokenizer.json"}',
        "nothing",
      ],
      [`files["${went}"]`, `"${went}"`, "nothing"],
      ['files["mine.txt"]', "nothing", '"mine.txt"'],
    ]);
  });

  it("by files that came or went, names them", async () => {
    const place = await write(config("wan-tiny"), folder);
    mkdirSync(join(place, "models/mine/1"), { recursive: true });
    writeFileSync(
      join(place, "models/mine/config.pbtxt"),
      'backend: "python" input { name: "X" data_type: TYPE_FP32 dims: 1 }',
    );
    mkdirSync(join(place, "models/draft/2"));
    writeFileSync(join(place, "notes.txt"), "");
    rmSync(join(place, "contract.gen.ts"));
    const found = await importRepository(place);
    expect(found.spec?.losses.map(({ file, got }) => [file, got])).toEqual([
      ["contract.gen.ts", "nothing"],
      ["models/draft/2", "a folder"],
      ["models/mine", "a folder"],
      ["notes.txt", "a file"],
    ]);
    // What Triton serves is in the contract, wherever it is from.
    expect(Object.keys(found.contract.models)).toContain("mine");
  });

  it("in a thousand places of one file, tells the first and how many more", async () => {
    const place = await write(config("wan-tiny"), folder);
    const file = join(place, "models/final_denoiser/1/schedule.json");
    writeFileSync(file, readFileSync(file, "utf8").replaceAll('"sigma":0', '"sigma":1'));
    const losses = (await importRepository(place)).spec?.losses ?? [];
    expect(losses).toHaveLength(21);
    expect(losses.at(-1)?.got).toMatch(/^\d+ more differences$/);
  });

  it("anywhere, has a spec that leads to all of it, or tells what is lost", async () => {
    const place = await write(config("wan-tiny"), folder);
    const files = [...rendered(config("wan-tiny")).keys()].filter((file) => /pbtxt$|json$/.test(file)).sort();
    const property = fc.asyncProperty(
      fc.constantFrom(...files),
      fc.nat(),
      fc.nat(9),
      async (file, at, digit) => {
        const path = join(place, file);
        const before = readFileSync(path, "utf8");
        const digits = [...before.matchAll(/\d/g)].map(({ index }) => index);
        const index = digits[at % Math.max(1, digits.length)] ?? 0;
        writeFileSync(path, `${before.slice(0, index)}${digit}${before.slice(index + 1)}`);
        const found = await importRepository(place).catch((reason: unknown) => reason);
        try {
          // Half of a datatype's name is no configuration, and some numbers are in no spec.
          if (isTriptychError(found)) return;
          const { spec, gaps } = found as ImportedRepository;
          if (spec === undefined) expect(gaps).not.toEqual([]);
          else expect(spec.losses.length === 0).toBe(await isWhole(found as ImportedRepository, place));
        } finally {
          writeFileSync(path, before);
        }
      },
    );
    await fc.assert(property, { numRuns: Number(process.env["TRIPTYCH_IMPORT_RUNS"] ?? 40) });
  }, 600_000);
});
