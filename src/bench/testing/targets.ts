import type { Target } from "../run/target.ts";
import { START } from "./runs.ts";

/** The pipeline that targets of tests serve. */
export const PIPELINE = START.pipeline;

/** A server in this process, which counts what it is asked. */
export function targetOf(endpoint: string, changes: Partial<Target> = {}): Target & { asked: number } {
  const made = {
    endpoint,
    asked: 0,
    send: () => {
      made.asked += 1;
      return Promise.resolve({ outcome: "ok" as const, bytes: 10 });
    },
    sample: () => Promise.reject(new TypeError("nobody looks at these clips")),
    statistics: () => Promise.resolve([]),
    metadata: () => Promise.resolve({ name: "triton", version: "2.51.0", extensions: [] }),
    close: () => Promise.resolve(),
    ...changes,
  };
  return made;
}
