import { readSource, schemaCheck } from "../../document/index.ts";
import { type Finding, TriptychError } from "../../errors/index.ts";
import { VERDICT_SCHEMA } from "./schema.ts";
import type { GateReport } from "./types.ts";

const check = schemaCheck<GateReport>(VERDICT_SCHEMA);

function refusal(file: string, findings: readonly Finding[], cause?: unknown): TriptychError {
  return new TriptychError("records-invalid", `${file}: expected the verdict of a \`triptych gate\` run.`, {
    hint: "run `triptych gate GATE` first, or name its folder with --out",
    ...(findings.length === 0 ? {} : { details: { findings } }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** JSON only: the reader for YAML says where a value stands, and would take more than JSON. */
function requireJson(text: string, file: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw refusal(file, [], cause);
  }
}

/**
 * Reads a verdict that `triptych gate` wrote.
 *
 * @throws TriptychError `records-invalid` for text that is none, with every finding
 */
export function parseVerdict(text: string, file: string): GateReport {
  requireJson(text, file);
  const checked = check(readSource(text, file, "records-invalid"));
  if ("document" in checked) return checked.document;
  throw refusal(file, checked.findings);
}
