import { added, type CheckedRule } from "./define.ts";

/** The response cache (C). */
export const CACHE_RULES: readonly CheckedRule[] = [
  {
    id: "C101",
    severity: "warning",
    phase: "load",
    what: "The cache's key is the model, its version, and the names and bytes of the inputs: no shapes, no datatypes, no parameters of a request. Two requests that differ in those only get one answer.",
    mend: "Give the model what it depends on as inputs, or take `response_cache` away.",
    example: added("response_cache { enable: true }"),
    *check({ config }) {
      if (config.response_cache?.enable !== true) return;
      yield {
        at: "response_cache.enable",
        message: "its key knows neither shapes nor parameters of a request",
      };
    },
  },
];
