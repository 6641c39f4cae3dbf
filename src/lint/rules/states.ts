import type { LintModel, Problem } from "../model/model.ts";
import { isNoFile, sizeAt } from "../model/spot.ts";
import { type InitialPlace, initialStatesOf, statesOf } from "../model/states.ts";
import { bytesOf, dimsText } from "../model/tensors.ts";
import { added, type CheckedRule, pythonModel } from "./define.ts";

const INITIAL = 'initial_state { name: "first" data_type: TYPE_FP32 dims: [ 2 ] zero_data: true }';

function sequence(initial: string, dims = "2"): string {
  return `sequence_batching { state { input_name: "I" output_name: "O" data_type: TYPE_FP32 dims: [ ${dims} ] ${initial} } }`;
}

const GOOD = sequence(INITIAL);

function state(input: string, output: string): string {
  return `state { input_name: "${input}" output_name: "${output}" data_type: TYPE_FP32 dims: [ 2 ] ${INITIAL} }`;
}

/** 16 GiB. */
const LARGE = 16 * 2 ** 30;

/** A rule on what a state begins with. */
function onInitial(
  rule: Omit<CheckedRule, "severity" | "phase" | "check">,
  check: (place: InitialPlace, model: LintModel) => Omit<Problem, "at"> | undefined,
): CheckedRule {
  return {
    ...rule,
    severity: "error",
    phase: "load",
    *check(model) {
      for (const place of initialStatesOf(model.config)) {
        const problem = check(place, model);
        if (problem !== undefined) yield { at: place.at, ...problem };
      }
    },
  };
}

const FROM_FILE = sequence(INITIAL.replace("zero_data: true", 'data_file: "first"'));

function withFile(bytes: string): CheckedRule["example"]["failing"] {
  const { failing } = added(FROM_FILE);
  return { ...failing, "m/initial_state/first": bytes };
}

