import { TriptychError } from "../errors/index.ts";
import { portTaken } from "./ports.ts";
import { explainStart, readStartLog } from "./start-log.ts";

/** A start that failed, as we saw it. */
interface FailedStart {
  /** What happened, in case the log names no reason. */
  readonly what: string;
  /** As much of the log as there is. */
  readonly log: string;
  readonly logFile: string;
  readonly reproduce: string;
  readonly endpoint: string;
}

/** Lines of log that go into an error. */
const ERROR_LINES = 60;

function withLoading(what: string, loading: readonly string[], lastLine: string): string {
  if (loading.length > 0) return `${what}; it was still loading ${loading.join(", ")}`;
  return lastLine === "" ? what : `${what}; it last said: ${lastLine}`;
}

/** Says why a server is not ready, by its own log where that tells. */
export function startFailure({ what, log, ...details }: FailedStart): TriptychError {
  const facts = readStartLog(log);
  if (facts.takenPort !== undefined) return portTaken(facts.takenPort);
  const lines = log.trimEnd().split("\n");
  const message = explainStart(facts) ?? withLoading(what, facts.loading, lines.at(-1) ?? "");
  const model = facts.failures[0]?.model;
  return new TriptychError("server-start-failed", message, {
    hint: `The whole log is in ${details.logFile}`,
    details: {
      ...details,
      logTail: lines.slice(-ERROR_LINES).join("\n"),
      ...(model === undefined ? {} : { model }),
    },
  });
}
