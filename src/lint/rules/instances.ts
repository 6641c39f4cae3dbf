import { type InstancePlace, instancesOf } from "../model/instances.ts";
import type { LintModel, Problem } from "../model/model.ts";
import { type CheckedRule, planExample, replaced } from "./define.ts";

/** What is known of the server. */
interface Server {
  readonly gpus: number | undefined;
}

/** A rule on each instance group; an ensemble has none. */
function onInstances(
  rule: Omit<CheckedRule, "severity" | "phase" | "check">,
  check: (
    place: InstancePlace,
    model: LintModel,
    server: Server,
  ) => (Omit<Problem, "at"> & { in?: string }) | undefined,
): CheckedRule {
  return {
    ...rule,
    severity: "error",
    phase: "load",
    *check(model, { profile: { gpus } }) {
      if (model.config.ensemble_scheduling !== undefined) return;
      for (const place of instancesOf(model.config, gpus)) {
        const found = check(place, model, { gpus });
        if (found === undefined) continue;
        const { in: below, ...problem } = found;
        yield { at: below === undefined ? place.at : `${place.at}.${below}`, ...problem };
      }
    },
  };
}

const KIND = "kind: KIND_CPU";

/** As C++ reads a number: digits at the beginning are enough. */
function profileNumber(text: string): number | undefined {
  const digits = /^\s*([+-]?\d+)/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Instances and the devices that they run on (G). */
export const INSTANCE_RULES: readonly CheckedRule[] = [
  onInstances(
    {
      id: "G101",
      phrase: "has kind KIND_CPU but specifies one or more GPUs",
      what: "Instances on the CPU, with GPUs. `KIND_AUTO` becomes KIND_CPU where a GPU of the list is not there.",
      mend: "Take `gpus` away, or write kind: KIND_GPU.",
      example: replaced(KIND, `${KIND} gpus: [ 0 ]`),
    },
    ({ kind, gpus }) =>
      kind === "KIND_CPU" && gpus.length > 0
        ? { in: "gpus[0]", message: "instances on the CPU, with GPUs", got: gpus.join(", ") }
        : undefined,
  ),
  onInstances(
    {
      id: "G102",
      phrase: "has kind KIND_MODEL but specifies one or more GPUs",
      what: "Instances whose device the model chooses, with GPUs.",
      mend: "Take `gpus` away, or write kind: KIND_GPU.",
      example: replaced(KIND, "kind: KIND_MODEL gpus: [ 0 ]", "kind: KIND_MODEL"),
    },
    ({ kind, gpus }) =>
      kind === "KIND_MODEL" && gpus.length > 0
        ? {
            in: "gpus[0]",
            message: "the model chooses its device, and GPUs are listed",
            got: gpus.join(", "),
          }
        : undefined,
  ),
  onInstances(
    {
      id: "G201",
      phrase: "has kind KIND_GPU but",
      what: "Instances on a GPU, on a server without one.",
      mend: "Write kind: KIND_CPU, or serve on a machine with a GPU.",
      example: { ...replaced(KIND, "kind: KIND_GPU"), triton: "embedded" },
    },
    ({ kind, gpus: listed }, _, { gpus }) =>
      kind === "KIND_GPU" && gpus === 0 && listed.length === 0
        ? { in: "kind", message: "the server has no GPU", got: kind }
        : undefined,
  ),
  onInstances(
    {
      id: "G202",
      phrase: "specifies invalid or unsupported gpu id",
      what: "A GPU that the server does not have.",
      mend: "List GPUs that are there; they count from 0.",
      example: replaced(KIND, "kind: KIND_GPU gpus: [ -1 ]"),
    },
    ({ kind, gpus: listed }, _, { gpus = Number.POSITIVE_INFINITY }) => {
      const index = listed.findIndex((gpu) => gpu < 0 || gpu >= gpus);
      if (kind !== "KIND_GPU" || index < 0) return undefined;
      const expected = Number.isFinite(gpus) ? `one of the ${gpus} GPUs` : "0 or more";
      return { in: `gpus[${index}]`, message: "no such GPU", expected, got: `${listed[index]}` };
    },
  ),
  onInstances(
    {
      id: "G301",
      phrase: "has unexpected kind",
      what: "A kind of instances as a number that stands for none.",
      mend: "Write the kind by its name, such as KIND_CPU.",
      example: replaced(KIND, "kind: 99"),
    },
    ({ kind }) =>
      typeof kind === "number" ? { in: "kind", message: "no such kind", got: `${kind}` } : undefined,
  ),
  onInstances(
    {
      id: "G401",
      phrase: "specifies profile field which is only supported for",
      what: "A profile of TensorRT on another model.",
      mend: "Take `profile` away.",
      example: replaced(KIND, `${KIND} profile: [ "0" ]`),
    },
    ({ profiles }, { config }) =>
      profiles.length > 0 && config.platform !== "tensorrt_plan"
        ? { in: "profile[0]", message: "the model is no TensorRT plan" }
        : undefined,
  ),
  onInstances(
    {
      id: "G402",
      phrase: "specifies invalid profile",
      what: "A profile of TensorRT with a negative number.",
      mend: "Write the number of an optimisation profile of the engine, from 0.",
      example: planExample('profile: [ "-1" ]'),
    },
    ({ profiles }, { config }) => {
      const index = profiles.findIndex((profile) => (profileNumber(profile) ?? 0) < 0);
      if (config.platform !== "tensorrt_plan" || index < 0) return undefined;
      return { in: `profile[${index}]`, message: "no number of a profile", got: profiles[index] };
    },
  ),
  onInstances(
    {
      id: "G403",
      phrase: "unable to parse",
      what: "A profile of TensorRT that is no number.",
      mend: "Write the number of an optimisation profile of the engine, from 0.",
      example: planExample('profile: [ "small" ]'),
    },
    ({ profiles }, { config }) => {
      const index = profiles.findIndex((profile) => profile !== "" && profileNumber(profile) === undefined);
      if (config.platform !== "tensorrt_plan" || index < 0) return undefined;
      return { in: `profile[${index}]`, message: "no number of a profile", got: profiles[index] };
    },
  ),
  {
    id: "G501",
    severity: "warning",
    phase: "load",
    what: "A count below 1 is taken for the default.",
    mend: "Write a count of 1 or more, or take the group away.",
    example: replaced(KIND, `count: -1 ${KIND}`),
    *check({ config }) {
      for (const { at, count } of instancesOf(config)) {
        if (count < 0) yield { at: `${at}.count`, message: "it is taken for the default", got: `${count}` };
      }
    },
  },
];
