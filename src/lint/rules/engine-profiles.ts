import {
  formatTensorRtVersion,
  isSameRelease,
  parseTensorRtVersion,
  type ShapeProfile,
  type TensorRtVersion,
} from "../../tensorrt/index.ts";
import { filesOf, headerOf } from "../model/engine.ts";
import { instancesOf } from "../model/instances.ts";
import type { LintModel, Problem } from "../model/model.ts";
import { type FilePassport, passportOf } from "../model/passport.ts";
import { type TensorPlace, tensorsOf } from "../model/tensors.ts";
import type { RuleExample } from "../types.ts";
import { type CheckedRule, onEngines, PLAN_BASE, planModel } from "./define.ts";

/** An engine's passport, where it is about the very file: one of another size says nothing of this one. */
function passportsOf(model: LintModel): FilePassport[] {
  return filesOf(model).flatMap((file) => {
    const passport = passportOf(model, file);
    const size = model.sizeOf(file.version, file.name);
    return passport === undefined || passport.bytes !== size ? [] : [passport];
  });
}

/** Profiles that the instances of a model use: the first, where they name none. */
function usedProfiles({ config }: LintModel, profiles: readonly ShapeProfile[]): ShapeProfile[] {
  const named = instancesOf(config).flatMap((group) =>
    group.profiles.length === 0 ? ["0"] : group.profiles,
  );
  const numbers = new Set((named.length === 0 ? ["0"] : named).map(Number));
  return profiles.filter((_, index) => numbers.has(index));
}

/** The profiles of a model's engines that its instances use, each engine by itself. */
function boundsOf(model: LintModel): ShapeProfile[][] {
  return passportsOf(model)
    .map(({ profiles }) => usedProfiles(model, profiles))
    .filter(({ length }) => length > 0);
}

/** Inputs whose dims are those of the engine: a shape tensor's bounds are values, and a reshape or ragged batch differs. */
function plainInputs({ config }: LintModel): TensorPlace[] {
  const isPlain = ({ tensor }: TensorPlace): boolean =>
    tensor.is_shape_tensor !== true && tensor.reshape === undefined && tensor.allow_ragged_batch !== true;
  return tensorsOf(config).filter((place) => place.role === "input" && isPlain(place));
}

function* outOfBounds(model: LintModel): Iterable<Problem> {
  // A batch has its own rule; its dim stands before those of the configuration.
  const first = (model.config.max_batch_size ?? 0) > 0 ? 1 : 0;
  for (const profiles of boundsOf(model)) {
    for (const { at, tensor } of plainInputs(model)) {
      const { name = "", dims = [] } = tensor;
      for (const [axis, dim] of dims.entries()) {
        const ranges = profiles.map(
          ({ min, max }): Range => [min[name]?.[axis + first] ?? 0, max[name]?.[axis + first] ?? Infinity],
        );
        if (dim === -1n || ranges.some(([least, most]) => least <= dim && dim <= most)) continue;
        const expected = ranges.map(([least, most]) => `${least} to ${most}`).join(" or ");
        const message = `dim ${axis} of ${name} is outside what the engine was built for`;
        yield { at: `${at}.dims[${axis}]`, message, expected, got: `${dim}` };
      }
    }
  }
}

type Range = readonly [least: number, most: number];

function* tooLargeBatch(model: LintModel): Iterable<Problem> {
  const batch = model.config.max_batch_size ?? 0;
  const names = plainInputs(model).map(({ tensor }) => tensor.name ?? "");
  const largest = ({ max }: ShapeProfile): number =>
    Math.min(...names.map((name) => max[name]?.[0] ?? Infinity));
  for (const profiles of boundsOf(model)) {
    const most = Math.max(...profiles.map(largest));
    if (batch <= most) continue;
    const message = "the engine was built for smaller batches";
    yield { at: "max_batch_size", message, expected: `at most ${most}`, got: `${batch}` };
  }
}

