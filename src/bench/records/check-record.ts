import { STAGES } from "../../client/index.ts";
import { schemaCheck } from "../../document/index.ts";
import { ERROR_CODES } from "../../errors/index.ts";
import { RECORD_PARTS } from "./schema.ts";
import type { EndRecord, StartRecord } from "./types.ts";

/** A thousand years in milliseconds would be more; no run takes that long. */
const LATEST_MS = 1e12;

/** More requests than any disk holds the records of. */
const MOST_REQUESTS = 1e8;

const OUTCOMES: ReadonlySet<unknown> = new Set(["ok", ...Object.keys(ERROR_CODES)]);
const PHASES: ReadonlySet<unknown> = new Set(["warm-up", "measured"]);
const STAGE_NAMES: ReadonlySet<string> = new Set(STAGES);

type Fields = Readonly<Record<string, unknown>>;

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isAmount(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= LATEST_MS;
}

function isStages(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== "object" || value === null) return false;
  // Without a list of its entries: this is done for every request.
  for (const name in value) {
    const times = (value as Fields)[name];
    const isPair = Array.isArray(times) && times.length === 2 && isAmount(times[0]) && isAmount(times[1]);
    if (!isPair || !STAGE_NAMES.has(name)) return false;
  }
  return true;
}

function got(value: unknown): string {
  return value === undefined ? "none" : JSON.stringify(value).slice(0, 80);
}

function wrong(record: Fields, name: string, expected: string): string {
  return `${name}: expected ${expected}, got ${got(record[name])}`;
}

function outcomeProblem(record: Fields): string | undefined {
  const { outcome, bytes, stages, message } = record;
  if (!OUTCOMES.has(outcome)) return wrong(record, "outcome", "ok or the code of an error");
  if (bytes !== undefined && !isWhole(bytes)) return wrong(record, "bytes", "a whole number");
  if (!isStages(stages)) return wrong(record, "stages", "steps and milliseconds of stages");
  return message === undefined || typeof message === "string" ? undefined : wrong(record, "message", "text");
}

/**
 * Times in their order, from the start of the run on.
 *
 * @returns What is wrong with the first that is none.
 */
function timeProblem(record: Fields): string | undefined {
  let least = 0;
  for (const name of ["dueMs", "sentMs", "doneMs"]) {
    const time = record[name];
    if (typeof time !== "number" || !(time >= least && time <= LATEST_MS))
      return `${name}: expected milliseconds from ${least} on, got ${got(time)}`;
    least = time;
  }
  return undefined;
}

/** What requests of one run may say. By hand: a schema would be most of what reading a million of them takes. */
export class RequestCheck {
  readonly #variants: ReadonlySet<unknown>;
  readonly #prompts: number;
  readonly #endpoints: number;
  #seen = new Uint8Array(1024);
  #count = 0;
  #next = 0;

  constructor({ measurement, endpoints }: StartRecord) {
    this.#variants = new Set(measurement.mix.variants.map(({ variant }) => variant));
    this.#prompts = measurement.mix.prompts.length;
    this.#endpoints = endpoints.length;
  }

  /** What is wrong with a request; nothing where it is one of this run, and the first of its index. */
  problem(record: Fields): string | undefined {
    return this.#fieldProblem(record) ?? timeProblem(record) ?? this.#indexProblem(record["index"]);
  }

  /** What is wrong with all of them together, where the run came to its end: each that was sent is recorded. */
  wholeProblem(): string | undefined {
    if (this.#count === this.#next) return undefined;
    const missing = this.#seen.indexOf(0);
    return `expected requests 0 to ${this.#next - 1}, got ${this.#count} of them; ${missing} is missing`;
  }

  #fieldProblem(record: Fields): string | undefined {
    const { phase, variant, prompt, seed, endpoint } = record;
    if (!PHASES.has(phase)) return wrong(record, "phase", "warm-up or measured");
    if (!this.#variants.has(variant)) return wrong(record, "variant", "one of the run's mix");
    if (!isWhole(prompt) || prompt >= this.#prompts)
      return wrong(record, "prompt", `an index below ${this.#prompts}`);
    if (!isWhole(seed)) return wrong(record, "seed", "a whole number");
    if (!isWhole(endpoint) || endpoint >= this.#endpoints)
      return wrong(record, "endpoint", `an index below ${this.#endpoints}`);
    return outcomeProblem(record);
  }

  #indexProblem(index: unknown): string | undefined {
    if (!isWhole(index) || index >= MOST_REQUESTS) return `index: expected a whole number, got ${got(index)}`;
    if (index >= this.#seen.length) {
      const larger = new Uint8Array(Math.max(2 * this.#seen.length, index + 1));
      larger.set(this.#seen);
      this.#seen = larger;
    }
    if (this.#seen[index] === 1) return `index: ${index} is there twice`;
    this.#seen[index] = 1;
    this.#count += 1;
    this.#next = Math.max(this.#next, index + 1);
    return undefined;
  }
}

/** A record, or what is wrong with it. */
type Parsed<T> = { readonly record: T } | { readonly problem: string };

function checked<T>(schema: object): (value: unknown) => Parsed<T> {
  let check: ReturnType<typeof schemaCheck<T>> | undefined;
  return (value) => {
    // When it is first needed: a command that reads no records need not wait for it.
    check ??= schemaCheck<T>(schema);
    const found = check({ file: "", value, positionOf: () => ({ file: "", line: 1, column: 1 }) });
    if ("document" in found) return { record: found.document };
    return { problem: found.findings[0]?.message ?? "something else" };
  };
}

/** Reads the first line of a run. */
export const checkStart = checked<StartRecord>(RECORD_PARTS.start);

/** Reads the last line of a run. */
export const checkEnd = checked<EndRecord>(RECORD_PARTS.end);
