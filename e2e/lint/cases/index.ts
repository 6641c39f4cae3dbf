import type { LintCase } from "../case.ts";
import { GRAPH_CASES, MEMBER_CASES } from "./ensembles.ts";
import { INSTANCE_CASES } from "./instances.ts";
import { MODEL_CASES } from "./models.ts";
import { PATH_CASES } from "./paths.ts";
import { SCHEDULING_CASES } from "./scheduling.ts";
import { STATE_CASES } from "./states.ts";
import { TENSOR_CASES } from "./tensors.ts";
import { TEXT_CASES } from "./text.ts";

/** Every case, good ones among them: for each rule that Triton 2.51 shows on a CPU, one model that breaks just it. */
export const CASES: readonly LintCase[] = [
  ...MODEL_CASES,
  ...PATH_CASES,
  ...TEXT_CASES,
  ...SCHEDULING_CASES,
  ...STATE_CASES,
  ...TENSOR_CASES,
  ...INSTANCE_CASES,
  ...GRAPH_CASES,
  ...MEMBER_CASES,
];

export { ABORTING_CASES } from "./aborting.ts";
export { COMPLETED_CASES } from "./completed.ts";
export { LIMITED_CASES } from "./limits.ts";
export { MEMBER_FILES } from "./members.ts";
export { HANGING_CASES } from "./models.ts";
