import path from "node:path";
import { TriptychError } from "../../errors/index.ts";
import { type Calibration, calibrate, fewestToFail, type Gate, shownBlocks } from "../../gate/index.ts";
import { type Command, EXIT } from "../context.ts";
import { besideGate, readGate } from "../gate/files.ts";
import { measureBlocks } from "../gate/measure.ts";
import { loadPlan } from "../load.ts";
import { table } from "../table.ts";
import { requireWritable, writeResult } from "../write-file.ts";
import { withSides } from "./gate.ts";

/** Options of `triptych gate calibrate`. */
export interface CalibrateOptions {
  readonly file: string;
  /** The slowdown to be caught, such as 0.1. */
  readonly detect: number;
  readonly blocks?: number;
  readonly candidate?: string;
  readonly out: string;
}

/** As many as a gate takes. */
const MOST_BLOCKS = 1000;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function rowOf({ variant, metric, blocks, spread, ratio, smallest, proposal }: Calibration): string[] {
  const [tolerance, wanted] =
    proposal === undefined ? ["none", "none"] : [proposal.tolerance.toFixed(3), `${proposal.blocks}`];
  return [
    variant,
    metric,
    `${blocks}`,
    percent(spread),
    percent(ratio - 1),
    percent(smallest),
    tolerance,
    wanted,
  ];
}

/**
 * How many blocks, where they can tell anything.
 *
 * @throws TriptychError `usage`, `gate-invalid`
 */
function blocksToMeasure({ file, blocks }: CalibrateOptions, gate: Gate): number {
  if (gate.checks.relative.length === 0)
    throw new TriptychError("gate-invalid", `${file} has no relative check to calibrate.`, {
      hint: 'add one below "relative:", such as speed: { variant: draft, metric: response, tolerance: 0.15 }',
    });
  const few = fewestToFail(gate);
  if (blocks === undefined) return Math.max(gate.blocks, few);
  if (blocks >= few && blocks <= MOST_BLOCKS) return blocks;
  throw new TriptychError("usage", `expected --blocks from ${few} to ${MOST_BLOCKS}, got ${blocks}.`, {
    hint: `with its ${gate.checks.relative.length} relative checks, the gate can tell nothing by fewer than ${few}`,
  });
}

/** `triptych gate calibrate GATE`: the same build on both sides. */
export const gateCalibrate: Command<CalibrateOptions> = async (context, options) => {
  const { gate, requireVariants } = await readGate(options.file);
  requireVariants((await loadPlan(besideGate(options.file, gate.spec))).spec);
  const count = blocksToMeasure(options, gate);
  await requireWritable(path.join(options.out, "calibration.json"));
  const sources = [["base", options.candidate] as const, ["candidate", options.candidate] as const];
  const where = { file: options.file, gate, out: options.out };
  const blocks = await withSides(context, sources, where, (sides) =>
    measureBlocks(context, gate, sides, {
      more: (so) => so.length < count,
      onBlock: () => undefined,
    }),
  );
  await writeResult(
    path.join(options.out, "calibration.ndjson"),
    blocks.map((block) => `${JSON.stringify(block)}\n`).join(""),
  );
  const found = calibrate(gate, blocks, options.detect);
  const document = { detect: options.detect, metrics: found };
  await writeResult(path.join(options.out, "calibration.json"), `${JSON.stringify(document, null, 2)}\n`);
  if (context.json) {
    context.terminal.out(JSON.stringify(document));
    return EXIT.ok;
  }
  const head = [
    "variant",
    "metric",
    "blocks",
    "spread",
    "differs by",
    "smallest effect",
    "tolerance",
    "blocks wanted",
  ];
  context.terminal.out(table(head, found.map(rowOf)));
  context.terminal.out(
    `\nThe smallest effect is what ${shownBlocks(gate)} blocks show here in 95 of 100 runs. Tolerance and blocks are for a slowdown of ${percent(options.detect)}.`,
  );
  return EXIT.ok;
};
