import type { ExampleFiles } from "../types.ts";
import { BASE, pythonModel } from "./define.ts";

/** A step that takes the ensemble's IN to its OUT, by the model of {@link BASE}. */
export const STEP =
  'step { model_name: "m" model_version: -1 input_map { key: "IN" value: "IN" } output_map { key: "OUT" value: "OUT" } }';

/** The text of an ensemble of steps, with more fields. */
export function ensembleText(steps: readonly string[], more = ""): string {
  return [
    'platform: "ensemble"',
    'input { name: "IN" data_type: TYPE_FP32 dims: [ 4 ] }',
    'output { name: "OUT" data_type: TYPE_FP32 dims: [ 4 ] }',
    ...(more === "" ? [] : [more]),
    "ensemble_scheduling {",
    ...steps.map((step) => `  ${step}`),
    "}",
    "",
  ].join("\n");
}

/** A repository of an ensemble called e with its member m. */
export function ensemble(steps: readonly string[], more = "", member = BASE): ExampleFiles {
  return {
    "e/config.pbtxt": ensembleText(steps, more),
    "e/1/placeholder": "",
    ...pythonModel(member),
  };
}
