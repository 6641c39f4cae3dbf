import { TriptychError } from "../../errors/index.ts";
import { type GateReport, VERDICT_VERSION } from "./types.ts";

/**
 * Reads a verdict that `triptych gate` wrote.
 *
 * @throws TriptychError `records-invalid` for text that is none
 */
export function parseVerdict(text: string, file: string): GateReport {
  const parsed: unknown = (() => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return undefined;
    }
  })();
  const found = parsed as Partial<GateReport> | null | undefined;
  if (found?.format === "triptych-gate" && found.version === VERDICT_VERSION) return found as GateReport;
  throw new TriptychError("records-invalid", `${file}: expected the verdict of a \`triptych gate\` run.`, {
    hint: "run `triptych gate GATE` first, or name its folder with --out",
  });
}
