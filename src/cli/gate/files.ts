import { createHash } from "node:crypto";
import path from "node:path";
import { exists } from "../../files/index.ts";
import {
  type AcceptedFile,
  type Gate,
  type GateFile,
  type HistoryEntry,
  measuredVariants,
  parseAccepted,
  parseGate,
  sampledVariants,
} from "../../gate/index.ts";
import { readText } from "../read-text.ts";

/** Where a file that a gate names stands. */
export function besideGate(gateFile: string, named: string): string {
  return path.resolve(path.dirname(gateFile), named);
}

/**
 * Reads a gate file.
 *
 * @throws TriptychError `usage`, `gate-invalid`
 */
export async function readGate(file: string): Promise<GateFile> {
  return parseGate(await readText(file), file);
}

/** Digest of what decides which clips are asked for: values of other clips mean nothing. */
export function configurationOf(gate: Gate): string {
  const { seed, prompts, samples, clips, blocks } = gate;
  const decides = {
    seed,
    prompts,
    samples,
    clips,
    blocks,
    measured: measuredVariants(gate),
    sampled: sampledVariants(gate),
  };
  return createHash("sha256").update(JSON.stringify(decides)).digest("hex").slice(0, 16);
}

/**
 * Accepted values; undefined where the gate has no file of them, or none was written yet.
 *
 * @throws TriptychError `accepted-invalid`
 */
export async function readAccepted(gateFile: string, gate: Gate): Promise<AcceptedFile | undefined> {
  if (gate.accepted === undefined) return undefined;
  const file = besideGate(gateFile, gate.accepted);
  if (!(await exists(file))) return undefined;
  return parseAccepted(await readText(file), file, configurationOf(gate));
}

/** Earlier runs, oldest first; lines that are none are left out. */
export async function readHistory(gateFile: string, { history }: Gate): Promise<HistoryEntry[]> {
  if (history === undefined) return [];
  const file = besideGate(gateFile, history);
  if (!(await exists(file))) return [];
  return (await readText(file)).split("\n").flatMap((line) => {
    try {
      const entry = JSON.parse(line) as HistoryEntry;
      return typeof entry.medians === "object" ? [entry] : [];
    } catch {
      return [];
    }
  });
}
