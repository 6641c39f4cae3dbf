import { appendFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import path from "node:path";
import type { PairBlock } from "../../bench/index.ts";
import { type GateReport, renderAnnotations, renderGateJunit, renderGateMarkdown } from "../../gate/index.ts";
import type { Terminal } from "../terminal.ts";
import { removeResult, requireWritable, writeFailure, writeResult } from "../write-file.ts";

const [VERDICT, SUMMARY, JUNIT, BLOCKS] = [
  "verdict.json",
  "summary.md",
  "junit.xml",
  "blocks.ndjson",
] as const;

/** The folder of a run. Nothing of an earlier run stays in it: whatever becomes of this one, no old verdict is read as its. */
export class RunFolder {
  readonly #folder: string;
  readonly #blocks: PairBlock[] = [];
  #lost: unknown;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws TriptychError `disk-full`, `output-unwritable` */
  static async open(folder: string): Promise<RunFolder> {
    await requireWritable(path.join(folder, VERDICT));
    for (const name of [VERDICT, SUMMARY, JUNIT, BLOCKS]) await removeResult(path.join(folder, name));
    // There from the start, and empty where no blocks are measured: CI jobs keep it by name.
    await writeResult(path.join(folder, BLOCKS), "");
    return new RunFolder(folder);
  }

  /** The blocks so far. */
  get blocks(): readonly PairBlock[] {
    return this.#blocks;
  }

  /** Keeps a block at once, for whoever asks what was measured before a run broke. */
  add(block: PairBlock): void {
    this.#blocks.push(block);
    if (this.#lost !== undefined) return;
    try {
      appendFileSync(path.join(this.#folder, BLOCKS), `${JSON.stringify(block)}\n`);
    } catch (reason) {
      // The verdict is worth more than its blocks: what is lost is told once it stands.
      this.#lost = reason;
    }
  }

  /**
   * Files of a verdict, and what CI systems pick up by themselves.
   *
   * @throws TriptychError `disk-full`, `output-unwritable`; also where blocks could not be kept
   */
  async write(terminal: Terminal, report: GateReport): Promise<void> {
    const markdown = renderGateMarkdown(report);
    await writeResult(path.join(this.#folder, VERDICT), `${JSON.stringify(report, null, 2)}\n`);
    await writeResult(path.join(this.#folder, SUMMARY), markdown);
    await writeResult(path.join(this.#folder, JUNIT), renderGateJunit(report));
    const { GITHUB_ACTIONS, GITHUB_STEP_SUMMARY } = process.env;
    if (GITHUB_ACTIONS === "true") {
      for (const line of renderAnnotations(report)) terminal.err(line);
      if (GITHUB_STEP_SUMMARY !== undefined) await appendFile(GITHUB_STEP_SUMMARY, markdown);
    }
    if (this.#lost !== undefined) throw writeFailure(this.#lost, path.join(this.#folder, BLOCKS));
  }
}
