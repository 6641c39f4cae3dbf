import { STAGES, type Stage } from "../../client/index.ts";
import { Column } from "./columns.ts";
import type { EndRecord, RequestRecord, StartRecord } from "./types.ts";

/** Errors of one kind. */
export interface ErrorCount {
  readonly code: string;
  readonly count: number;
  /** What the first of them said. */
  readonly message: string;
}

/** Steps and milliseconds of a stage over many requests. */
export interface StageSum {
  requests: number;
  steps: number;
  ms: number;
}

function difference(later: Column, earlier: Column): Float64Array {
  const before = earlier.values();
  return later.values().map((value, index) => value - (before[index] ?? 0));
}

/** Requests that succeeded, in the order they were done. */
export class VariantRecords {
  readonly dueMs = new Column();
  readonly sentMs = new Column();
  readonly doneMs = new Column();
  readonly stages = new Map<Stage, StageSum>();
  bytes = 0;

  get count(): number {
    return this.doneMs.length;
  }

  /** From due to done. */
  responseMs(): Float64Array {
    return difference(this.doneMs, this.dueMs);
  }

  /** From sent to done. */
  serviceMs(): Float64Array {
    return difference(this.doneMs, this.sentMs);
  }

  /** Takes in a request that succeeded. */
  add({ dueMs, sentMs, doneMs, bytes = 0, stages }: RequestRecord): void {
    this.dueMs.push(dueMs);
    this.sentMs.push(sentMs);
    this.doneMs.push(doneMs);
    this.bytes += bytes;
    if (stages === undefined) return;
    for (const stage of STAGES) {
      const took = stages[stage];
      if (took !== undefined) this.#addStage(stage, took[0], took[1]);
    }
  }

  #addStage(stage: Stage, steps: number, ms: number): void {
    const sum = this.stages.get(stage) ?? { requests: 0, steps: 0, ms: 0 };
    sum.requests += 1;
    sum.steps += steps;
    sum.ms += ms;
    this.stages.set(stage, sum);
  }
}

/** Everything of a run that a report needs: columns of numbers, not the records themselves. */
export class RunRecords {
  readonly start: StartRecord;
  /** Measured requests that succeeded: all, and those of each variant. */
  readonly succeeded = new VariantRecords();
  readonly variants = new Map<string, VariantRecords>();
  readonly errors = new Map<string, ErrorCount>();
  warmedUp = 0;
  failed = 0;
  /** How long after they were due all measured requests were sent, failed ones too. */
  readonly lagMs = new Column();
  /** When the first and the last were due, and the last was sent and done. */
  firstDueMs = Infinity;
  lastDueMs = -Infinity;
  lastSentMs = -Infinity;
  lastDoneMs = -Infinity;
  end: EndRecord | undefined;

  constructor(start: StartRecord) {
    this.start = start;
  }

  /** Takes in a request, whatever came of it. */
  add(record: RequestRecord): void {
    if (record.phase === "warm-up") {
      this.warmedUp += 1;
      return;
    }
    this.lagMs.push(record.sentMs - record.dueMs);
    this.firstDueMs = Math.min(this.firstDueMs, record.dueMs);
    this.lastDueMs = Math.max(this.lastDueMs, record.dueMs);
    this.lastSentMs = Math.max(this.lastSentMs, record.sentMs);
    this.lastDoneMs = Math.max(this.lastDoneMs, record.doneMs);
    if (record.outcome === "ok") {
      this.succeeded.add(record);
      this.#variant(record.variant).add(record);
    } else this.#addError(record.outcome, record.message ?? "");
  }

  #variant(name: string): VariantRecords {
    const known = this.variants.get(name) ?? new VariantRecords();
    this.variants.set(name, known);
    return known;
  }

  #addError(code: string, message: string): void {
    this.failed += 1;
    const known = this.errors.get(code);
    this.errors.set(code, { code, message: known?.message ?? message, count: (known?.count ?? 0) + 1 });
  }
}
