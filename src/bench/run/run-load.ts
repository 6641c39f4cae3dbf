import type { ModelStatistics } from "../../client/index.ts";
import { hostFacts } from "../host/facts.ts";
import { spinRatio } from "../host/spin.ts";
import { requireMeasurement, requireServed } from "../plan/measurement.ts";
import { plannedRequests } from "../plan/mix.ts";
import {
  type EndRecord,
  type MeasuredPipeline,
  type Measurement,
  RECORDS_VERSION,
  type RequestRecord,
  type StartRecord,
} from "../records/types.ts";
import { openRecords, type RecordWriter } from "../records/writer.ts";
import { countsBetween } from "../server/counts.ts";
import { type Clock, startClock } from "./clock.ts";
import { type Driver, driveClosed, driveOpen, within } from "./drive.ts";
import { type RunProgress, Tally } from "./progress.ts";
import { failureOf, type Target } from "./target.ts";
import { requireServerPid, Watch, type WatchOptions } from "./watch.ts";

/** One run of a load. */
export interface RunOptions extends Omit<WatchOptions, "endpoints"> {
  /** Such as `draft-c2`; the report shows it. */
  readonly name: string;
  readonly measurement: Measurement;
  readonly pipeline: MeasuredPipeline;
  /** Requests go to them in turn. */
  readonly targets: readonly Target[];
  /** Where the records go, a line a request. */
  readonly file: string;
  /** Once it is aborted no request begins; what runs is measured to its end, and everything is saved. */
  readonly signal?: AbortSignal | undefined;
  /** Called about once a second. */
  readonly onProgress?: ((progress: RunProgress) => void) | undefined;
}

const PROGRESS_MS = 1000;

type Phase = RequestRecord["phase"];

/** What the phases of a run share. */
interface Session {
  readonly options: RunOptions;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly records: RecordWriter;
  readonly next: ReturnType<typeof plannedRequests>;
}

function driverFor(session: Session, phase: Phase, tally: Tally): Driver {
  const { options, clock, signal, records, next } = session;
  const send = async (dueMs: number): Promise<boolean> => {
    const request = next();
    const endpoint = request.index % options.targets.length;
    const sentMs = clock.now();
    const outcome = (await options.targets[endpoint]?.send(request)) ?? failureOf("no such target");
    const doneMs = clock.now();
    const { index, variant, prompt, seed } = request;
    records.write({
      kind: "request",
      ...{ index, phase, variant, prompt, seed, endpoint, dueMs, sentMs, doneMs },
      ...outcome,
    });
    tally.add(doneMs - dueMs, outcome.outcome === "ok");
    return outcome.outcome === "ok";
  };
  return { clock, signal, send };
}

/** Plays one phase while its progress is shown. */
async function play<T>(session: Session, phase: Phase, drive: (driver: Driver) => Promise<T>): Promise<T> {
  const { options, clock } = session;
  const { extent, warmUp } = options.measurement;
  const tally = new Tally(options.name, phase, phase === "measured" ? extent : warmUp, clock.now());
  const show = (): void => {
    options.onProgress?.(tally.at(clock.now()));
  };
  const timer = setInterval(show, PROGRESS_MS);
  try {
    return await drive(driverFor(session, phase, tally));
  } finally {
    clearInterval(timer);
    show();
  }
}

/** Sends requests that do not count: by number, by time, or until both are reached. */
async function warmUp(session: Session): Promise<void> {
  const { warmUp: until, load } = session.options.measurement;
  const { requests = 0, durationMs = 0 } = until;
  if (requests === 0 && durationMs === 0) return;
  const concurrency = load.kind === "closed" ? load.concurrency : 1;
  const more = (started: number, elapsedMs: number): boolean => started < requests || elapsedMs < durationMs;
  await play(session, "warm-up", (driver) => driveClosed(driver, concurrency, more));
}

function driveLoad({ load, extent, seed, maxInFlight }: Measurement) {
  return async (driver: Driver): Promise<number> => {
    if (load.kind !== "closed") return driveOpen(driver, { load, extent, seed, maxInFlight });
    await driveClosed(driver, load.concurrency, within(extent));
    return 0;
  };
}

