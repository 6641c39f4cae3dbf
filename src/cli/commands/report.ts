import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import {
  type Report,
  reportFiles,
  subtitleOf,
  tablesOf,
  type VariantKnowledge,
  withVariants,
  writeReport,
} from "../../bench/index.ts";
import { TriptychError } from "../../errors/index.ts";
import { parseVerdict } from "../../gate/index.ts";
import type { Contract } from "../../model-config/index.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { loadPipeline } from "../load.ts";
import { readText } from "../read-text.ts";
import { table } from "../table.ts";
import { printableLine } from "../terminal.ts";

/** Options of `triptych report`. */
export interface ReportOptions {
  /** Record files, or folders of `triptych bench`. */
  readonly files: readonly string[];
  readonly out?: string;
  /** Spec whose experts are sized. */
  readonly spec?: string;
  /** Verdict of a gate, for the quality of variants. */
  readonly quality?: string;
}

/** Shows a report: tables for a person, or the whole of it as JSON. */
export function showReport({ terminal, json }: Context, report: Report): void {
  if (json) {
    terminal.out(JSON.stringify(report));
    return;
  }
  const tables = tablesOf(report).map(({ title, head, rows, note }) => {
    const below = note === undefined ? [] : [terminal.paint("dim", printableLine(note), "out")];
    const text = table(
      head.map(printableLine),
      rows.map((row) => row.map(printableLine)),
    );
    return [terminal.paint("bold", printableLine(title), "out"), text, ...below].join("\n");
  });
  terminal.out([printableLine(`${report.pipeline.pipeline}: ${subtitleOf(report)}`), ...tables].join("\n\n"));
}

async function filesOf(name: string): Promise<string[]> {
  const found = await stat(name).catch(() => undefined);
  if (found?.isDirectory() !== true) return [name];
  for (const folder of [path.join(name, "records"), name]) {
    const names = await readdir(folder).catch(() => []);
    const records = names.filter((one) => one.endsWith(".ndjson")).sort();
    if (records.length > 0) return records.map((one) => path.join(folder, one));
  }
  throw new TriptychError("records-invalid", `${name} holds no record files.`, {
    hint: "Name the folder that `triptych bench --out` wrote.",
  });
}

/** @throws TriptychError `usage` for a spec of something else: its sizes are none of what was measured. */
function requireSame(spec: string, { pipeline, variants }: Contract, measured: Report["pipeline"]): void {
  const names = Object.keys(measured.variants).filter((name) => variants[name] === undefined);
  if (pipeline === measured.pipeline && names.length === 0) return;
  const lack = names.length === 0 ? "" : ` without ${names.join(", ")}`;
  const message = `--spec: expected that of ${measured.pipeline}, got ${spec}, which is ${pipeline}${lack}`;
  throw new TriptychError("usage", message, { hint: "name the spec that the records are of" });
}

/** Bytes of each variant's experts; files that are not there count for nothing. */
async function sizesOf(
  spec: string | undefined,
  measured: Report["pipeline"],
): Promise<VariantKnowledge["sizes"]> {
  if (spec === undefined) return {};
  const { plan, checkpoint } = await loadPipeline(spec);
  requireSame(spec, plan.contract, measured);
  const sizes: Record<string, number> = {};
  for (const variant of Object.keys(plan.contract.variants)) {
    const experts = new Set([`${variant}_high_noise`, `${variant}_low_noise`]);
    const links = plan.models
      .filter(({ config }) => experts.has(config.name))
      .flatMap((model) => model.links);
    const bytes = await Promise.all(
      links.map(({ source }) =>
        stat(path.join(checkpoint, source)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    const sum = bytes.reduce((total, size) => total + size, 0);
    if (sum > 0) sizes[variant] = sum;
  }
  return sizes;
}

async function qualityOf(file: string | undefined): Promise<VariantKnowledge["quality"]> {
  if (file === undefined) return {};
  const { checks } = parseVerdict(await readText(file), file);
  const quality: Record<string, Record<string, number>> = {};
  for (const { layer, variant, metric, value } of checks)
    if (layer === "quality" && typeof value === "number")
      quality[variant] = { ...quality[variant], [metric]: value };
  return quality;
}

/** `triptych report FILE…`: the report of records that were made before. */
export const report: Command<ReportOptions> = async (context, { files, out, spec, quality }) => {
  const all = (await Promise.all(files.map(filesOf))).flat();
  const speed = await reportFiles(all);
  const known = { sizes: await sizesOf(spec, speed.pipeline), quality: await qualityOf(quality) };
  const made = spec === undefined && quality === undefined ? speed : withVariants(speed, known);
  const written = out === undefined ? [] : await writeReport(made, out);
  showReport(context, made);
  for (const file of written) context.terminal.err(file);
  return EXIT.ok;
};
