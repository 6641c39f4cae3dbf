import { type Calibration, calibrate } from "../../gate/index.ts";
import { type Command, EXIT } from "../context.ts";
import { besideGate, readGate } from "../gate/files.ts";
import { measureBlocks } from "../gate/measure.ts";
import { loadPlan } from "../load.ts";
import { table } from "../table.ts";
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

/** `triptych gate calibrate GATE`: the same build on both sides. */
export const gateCalibrate: Command<CalibrateOptions> = async (context, options) => {
  const { gate, requireVariants } = await readGate(options.file);
  requireVariants((await loadPlan(besideGate(options.file, gate.spec))).spec);
  const count = options.blocks ?? gate.blocks;
  const sources = [["base", options.candidate] as const, ["candidate", options.candidate] as const];
  const where = { file: options.file, gate, out: options.out };
  const blocks = await withSides(context, sources, where, (sides) =>
    measureBlocks(context, gate, sides, (so) => so.length < count),
  );
  const found = calibrate(gate, blocks, options.detect);
  if (context.json) {
    context.terminal.out(JSON.stringify({ detect: options.detect, metrics: found }));
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
    `\nThe smallest effect is what ${gate.blocks} blocks show here in 95 of 100 runs. Tolerance and blocks are for a slowdown of ${percent(options.detect)}.`,
  );
  return EXIT.ok;
};