/** States of a sequence and what they begin with (S7). */
export const STATE_RULES: readonly CheckedRule[] = [
  {
    id: "S701",
    severity: "error",
    phrase: "must contain exactly one or zero element",
    phase: "load",
    what: "A state begins with two things.",
    mend: "Keep one `initial_state`.",
    example: added(sequence(`${INITIAL} ${INITIAL}`), GOOD),
    *check({ config }) {
      for (const { at, state } of statesOf(config)) {
        const got = state.initial_state?.length ?? 0;
        if (got > 1)
          yield {
            at: `${at}.initial_state[1]`,
            message: "a second one",
            expected: "at most 1",
            got: `${got}`,
          };
      }
    },
  },
  onInitial(
    {
      id: "S702",
      phrase: "must be set when using initial_state",
      what: "What a state begins with has no name.",
      mend: "Write its name.",
      example: added(sequence(INITIAL.replace('name: "first" ', "")), GOOD),
    },
    ({ initial: { name = "" } }) => (name === "" ? { message: "it has no name" } : undefined),
  ),
  onInitial(
    {
      id: "S703",
      phrase: "does not match the state data type",
      what: "A state begins with another datatype than it has.",
      mend: "Write the datatype of the state.",
      example: added(sequence(INITIAL.replace("FP32", "INT32")), GOOD),
    },
    ({ initial, state }) => {
      const [expected, got] = [typeName(state.data_type), typeName(initial.data_type)];
      return expected === got ? undefined : { message: "another datatype than the state's", expected, got };
    },
  ),
  onInitial(
    {
      id: "S704",
      phrase: "Number of dimensions in 'initial_state' doesn't match",
      what: "A state begins with another number of dims than it has.",
      mend: "Write the dims of the state.",
      example: added(sequence(INITIAL.replace("[ 2 ]", "[ 2, 1 ]")), GOOD),
    },
    ({ initial: { dims = [] }, state: { dims: wanted = [] } }) =>
      dims.length === wanted.length ? undefined : { ...otherDims(wanted, dims) },
  ),
  onInitial(
    {
      id: "S705",
      phrase: "doesn't match 'state' dim description",
      what: "A state begins with other sizes than it has.",
      mend: "Write the dims of the state.",
      example: added(sequence(INITIAL.replace("[ 2 ]", "[ 3 ]")), GOOD),
    },
    ({ initial: { dims = [] }, state: { dims: wanted = [] } }) =>
      dims.length === wanted.length && wanted.some((dim, at) => dim !== -1n && dim !== dims[at])
        ? otherDims(wanted, dims)
        : undefined,
  ),
  onInitial(
    {
      id: "S706",
      phrase: "contains variable dimensions",
      what: "A state begins with a free dim.",
      mend: "Write the size that the first value has.",
      example: added(sequence(INITIAL.replace("[ 2 ]", "[ -1 ]"), "-1"), sequence(INITIAL, "-1")),
    },
    ({ initial: { dims = [] } }) =>
      dims.includes(-1n) ? { message: "a free dim", got: dimsText(dims) } : undefined,
  ),
  onInitial(
    {
      id: "S707",
      phrase: "to have state_data set",
      what: "Nothing says what a state begins with.",
      mend: "Write `zero_data: true` or `data_file`.",
      example: added(sequence(INITIAL.replace("zero_data: true", "")), GOOD),
    },
    ({ initial: { zero_data: zeros, data_file: file } }) =>
      zeros === undefined && file === undefined ? { message: "neither zero_data nor data_file" } : undefined,
  ),
  onInitial(
    {
      id: "S708",
      phrase: "failed to open text file for read",
      what: "The file that a state begins with is not there.",
      mend: "Put the file into the folder `initial_state` of the model.",
      example: {
        failing: pythonModel(added(FROM_FILE).failing["m/config.pbtxt"] ?? ""),
        mended: withFile("8 bytes."),
      },
    },
    ({ initial: { data_file: file } }, model) =>
      file === undefined || !isNoFile(model, "initial_state", file)
        ? undefined
        : { message: `there is no file initial_state/${file}`, got: file },
  ),
  onInitial(
    {
      id: "S709",
      phrase: "initial_state setting expects",
      what: "The file that a state begins with is too short.",
      mend: "Write as many bytes into the file as the state has.",
      example: { failing: withFile("7 bytes"), mended: withFile("8 bytes.") },
    },
    ({ initial }, model) => {
      const { data_file: file } = initial;
      if (file === undefined) return undefined;
      const [got, expected] = [sizeAt(model, "initial_state", file), bytesOf(initial)];
      if (got === undefined || got >= expected) return undefined;
      return { message: `initial_state/${file} is too short`, expected: `${expected} bytes`, got: `${got}` };
    },
  ),
  {
    id: "S710",
    severity: "error",
    phrase: "specified more than once",
    phase: "load",
    what: "Two states that begin with something have the same input. Without a beginning they are taken.",
    mend: "Give each state an input of its own.",
    example: added(
      `sequence_batching { ${state("I", "O")} ${state("I", "O_2")} }`,
      `sequence_batching { ${state("I", "O")} ${state("I_2", "O_2")} }`,
    ),
    *check({ config }) {
      const seen = new Set<string>();
      for (const { at, state: one } of statesOf(config)) {
        if ((one.initial_state ?? []).length === 0) continue;
        const name = one.input_name ?? "";
        if (seen.has(name))
          yield { at: `${at}.input_name`, message: `${name} belongs to another state already`, got: name };
        seen.add(name);
      }
    },
  },
  {
    id: "S711",
    severity: "warning",
    phase: "load",
    what: "A state begins with more bytes than most servers have: Triton takes them as it loads the model, and may end there.",
    mend: "Write the dims that the state has.",
    example: added(sequence(INITIAL.replace("[ 2 ]", "[ 1099511627776 ]"), "1099511627776"), GOOD),
    *check({ config }) {
      for (const { at, initial } of initialStatesOf(config)) {
        const bytes = bytesOf(initial);
        if (bytes < LARGE) continue;
        const [expected, got] = [`less than ${LARGE} bytes`, `${bytes} bytes`];
        yield { at, message: "its first value alone is very large", expected, got };
      }
    },
  },
];

const typeName = (type: string | number | undefined): string => String(type ?? "TYPE_INVALID");

function otherDims(wanted: readonly bigint[], dims: readonly bigint[]): Omit<Problem, "at"> {
  return { message: "other dims than the state's", expected: dimsText(wanted), got: dimsText(dims) };
}
