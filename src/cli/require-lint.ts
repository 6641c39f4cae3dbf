import { type Finding, TriptychError } from "../errors/index.ts";
import { type LintFinding, lintRepository } from "../lint/index.ts";

/** Weights that are not there yet are told on their own, with where they come from. */
const TOLD_ELSEWHERE = ["T201", "P101"];

function findingOf({ rule, message, hint, file, line, column }: LintFinding): Finding {
  const position = line === undefined ? undefined : { file, line, column: column ?? 1 };
  return {
    rule,
    message: position === undefined ? `${file}: ${message}` : message,
    ...(hint === undefined ? {} : { hint }),
    ...(position === undefined ? {} : { position }),
  };
}

/**
 * Makes sure that Triton will take every model of a folder, before it is started on it.
 *
 * @param triton - The release, or `embedded`.
 * @throws TriptychError `repository-refused` with every finding for which it would not.
 */
export async function requireLint(folder: string, triton: string): Promise<void> {
  const { findings } = await lintRepository(folder, { triton });
  const told = new Set(
    findings.filter(({ rule }) => TOLD_ELSEWHERE.includes(rule)).map(({ model }) => model),
  );
  // An ensemble of a model that waits for its weights waits too.
  const isTold = ({ rule, got }: LintFinding): boolean =>
    TOLD_ELSEWHERE.includes(rule) || (/^F10[24]$/.test(rule) && told.has(got));
  const errors = findings.filter((finding) => finding.severity === "error" && !isTold(finding));
  if (errors.length === 0) return;
  const count = errors.length === 1 ? "one finding" : `${errors.length} findings`;
  throw new TriptychError("repository-refused", `${folder}: Triton ${triton} would refuse it: ${count}`, {
    hint: `mend each; \`triptych lint ${folder} --triton ${triton}\` shows all there is to say`,
    details: { findings: errors.map(findingOf) },
  });
}
