import path from "node:path";
import { TriptychError } from "../../errors/index.ts";
import {
  type AcceptedEntry,
  type CheckResult,
  type GateReport,
  isAddress,
  parseVerdict,
  withAccepted,
} from "../../gate/index.ts";
import { runProgram } from "../../process/index.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { besideGate, configurationOf, readAccepted, readGate } from "../gate/files.ts";
import { readText } from "../read-text.ts";
import { writeResult } from "../write-file.ts";

/** Options of `triptych gate accept`. */
export interface AcceptOptions {
  readonly file: string;
  readonly check: string;
  readonly reason: string;
  readonly author?: string;
  readonly out: string;
}

async function gitUser({ signal }: Context): Promise<string> {
  const asked = runProgram({ file: "git", args: ["config", "user.name"], signal });
  const name = await asked.then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
  if (name !== "") return name;
  throw new TriptychError("usage", "nobody is named as the one who accepts.", { hint: "add --author" });
}

/** @throws TriptychError `usage` for a check that is not there, or that nothing certain is known of */
function acceptable(report: GateReport, name: string): CheckResult & { readonly value: number | string } {
  const check = report.checks.find((one) => one.name === name);
  const names = report.checks.map((one) => one.name).join(", ");
  if (check === undefined)
    throw new TriptychError("usage", `the last run has no check "${name}".`, { hint: `it has ${names}` });
  if (check.layer !== "exact" && check.layer !== "relative")
    throw new TriptychError("usage", `${name}: limits of ${check.layer} stand in the gate file.`, {
      hint: "change the limit there",
    });
  if (
    check.value === undefined ||
    check.verdict === "invalid" ||
    (check.verdict === "inconclusive" && check.layer === "relative")
  )
    throw new TriptychError("usage", `${name} is ${check.verdict}: there is nothing certain to accept.`, {
      hint: "measure again, with more blocks",
    });
  requireBuild(report, check);
  return { ...check, value: check.value };
}

/** @throws TriptychError `usage` for a ratio to a server that somebody else runs: it would hold for any later build there */
function requireBuild({ sides }: GateReport, { name, layer }: CheckResult): void {
  const base = sides.find((side) => side.name === "base");
  if (layer !== "relative" || base === undefined || !isAddress(base.identity)) return;
  const message = `${name} was measured against ${base.source}: a ratio is accepted for one build, and what listens there may change.`;
  throw new TriptychError("usage", message, {
    hint: "measure with --base as a folder, a spec or git:REVISION, and accept that",
  });
}

/** `triptych gate accept GATE`: write down that a new value is right, and why. */
export const gateAccept: Command<AcceptOptions> = async (context, options) => {
  const { gate } = await readGate(options.file);
  if (gate.accepted === undefined)
    throw new TriptychError("usage", `${options.file} names no file of accepted values.`, {
      hint: 'add "accepted: baselines/NAME.json"',
    });
  const verdictFile = path.join(options.out, "verdict.json");
  const report = parseVerdict(await readText(verdictFile), verdictFile);
  const configuration = configurationOf(gate);
  if (report.configuration !== configuration)
    throw new TriptychError("accepted-invalid", `${verdictFile} is of another configuration of the gate.`, {
      hint: "run the gate again",
    });
  const check = acceptable(report, options.check);
  const before = await readAccepted(options.file, gate);
  const base = report.sides.find(({ name }) => name === "base")?.identity;
  const known = before?.checks[check.name]?.value;
  const entry: AcceptedEntry = {
    value: check.value,
    ...(known === undefined ? {} : { before: known }),
    reason: options.reason,
    author: options.author ?? (await gitUser(context)),
    at: report.startedAt,
    ...(base === undefined ? {} : { base }),
  };
  const file = besideGate(options.file, gate.accepted);
  const after = withAccepted(before, gate.name, configuration, [check.name, entry]);
  await writeResult(file, `${JSON.stringify(after, null, 2)}\n`);
  context.terminal.err(`${file}: ${check.name} accepted as ${check.value}`);
  return EXIT.ok;
};