function* unknownProfiles(model: LintModel): Iterable<Problem> {
  for (const { profiles } of passportsOf(model)) {
    if (profiles.length === 0) continue;
    for (const { at, profiles: named } of instancesOf(model.config)) {
      for (const [index, number] of named.entries()) {
        if (!(Number(number) >= profiles.length)) continue;
        const expected = `0 to ${profiles.length - 1}`;
        yield {
          at: `${at}.profile[${index}]`,
          message: "the engine has no such profile",
          expected,
          got: number,
        };
      }
    }
  }
}

function* otherBuilder(model: LintModel): Iterable<Problem> {
  for (const file of filesOf(model)) {
    const { tensorrt = "" } = passportOf(model, file) ?? {};
    const [told, plan] = [versionOf(tensorrt), headerOf(model, file)];
    if (told === undefined || plan === undefined || typeof plan === "string") continue;
    if (isSameRelease(plan, told)) continue;
    const message = `${file.version}/${file.name} was built by another TensorRT than its passport says`;
    yield { at: file.at, message, expected: tensorrt, got: formatTensorRtVersion(plan) };
  }
}

/** What a passport says may be anything. */
function versionOf(text: string): TensorRtVersion | undefined {
  try {
    return parseTensorRtVersion(text);
  } catch {
    return undefined;
  }
}

/** Engines held against their passports (T8, T9, T11, T16). */
export const ENGINE_PROFILE_RULES: readonly CheckedRule[] = [
  onEngines(
    {
      id: "T801",
      severity: "error",
      what: "A dim of an input that no profile of the engine takes which the instances use. The profiles are those of the passport, where it is about the very file.",
      mend: "Write a dim within the profile, name another profile for the instances, or build the engine for it.",
      example: profiled("4", "IN:8"),
    },
    outOfBounds,
  ),
  onEngines(
    {
      id: "T901",
      severity: "error",
      phrase: "but TensorRT engine only supports max-batch",
      what: "Batches larger than those that the engine was built for, by its passport.",
      mend: "Lower max_batch_size, or build the engine for more.",
      example: profiled("4", "IN:4x4", "max_batch_size: 8", "max_batch_size: 4"),
    },
    tooLargeBatch,
  ),
  onEngines(
    {
      id: "T1101",
      severity: "error",
      phrase: "Expected optimization profile index range",
      what: "Instances use a profile that the engine does not have, by its passport.",
      mend: "Write the number of one that it has, from 0.",
      example: {
        failing: withPassport(PLAN_BASE.replace("KIND_GPU", 'KIND_GPU profile: [ "1" ]'), "IN:4"),
        mended: withPassport(PLAN_BASE.replace("KIND_GPU", 'KIND_GPU profile: [ "0" ]'), "IN:4"),
      },
    },
    unknownProfiles,
  ),
  onEngines(
    {
      id: "T1602",
      severity: "warning",
      what: "The first bytes of an engine name another TensorRT than its passport does.",
      mend: "Build the engine and its passport again with `triptych engines`.",
      example: {
        failing: withPassport(PLAN_BASE, "IN:4", "11.1.0.106"),
        mended: withPassport(PLAN_BASE, "IN:4"),
      },
    },
    otherBuilder,
  ),
];

function profiled(dim: string, shape: string, failing = "", mended = ""): RuleExample {
  const config = (more: string): string => `${PLAN_BASE}${more}\n`;
  return failing === ""
    ? { failing: withPassport(config(""), shape), mended: withPassport(config(""), `IN:${dim}`) }
    : { failing: withPassport(config(failing), shape), mended: withPassport(config(mended), shape) };
}

function withPassport(config: string, shape: string, tensorrt = "11.2.1.2"): ReturnType<typeof planModel> {
  const passport = {
    version: 1,
    step: { arguments: ["min", "opt", "max"].map((point) => `--${point}Shapes=${shape}`) },
    files: [{ name: "", bytes: 28 }],
    engine: { tensorrt },
  };
  return { ...planModel(config), "m/1/model.plan.passport.json": JSON.stringify(passport) };
}
