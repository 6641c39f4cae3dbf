import { TriptychError } from "../errors/index.ts";
import type { InputShapes, ShapeProfile } from "./build-config.ts";

const MAX_DIM = 2 ** 31 - 1;

/** What trtexec would take apart: blanks become part of a name, and these end one. */
const UNSAFE_NAME = /[\s,'*]|^$/;

function refuse(index: number, message: string): TriptychError {
  return new TriptychError("plan-impossible", `profile ${index}: ${message}`, {
    hint: "give min, opt and max for the same inputs, with min ≤ opt ≤ max in each dim",
  });
}

function requireSameInputs(index: number, { min, opt, max }: ShapeProfile): string[] {
  const names = Object.keys(opt);
  if (names.length === 0) throw refuse(index, "it names no input");
  for (const [point, shapes] of Object.entries({ min, max })) {
    const missing = names.find((name) => !Object.hasOwn(shapes, name));
    // trtexec gives an input that one list lacks empty dims, without a word.
    if (missing !== undefined) throw refuse(index, `${point} lacks the input ${missing}`);
    const extra = Object.keys(shapes).find((name) => !Object.hasOwn(opt, name));
    if (extra !== undefined) throw refuse(index, `opt lacks the input ${extra}`);
  }
  return names;
}

function requireDims(index: number, name: string, dims: readonly number[]): void {
  const wrong = dims.find((dim) => !Number.isInteger(dim) || dim < 1 || dim > MAX_DIM);
  if (wrong !== undefined) throw refuse(index, `${name}: expected dims from 1 to 2^31-1, got ${wrong}`);
}

function requireOrder(index: number, name: string, profile: ShapeProfile): void {
  const [min, opt, max] = [profile.min, profile.opt, profile.max].map((shapes) => shapes[name] ?? []) as [
    readonly number[],
    readonly number[],
    readonly number[],
  ];
  if (min.length !== opt.length || max.length !== opt.length) {
    throw refuse(
      index,
      `${name} has ${min.length}, ${opt.length} and ${max.length} dims in min, opt and max`,
    );
  }
  for (const dims of [min, opt, max]) requireDims(index, name, dims);
  for (const [axis, best] of opt.entries()) {
    const [least = best, most = best] = [min[axis], max[axis]];
    // Not checked by trtexec itself.
    if (least > best || best > most)
      throw refuse(index, `${name}, dim ${axis}: ${least} ≤ ${best} ≤ ${most} does not hold`);
  }
}

function shapeList(shapes: InputShapes, names: readonly string[]): string {
  return names.map((name) => `${name}:${(shapes[name] ?? []).join("x")}`).join(",");
}

/**
 * The arguments for the profiles of an engine, in their order.
 *
 * @throws TriptychError `plan-impossible` for profiles that trtexec would misread or build wrongly.
 */
export function shapeArguments(profiles: readonly ShapeProfile[]): string[] {
  return profiles.flatMap((profile, index) => {
    const names = requireSameInputs(index, profile);
    const unsafe = names.find((name) => UNSAFE_NAME.test(name));
    if (unsafe !== undefined)
      throw refuse(index, `trtexec cannot be told of an input named ${JSON.stringify(unsafe)}`);
    for (const name of names) requireOrder(index, name, profile);
    return [
      ...(profiles.length === 1 ? [] : [`--profile=${index}`]),
      `--minShapes=${shapeList(profile.min, names)}`,
      `--optShapes=${shapeList(profile.opt, names)}`,
      `--maxShapes=${shapeList(profile.max, names)}`,
    ];
  });
}

/** The profiles that arguments of trtexec name, such as those in a passport; what names none is passed over. */
export function readShapeArguments(words: readonly string[]): ShapeProfile[] {
  const profiles: Partial<Record<keyof ShapeProfile, InputShapes>>[] = [];
  for (const word of words) {
    const [, point, list = ""] = /^--(min|opt|max)Shapes=(.*)$/.exec(word) ?? [];
    if (point === undefined) continue;
    const last = profiles.at(-1);
    // Each profile says each of the three once.
    const profile = last === undefined || point in last ? {} : last;
    if (profile !== last) profiles.push(profile);
    profile[point as keyof ShapeProfile] = readShapeList(list);
  }
  return profiles.map(({ min = {}, opt = {}, max = {} }) => ({ min, opt, max }));
}

function readShapeList(text: string): InputShapes {
  const shapes = text.split(",").flatMap((item): [string, number[]][] => {
    // A name may have colons in it; dims have none.
    const [, name, dims = ""] = /^(.+):([\dx]+)$/.exec(item) ?? [];
    return name === undefined ? [] : [[name, dims.split("x").map(Number)]];
  });
  return Object.fromEntries(shapes);
}