/** Statistics of all targets, or why they cannot be had: a run is not lost for want of them. */
async function statisticsOf(targets: readonly Target[]): Promise<readonly ModelStatistics[] | string> {
  // Two connections to one server see the same counters.
  const servers = [...new Map(targets.map((target) => [target.endpoint, target])).values()];
  try {
    return (await Promise.all(servers.map((target) => target.statistics()))).flat();
  } catch (reason) {
    return `statistics: ${failureOf(reason).message ?? "none"}`;
  }
}

function counted(
  before: readonly ModelStatistics[] | string,
  after: readonly ModelStatistics[] | string,
): Pick<EndRecord, "models" | "missing"> {
  if (typeof before === "string") return { models: [], missing: [before] };
  if (typeof after === "string") return { models: [], missing: [after] };
  const models = countsBetween(before, after);
  if (models !== undefined) return { models, missing: [] };
  return { models: [], missing: ["statistics: a counter went backwards; a model was loaded anew"] };
}

async function startRecord(options: RunOptions): Promise<StartRecord> {
  const { name, measurement, targets } = options;
  const { pipeline, video, variants } = options.pipeline;
  const metadata = await targets[0]?.metadata();
  return {
    kind: "start",
    format: "triptych-bench",
    version: RECORDS_VERSION,
    name,
    startedAt: new Date().toISOString(),
    measurement,
    pipeline: { pipeline, video, variants },
    server: { name: metadata?.name ?? "", version: metadata?.version ?? "" },
    endpoints: targets.map(({ endpoint }) => endpoint),
    host: hostFacts(),
  };
}

/** The counted part of a run, with what is looked at around it. */
async function measure(session: Session, spin: number): Promise<EndRecord> {
  const { options, clock } = session;
  const { targets, measurement } = options;
  const before = await statisticsOf(targets);
  const measuredFromMs = clock.now();
  const watch = new Watch({ ...options, endpoints: [...new Set(targets.map(({ endpoint }) => endpoint))] });
  const capped = await play(session, "measured", driveLoad(measurement));
  const seen = await watch.stop();
  const { models, missing } = counted(before, await statisticsOf(targets));
  return {
    kind: "end",
    interrupted: options.signal?.aborted === true,
    measuredFromMs,
    models,
    generator: { ...seen.generator, capped },
    load: { ...seen.load, spin },
    resources: seen.resources,
    missing: [...missing, ...seen.missing],
  };
}

/** Ends with the caller's wish, or where there is no point in going on because nothing can be recorded any more. */
function endSignal(options: RunOptions, records: RecordWriter): { signal: AbortSignal; done: () => void } {
  const abort = new AbortController();
  const timer = setInterval(() => {
    if (records.failure !== undefined) abort.abort();
  }, PROGRESS_MS / 4);
  const signals = options.signal === undefined ? [abort.signal] : [abort.signal, options.signal];
  return {
    signal: AbortSignal.any(signals),
    done: () => {
      clearInterval(timer);
    },
  };
}

/**
 * Sends a load to one or more servers and records every request. Errors are counted and never end the run; a signal
 * ends it early, and what was measured is saved.
 *
 * @throws TriptychError `usage` for a measurement that cannot be made, or not of this pipeline; `disk-full`, `output-unwritable` for the records;
 * what reading a server's metadata throws.
 */
export async function runLoad(options: RunOptions): Promise<void> {
  const { measurement } = options;
  requireMeasurement(measurement);
  requireServed(options.pipeline, measurement);
  requireServerPid(options.serverPid);
  const next = plannedRequests(measurement.mix, measurement.seed);
  const start = await startRecord(options);
  const records = await openRecords(options.file);
  const { signal, done } = endSignal(options, records);
  try {
    records.write(start);
    const spin = spinRatio();
    const session: Session = { options, clock: startClock(), signal, records, next };
    await warmUp(session);
    records.write(await measure(session, spin));
  } finally {
    done();
    await records.close();
  }
}
