import { request } from "node:http";
import { text } from "node:stream/consumers";
import { startTriton, type TritonServer } from "../../src/server/index.ts";

/** What the real server says of a model. */
export interface ServerVerdict {
  /** `hangs`: the load never ends; `aborts`: the server does. */
  readonly outcome: "accepted" | "refused" | "hangs" | "aborts";
  /** False where it may be the doing of another model that was tried beside it. */
  readonly isOwn: boolean;
  /** Its answer, with what its log says about it; empty where it took the model. */
  readonly reason: string;
}

/** A model to load. */
export interface Trial {
  readonly model: string;
  /** Models that only it calls: they are unloaded with it. */
  readonly members?: readonly string[] | undefined;
  /** For models that call others: Triton refuses two loads at once that have a model in common. */
  readonly alone?: boolean | undefined;
}

/** A load that takes longer waits for a process that is gone. Generous, for a machine that is busy. */
const LONGEST_LOAD_MS = 45_000;

/** How many lines before Triton's that of the parser may stand. */
const NEAR = 6;

/** The log comes by a pipe, so it may be a little later than the answer. */
const LOG_DELAY_MS = 5_000;

/** What a model's process writes as it ends before Triton hears of it: the load then waits for ever. */
const LAST_WORDS = "Python model file not found in";

/** How long a load may still take after that. */
const AFTER_LAST_WORDS_MS = 3_000;

/** A server that aborts still writes where it was. */
const END_DELAY_MS = 3_000;

/** A load that hangs keeps its thread for good. */
const LOAD_FLAGS = ["--model-load-thread-count=64"];

/** How many are tried at once. */
const WORKERS = 3;

interface Started {
  readonly server: TritonServer;
  readonly log: string[];
}

interface Answer {
  readonly ok: boolean;
  readonly text: string;
}

/** How a server is started, and how long it is waited for. */
interface LoadingOptions {
  readonly longestLoadMs?: number;
  readonly flags?: readonly string[];
  /** Whether it completes configurations. */
  readonly autoComplete?: boolean;
}

/** Tries models of one folder on the embedded Triton, which is started anew where a model takes it down. */
export class LoadingServer implements AsyncDisposable {
  readonly #folder: string;
  readonly #options: LoadingOptions;
  #started: Promise<Started> | undefined;

