import { inspectEngines } from "../../engine/index.ts";
import { isTriptychError } from "../../errors/index.ts";
import { checkWeights } from "../../repository/index.ts";
import { type Diagnosis, diagnose } from "../../server/index.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { type LoadedPipeline, loadPipeline } from "../load.ts";
import { printable } from "../terminal.ts";

/** A line of the doctor: what was looked at, and how it is. */
interface Line {
  readonly name: string;
  /** A fault stops this pipeline from being served here; a note does not. */
  readonly status: "ok" | "note" | "fault";
  readonly message: string;
  readonly hint?: string | undefined;
}

function machineLine(loaded: LoadedPipeline, { name, ok, message, hint, neededBy }: Diagnosis): Line {
  const kind = loaded.plan.spec.target.triton === "embedded" ? "embedded" : "container";
  const status = ok ? "ok" : neededBy.includes(kind) ? "fault" : "note";
  return { name, status, message, hint };
}

/** What is wrong with the weights, be it their list. */
async function weightProblems({
  plan,
  checkpoint,
}: LoadedPipeline): Promise<Pick<Line, "message" | "hint">[]> {
  try {
    return await checkWeights(plan, checkpoint);
  } catch (error) {
    if (isTriptychError(error, "weights-mismatch")) return [error];
    throw error;
  }
}

async function weightLines(loaded: LoadedPipeline): Promise<Line[]> {
  const problems = await weightProblems(loaded);
  if (problems.length === 0)
    return [{ name: "weights", status: "ok", message: `all files of ${loaded.checkpoint} are right` }];
  return problems.map(({ message, hint }) => ({ name: "weights", status: "fault", message, hint }));
}

/** What is known of the engines, beside that their files are there. */
async function engineLines({ plan, checkpoint, specFolder }: LoadedPipeline): Promise<Line[]> {
  const found = await inspectEngines(plan.artifacts, { checkpoint, specFolder });
  return found.map(({ artifact, ...finding }) => ({ name: artifact, ...finding }));
}

function show({ terminal }: Context, { name, status, message, hint }: Line): void {
  const mark = {
    ok: terminal.paint("green", "ok   ", "out"),
    note: "note ",
    fault: terminal.paint("red", "FAULT", "out"),
  }[status];
  terminal.out(`${mark} ${name}: ${printable(message.replaceAll(/\s+/g, " "))}`);
  if (hint !== undefined && status !== "ok") terminal.out(`      → ${printable(hint)}`);
}

/** `triptych doctor [SPEC]`: can this machine serve the pipeline, and if not, what is missing. */
export const doctor: Command<{ spec: string }> = async (context, { spec }) => {
  const loaded = await loadPipeline(spec);
  const machine = (await diagnose({ signal: context.signal })).map((found) => machineLine(loaded, found));
  const lines = [...machine, ...(await weightLines(loaded)), ...(await engineLines(loaded))];
  const faults = lines.filter(({ status }) => status === "fault").length;
  if (context.json) context.terminal.out(JSON.stringify({ spec, lines }));
  else {
    for (const line of lines) show(context, line);
    const verdict = faults === 0 ? "can be served here" : `cannot be served here: ${faults} to mend`;
    context.terminal.out(`\n${loaded.plan.name} ${verdict}`);
  }
  return faults === 0 ? EXIT.ok : EXIT.no;
};
