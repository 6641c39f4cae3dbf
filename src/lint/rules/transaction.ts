import type { ModelConfigMessage } from "../../model-config/index.ts";
import type { Problem } from "../model/model.ts";
import { added, type CheckedRule } from "./define.ts";

type Control = NonNullable<NonNullable<ModelConfigMessage["model_metrics"]>["metric_control"]>[number];

const FAMILY = 'metric_identifier { family: "nv_inference_first_response_histogram_ms" }';

function metrics(...parts: readonly string[]): string {
  return `model_metrics { metric_control { ${parts.join(" ")} } }`;
}

const GOOD = metrics(FAMILY, "histogram_options { buckets: [ 1000, 60000 ] }");

/** A rule on each control of `model_metrics`, which is a field since 24.11. */
function onMetrics(
  rule: Omit<CheckedRule, "phase" | "since" | "check" | "example"> & { readonly failing: string },
  check: (control: Control) => Omit<Problem, "at"> | undefined,
): CheckedRule {
  const { failing, ...rest } = rule;
  return {
    ...rest,
    phase: "poll",
    since: "24.11",
    example: added(failing, GOOD),
    *check({ config }) {
      for (const [index, control] of (config.model_metrics?.metric_control ?? []).entries()) {
        const problem = check(control);
        if (problem !== undefined) yield { at: `model_metrics.metric_control[${index}]`, ...problem };
      }
    },
  };
}

/** Answers and their metrics (X). */
export const TRANSACTION_RULES: readonly CheckedRule[] = [
  {
    id: "X101",
    severity: "error",
    phrase: "with 'decoupled' transaction policy",
    phase: "poll",
    what: "The response cache keeps one answer a request, and a decoupled model has any number.",
    mend: "Take `response_cache` away.",
    example: added(
      "model_transaction_policy { decoupled: true }\nresponse_cache { enable: true }",
      "model_transaction_policy { decoupled: true }",
    ),
    *check({ config }) {
      if (config.model_transaction_policy?.decoupled !== true || config.response_cache?.enable !== true)
        return;
      yield { at: "response_cache.enable", message: "a response cache on a decoupled model" };
    },
  },
  onMetrics(
    {
      id: "X201",
      severity: "error",
      phrase: "metric control must specify 'metric_identifier'",
      what: "A control of metrics names no metric.",
      mend: "Write metric_identifier with the family of the metric.",
      failing: metrics("histogram_options { buckets: [ 1000 ] }"),
    },
    ({ metric_identifier: named }) =>
      named === undefined ? { message: "it has no metric_identifier" } : undefined,
  ),
  onMetrics(
    {
      id: "X202",
      severity: "error",
      phrase: "metric identifier must specify non-empty 'family'",
      what: "A control of metrics names no family.",
      mend: "Write the family, such as nv_inference_first_response_histogram_ms.",
      failing: metrics("metric_identifier { }", "histogram_options { buckets: [ 1000 ] }"),
    },
    ({ metric_identifier: named }) =>
      named !== undefined && (named.family ?? "") === "" ? { message: "its family is empty" } : undefined,
  ),
  onMetrics(
    {
      id: "X203",
      severity: "error",
      phrase: "metric control must specify 'histogram_options'",
      what: "A control of metrics says nothing about it.",
      mend: "Write histogram_options with buckets.",
      failing: metrics(FAMILY),
    },
    ({ histogram_options: options }) =>
      options === undefined ? { message: "it has no histogram_options" } : undefined,
  ),
  onMetrics(
    {
      id: "X204",
      severity: "error",
      phrase: "histogram options must specify non-empty 'buckets'",
      what: "A histogram without buckets.",
      mend: "Write the upper ends of the buckets, the least first.",
      failing: metrics(FAMILY, "histogram_options { }"),
    },
    ({ histogram_options: options }) =>
      options !== undefined && (options.buckets ?? []).length === 0
        ? { message: "it has no buckets" }
        : undefined,
  ),
  onMetrics(
    {
      id: "X205",
      severity: "warning",
      what: "Buckets that do not ascend count nothing, or the wrong thing.",
      mend: "Write the upper ends of the buckets, the least first.",
      failing: metrics(FAMILY, "histogram_options { buckets: [ 60000, 1000 ] }"),
    },
    ({ histogram_options: options }) => {
      const buckets = options?.buckets ?? [];
      const isOrdered = buckets.every((end, index) => index === 0 || end > (buckets[index - 1] ?? 0));
      return isOrdered ? undefined : { message: "its buckets do not ascend", got: buckets.join(", ") };
    },
  ),
];
