import { appendFile } from "node:fs/promises";
import path from "node:path";
import { TriptychError, toTriptychError } from "../../errors/index.ts";
import {
  brokenReport,
  checksOfBase,
  evaluateGate,
  type Gate,
  type GateEvidence,
  type GateReport,
  gateSubtitle,
  gateTables,
  type HistoryEntry,
  type SideFacts,
  trendMedian,
  type Verdict,
} from "../../gate/index.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { besideGate, readAccepted, readGate, readHistory } from "../gate/files.ts";
import { beginning, gather } from "../gate/measure.ts";
import { RunFolder } from "../gate/run-folder.ts";
import { type OpenSide, openSide } from "../gate/sides.ts";
import { loadPlan } from "../load.ts";
import { table } from "../table.ts";
import { printable } from "../terminal.ts";

/** Options of `triptych gate`. */
export interface GateOptions {
  readonly file: string;
  readonly base?: string;
  readonly candidate?: string;
  readonly out: string;
  readonly inconclusive: "pass" | "warn" | "fail" | "exit-4";
}

/** Serves the sides while something is done with them; whatever happens, none stays. */
export async function withSides<T>(
  context: Context,
  sources: readonly (readonly [OpenSide["name"], string | undefined])[],
  { file, gate, out }: { readonly file: string; readonly gate: Gate; readonly out: string },
  work: (sides: readonly OpenSide[]) => Promise<T>,
): Promise<T> {
  const spec = besideGate(file, gate.spec);
  const plan = await loadPlan(spec);
  const open: OpenSide[] = [];
  try {
    for (const [name, source] of sources) {
      const { deadlineMs } = gate;
      open.push(
        await openSide(context, { name, source, spec: path.relative(".", spec), plan, out, deadlineMs }),
      );
    }
    return await work(open);
  } finally {
    await Promise.all(open.map((side) => side.close()));
  }
}

/** Shows the verdict: tables for a person, the whole as JSON for a program. */
function show({ terminal, json }: Context, report: GateReport): void {
  if (json) {
    terminal.out(JSON.stringify(report));
    return;
  }
  const tables = gateTables(report).map(({ title, head, rows, note }) => {
    const below = note === undefined ? [] : [terminal.paint("dim", note, "out")];
    const cells = rows.map((row) => row.map(printable));
    return [terminal.paint("bold", title, "out"), table(head, cells), ...below].join("\n");
  });
  const first = report.parts[0] === undefined ? [] : [printable(report.parts[0].sentence)];
  terminal.out(
    [printable(gateSubtitle(report)), ...tables, ...first, `${report.gate}: ${report.verdict}`].join("\n\n"),
  );
}

/** Writes the verdict of a run that broke; where that fails too, why the run broke is still what is told. */
async function tellBroken({ terminal }: Context, folder: RunFolder, report: GateReport): Promise<void> {
  await folder.write(terminal, report).catch((reason: unknown) => {
    terminal.err(`warning: ${toTriptychError(reason).message}`);
  });
}

/** Adds a run that can be trusted to the history that trends are told by. */
async function remember(
  options: GateOptions,
  gate: Gate,
  evidence: GateEvidence,
  verdict: Verdict,
): Promise<void> {
  if (gate.history === undefined || verdict === "invalid") return;
  const medians = gate.checks.trend.flatMap((check) => {
    const value = trendMedian(check, evidence.blocks);
    return value === undefined ? [] : [[check.name, value] as const];
  });
  const { startedAt, host, configuration } = evidence;
  const entry: HistoryEntry = { at: startedAt, host, configuration, medians: Object.fromEntries(medians) };
  await appendFile(besideGate(options.file, gate.history), `${JSON.stringify(entry)}\n`);
}

function exitCode(
  { terminal }: Context,
  verdict: Verdict,
  inconclusive: GateOptions["inconclusive"],
): number {
  if (verdict === "passed") return EXIT.ok;
  if (verdict === "failed") return EXIT.no;
  if (verdict === "invalid") return EXIT.broke;
  if (inconclusive === "fail") return EXIT.no;
  if (inconclusive === "warn") terminal.err("warning: the data allow no verdict");
  return inconclusive === "exit-4" ? EXIT.inconclusive : EXIT.ok;
}

/** @throws TriptychError `usage` for checks that compare with a base, and would match no data without one */
function requireNoBase(rules: Gate): void {
  const checks = checksOfBase(rules);
  if (checks.length === 0) return;
  throw new TriptychError("usage", `expected a base for ${checks.join(", ")} to compare with, got none.`, {
    hint: "name it with --base: a folder, a spec, host:port of a server, or git:REVISION",
  });
}

/** `triptych gate GATE`: measure a candidate beside its base, and judge. */
export const gate: Command<GateOptions> = async (context, options) => {
  const { gate: rules, requireVariants } = await readGate(options.file);
  requireVariants((await loadPlan(besideGate(options.file, rules.spec))).spec);
  const known = {
    accepted: await readAccepted(options.file, rules),
    history: await readHistory(options.file, rules),
  };
  const base = options.base === undefined ? [] : [["base", options.base] as const];
  const sources = [...base, ["candidate", options.candidate] as const];
  // Before minutes are spent: a gate that compares and has nothing to compare with.
  if (base.length === 0) requireNoBase(rules);
  const where = { file: options.file, gate: rules, out: options.out };
  const folder = await RunFolder.open(options.out);
  let frame = { ...beginning(rules), sides: [] as readonly SideFacts[] };
  const judged = async () => {
    const evidence = await withSides(context, sources, where, (sides) => {
      frame = { ...frame, sides: sides.map(({ facts }) => facts) };
      return gather(context, rules, frame, {
        sides,
        known,
        onBlock: (block) => {
          folder.add(block);
        },
      });
    });
    return { evidence, report: evaluateGate(rules, evidence, known) };
  };
  const { evidence, report } = await judged().catch(async (reason: unknown) => {
    await tellBroken(context, folder, brokenReport(rules, { ...frame, blocks: folder.blocks }, reason));
    throw reason;
  });
  await folder.write(context.terminal, report);
  await remember(options, rules, evidence, report.verdict);
  show(context, report);
  return exitCode(context, report.verdict, options.inconclusive);
};
