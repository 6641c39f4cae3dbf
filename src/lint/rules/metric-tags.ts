import { added, type CheckedRule } from "./define.ts";

/** Triton puts an underscore before a key; two of them begin the names that Prometheus keeps to itself. */
const KEY = /^([A-Za-z0-9][A-Za-z0-9_]*)?$/;

const tag = (key: string): string => `metric_tags { key: "${key}" value: "video" }`;

/** Labels that a model brings for its metrics (X3). */
export const METRIC_TAG_RULES: readonly CheckedRule[] = [
  {
    id: "X301",
    severity: "error",
    phrase: "Invalid label name",
    phase: "load",
    what: "A metric tag whose key gives no label of Prometheus: the whole server aborts as it loads the model, even with `--allow-metrics=false`. The label is the key with an underscore before it.",
    mend: "Write the key with ASCII letters, digits and underscores only, and no underscore at its beginning.",
    example: added(tag("cost-centre"), tag("cost_centre")),
    *check({ config }) {
      for (const key of Object.keys(config.metric_tags ?? {})) {
        if (KEY.test(key)) continue;
        yield {
          at: `metric_tags[${JSON.stringify(key)}]`,
          message: `_${key} is no label of Prometheus: the server aborts`,
          expected: "an ASCII letter or a digit, then more of them and underscores",
          got: key,
        };
      }
    },
  },
];
