import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Frames, Sample } from "../../bench/index.ts";
import { TriptychError, toTriptychError } from "../../errors/index.ts";
import type { Gate } from "../../gate/index.ts";
import { runProgram } from "../../process/index.ts";

interface Entry {
  readonly file: string;
  readonly shape: readonly number[];
  readonly variant: string;
  readonly prompt: string;
  readonly seed: number;
}

const JUDGE_MS = 600_000;

const isScore = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= 1;

/** What a verdict counts for: where it says right or wrong, that decides, whatever its score. */
function scoreOf(verdict: unknown): number {
  const { right, score } = (verdict ?? {}) as { readonly right?: unknown; readonly score?: unknown };
  if (right === undefined && isScore(score)) return score;
  if (typeof right !== "boolean") throw new TypeError("neither right nor score");
  if (score !== undefined && !isScore(score)) throw new TypeError("a score that is none");
  if (score === (right ? 0 : 1)) throw new TypeError(`right is ${right} and the score ${score}`);
  return right ? 1 : 0;
}

/** What each verdict counts for, in a program's answer about some clips. */
export function scoresOf(stdout: string, count: number): number[] {
  const verdicts: unknown = JSON.parse(stdout);
  if (!Array.isArray(verdicts) || verdicts.length !== count) throw new TypeError(`not a list of ${count}`);
  return verdicts.map(scoreOf);
}

/** Collects the frames of clips in files and has programs judge whether they show what was asked for. */
export class AdherenceJudge {
  readonly #gate: Gate;
  readonly #entries: Entry[] = [];
  readonly #folder: string;

  private constructor(gate: Gate, folder: string) {
    this.#gate = gate;
    this.#folder = folder;
  }

  static async open(gate: Gate): Promise<AdherenceJudge> {
    return new AdherenceJudge(gate, await mkdtemp(path.join(tmpdir(), "triptych-gate-")));
  }

  /** Keeps the frames of a clip, where a check asks for them. */
  async add({ variant, prompt, seed }: Sample, frames: Frames): Promise<void> {
    const asked = this.#gate.checks.quality.some(
      (one) => one.metric === "adherence" && one.variant === variant,
    );
    if (!asked) return;
    const file = path.join(this.#folder, `${this.#entries.length}.raw`);
    await writeFile(file, frames.data);
    this.#entries.push({ file, shape: frames.shape, variant, prompt, seed });
  }

  /**
   * The share of clips that are right, by check.
   *
   * @throws TriptychError `process-failed`, and `measurement-invalid` where a program answers something else
   */
  async shares(signal: AbortSignal): Promise<Record<string, number>> {
    const shares: Record<string, number> = {};
    for (const { name, metric, variant, command } of this.#gate.checks.quality) {
      const [file, ...args] = command ?? [];
      if (metric !== "adherence" || file === undefined) continue;
      const entries = this.#entries.filter((entry) => entry.variant === variant);
      const input = JSON.stringify(entries);
      const { stdout } = await runProgram({ file, args, input, signal, timeoutMs: JUDGE_MS });
      shares[name] = this.#mean(name, stdout, entries.length);
    }
    return shares;
  }

  #mean(name: string, stdout: string, count: number): number {
    try {
      const scores = scoresOf(stdout, count);
      return scores.reduce((sum, score) => sum + score, 0) / scores.length;
    } catch (cause) {
      const why = cause instanceof SyntaxError ? "no JSON" : toTriptychError(cause).message;
      const message = `${name}: the program that judges answered no list of verdicts: ${why}.`;
      throw new TriptychError("measurement-invalid", message, {
        cause,
        hint: 'expected one for each clip: {"right": true} or {"score": 0.9}; with both, right decides',
      });
    }
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
