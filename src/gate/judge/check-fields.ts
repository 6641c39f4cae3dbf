import type { CheckResult } from "../report/types.ts";

type CheckFields = Pick<CheckResult, "name" | "layer" | "variant" | "metric" | "severity">;

/** What a result says of its check, whatever came of it; a check that says nothing else decides. */
export function checkFields({
  name,
  layer,
  variant,
  metric,
  severity = "fail",
}: Omit<CheckFields, "severity"> & { readonly severity?: CheckFields["severity"] | undefined }): CheckFields {
  return { name, layer, variant, metric, severity };
}
