import { checkWeights } from "../../repository/index.ts";
import { type Diagnosis, diagnose } from "../../server/index.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { type LoadedPipeline, loadPipeline } from "../load.ts";

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

async function weightLines({ plan, checkpoint }: LoadedPipeline): Promise<Line[]> {
  const problems = await checkWeights(plan, checkpoint);
  if (problems.length === 0)
    return [{ name: "weights", status: "ok", message: `all files of ${checkpoint} are right` }];
  return problems.map(({ message, hint }) => ({ name: "weights", status: "fault", message, hint }));
}

function show({ terminal }: Context, { name, status, message, hint }: Line): void {
  const mark = { ok: terminal.paint("green", "ok   "), note: "note ", fault: terminal.paint("red", "FAULT") }[
    status
  ];
  terminal.out(`${mark} ${name}: ${message}`);
  if (hint !== undefined && status !== "ok") terminal.out(`      → ${hint}`);
}

/** `triptych doctor [SPEC]`: can this machine serve the pipeline, and if not, what is missing. */
export const doctor: Command<{ spec: string }> = async (context, { spec }) => {
  const loaded = await loadPipeline(spec);
  const machine = (await diagnose({ signal: context.signal })).map((found) => machineLine(loaded, found));
  const lines = [...machine, ...(await weightLines(loaded))];
  if (context.json) context.terminal.out(JSON.stringify({ spec, lines }));
  else for (const line of lines) show(context, line);
  return lines.some(({ status }) => status === "fault") ? EXIT.no : EXIT.ok;
};