  constructor(folder: string, options: LoadingOptions = {}) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Loads each model by itself and unloads it again. */
  async verdictsOf(trials: readonly Trial[]): Promise<Map<string, ServerVerdict>> {
    const verdicts = new Map<string, ServerVerdict>();
    const waiting = trials.filter(({ alone }) => alone !== true);
    const unsure: Trial[] = [];
    const work = async (): Promise<void> => {
      for (let trial = waiting.shift(); trial !== undefined; trial = waiting.shift()) {
        const verdict = await this.#verdictOf(trial);
        if (verdict.isOwn) verdicts.set(trial.model, verdict);
        else unsure.push(trial);
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
    for (const trial of [...unsure, ...trials.filter(({ alone }) => alone === true)])
      verdicts.set(trial.model, await this.#verdictOf(trial));
    return verdicts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#started)?.server.stop();
  }

  get #longestLoadMs(): number {
    return this.#options.longestLoadMs ?? LONGEST_LOAD_MS;
  }

  async #start(): Promise<Started> {
    const log: string[] = [];
    const onLine = (line: string): unknown => log.push(line);
    const { autoComplete = false } = this.#options;
    const flags = [...LOAD_FLAGS, ...(this.#options.flags ?? [])];
    const options = { modelRepository: this.#folder, models: [], flags, autoComplete, onLine };
    return { server: await startTriton({ kind: "embedded", ...options }), log };
  }

  async #verdictOf({ model, members = [] }: Trial): Promise<ServerVerdict> {
    const running = (this.#started ??= this.#start());
    const { server, log } = await running;
    const from = log.length;
    const lastWords = (): string | undefined => lastWordsOf([model, ...members], log, from);
    const wait = patience(this.#longestLoadMs, () => lastWords() !== undefined);
    try {
      const { ok, text: answer } = await this.#post(server, model, "load", wait.signal);
      for (const loaded of [...(ok ? [model] : []), ...members])
        await this.#post(server, loaded, "unload", AbortSignal.timeout(this.#longestLoadMs));
      // An answer of a server that was being stopped for another model says nothing of this one.
      if (this.#started !== running) return { outcome: "hangs", reason: "", isOwn: false };
      return ok
        ? { outcome: "accepted", reason: "", isOwn: true }
        : { outcome: "refused", reason: await reasonOf(model, answer, log, from), isOwn: true };
    } catch (error) {
      // It is the model that waits, not the server.
      if (wait.signal.aborted && wait.wasSaid())
        return { outcome: "hangs", reason: lastWords() ?? "", isOwn: true };
      if (this.#started === running) this.#started = undefined;
      return await endOf(server, error);
    } finally {
      wait.stop();
    }
  }

  /** On a connection of its own: one that idles would hold up the end of the server. */
  #post(
    { httpUrl }: TritonServer,
    model: string,
    what: "load" | "unload",
    signal: AbortSignal,
  ): Promise<Answer> {
    const url = `${httpUrl}/v2/repository/models/${encodeURIComponent(model)}/${what}`;
    return new Promise((resolve, reject) => {
      const call = request(url, { method: "POST", agent: false, signal }, (response) => {
        text(response).then((body) => {
          resolve({ ok: response.statusCode === 200, text: body });
        }, reject);
      });
      call.on("error", reject).end("{}");
    });
  }
}

/** What becomes of a server that did not answer; it is gone then. */
async function endOf(server: TritonServer, error: unknown): Promise<ServerVerdict> {
  const reason = `${String(error)}\n${server.logTail(100)}`;
  const hasEnded = await Promise.race([server.exited.then(() => true), later(END_DELAY_MS)]);
  await server.stop();
  return { outcome: hasEnded === true ? "aborts" : "hangs", reason, isOwn: false };
}

/** What the process of one of some models wrote last, in the log since a load began. */
function lastWordsOf(models: readonly string[], log: readonly string[], from: number): string | undefined {
  const isOurs = (line: string): boolean => models.some((model) => line.includes(`/${model}/`));
  return log.slice(from).find((line) => line.includes(LAST_WORDS) && isOurs(line));
}

/** How long a load is waited for. */
interface Patience {
  readonly signal: AbortSignal;
  /** Whether it ended because of what was said, not because it took too long. */
  readonly wasSaid: () => boolean;
  readonly stop: () => void;
}

/** Waits no longer than so, and no longer than {@link AFTER_LAST_WORDS_MS} once something was said. */
function patience(longestMs: number, isSaid: () => boolean): Patience {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  let saidAt = Infinity;
  const late = setTimeout(abort, longestMs);
  const watch = setInterval(() => {
    if (saidAt === Infinity && isSaid()) saidAt = Date.now();
    if (Date.now() - saidAt > AFTER_LAST_WORDS_MS) abort();
  }, 50);
  const stop = (): void => {
    clearTimeout(late);
    clearInterval(watch);
  };
  return { signal: controller.signal, wasSaid: () => saidAt < Infinity, stop };
}

/** Where the configuration itself is refused, only the log says why; the parser's line stands before Triton's. */
async function reasonOf(
  model: string,
  answer: string,
  log: readonly string[],
  from: number,
): Promise<string> {
  const { error } = JSON.parse(answer) as { error: string };
  if (!error.includes("failed to poll")) return error.trim();
  const start = `Poll failed for model directory '${model}': `;
  for (const end = Date.now() + LOG_DELAY_MS; Date.now() < end; ) {
    const at = log.findIndex((line, index) => index >= from && line.includes(start));
    if (at >= 0) return [...parserLines(log.slice(Math.max(from, at - NEAR), at)), log[at]].join("\n");
    await later(10);
  }
  return error;
}

/** The two come from different parts of the server, so that a line about another model may stand between them. */
function parserLines(before: readonly string[]): string[] {
  return before.filter((line) => line.includes("libprotobuf ERROR"));
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
