import type { ModelConfigMessage } from "../../model-config/index.ts";
import { isInner } from "../model/callers.ts";
import { isDecoupledEnsemble } from "../model/decoupled-flow.ts";
import { graphOf } from "../model/ensemble-graph.ts";
import type { LintModel, Problem } from "../model/model.ts";
import { bytesOf, tensorsOf } from "../model/tensors.ts";
import { added, BASE, type CheckedRule, pythonModel, replaced } from "./define.ts";
import { ensemble, STEP } from "./ensemble-example.ts";

type Scheduling = NonNullable<ModelConfigMessage["ensemble_scheduling"]>;
type Step = NonNullable<Scheduling["step"]>[number];

/** A rule on each step of an ensemble with its model. */
function onSteps(
  rule: Omit<CheckedRule, "phase" | "check">,
  check: (step: Step, place: { at: string; member: LintModel; model: LintModel }) => Iterable<Problem>,
): CheckedRule {
  return {
    ...rule,
    phase: "ensemble",
    *check(model, { models }) {
      for (const [index, step] of (model.config.ensemble_scheduling?.step ?? []).entries()) {
        const member = models.get(step.model_name ?? "");
        if (member !== undefined)
          yield* check(step, { at: `ensemble_scheduling.step[${index}]`, member, model });
      }
    },
  };
}

const SECRET =
  /(^|[_.-])(secret|password|passwd|api_?key|access_?key|private_?key|credentials?|(auth|access|hf|api)_?token)($|[_.-])/i;
const SECRET_VALUE =
  /^(AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|hf_\w{30,}|sk-[\w-]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY)/;

/** The most that one gRPC message can hold, whatever the limits are. */
const MESSAGE_CAP = 2 ** 31 - 1;
/** What clients of gRPC take where nobody raises it. */
const DEFAULT_MESSAGE = 4 * 1024 * 1024;

const GATED = `${BASE}input { name: "IN_2" data_type: TYPE_FP32 dims: [ 4 ] optional: true }\n`;
const OPTIONAL = "optional: true";

/** The largest tensor of a model, where its size is within bounds. */
function* largestTensor({ config }: LintModel, min: number, max: number): Iterable<Problem> {
  const sizes = tensorsOf(config).map((place) => ({ ...place, bytes: bytesOf(place.tensor) }));
  const [first] = sizes.sort((a, b) => b.bytes - a.bytes);
  if (first === undefined || first.bytes <= min || first.bytes > max) return;
  const { at, role, tensor, bytes } = first;
  yield { at: `${at}.dims`, message: `the ${role} ${tensor.name ?? ""} has ${bytes} bytes` };
}

/** What Triton does not find at load, and what fails or hangs later (N). */
export const BEYOND_RULES: readonly CheckedRule[] = [
  {
    id: "N101",
    severity: "warning",
    phase: "ensemble",
    what: "A step gives what is an input of the ensemble already: requests end in a deadlock error.",
    mend: "Give the step's output another name.",
    example: {
      failing: ensemble([STEP, STEP.replace('value: "OUT"', 'value: "IN"')]),
      mended: ensemble([STEP]),
    },
    *check({ config }) {
      if (config.ensemble_scheduling === undefined) return;
      const { tensors } = graphOf(config);
      for (const [index, { name = "" }] of (config.input ?? []).entries()) {
        if (tensors.get(name)?.isGiven === true)
          yield { at: `input[${index}]`, message: `a step gives ${name} too` };
      }
    },
  },
  onSteps(
    {
      id: "N201",
      severity: "warning",
      what: "An optional input of the ensemble goes to a required one of a step: a request without it fails.",
      mend: "Make both optional, or neither.",
      example: {
        failing: withOptional(""),
        mended: withOptional(OPTIONAL),
      },
    },
    function* (step, { at, member, model }) {
      const optional = (model.config.input ?? []).filter((input) => input.optional === true);
      for (const [key, name] of Object.entries(step.input_map ?? {})) {
        const declared = member.config.input?.find((input) => input.name === key);
        if (declared === undefined || declared.optional === true) continue;
        if (!optional.some((input) => input.name === name)) continue;
        yield {
          at: `${at}.input_map[${JSON.stringify(key)}]`,
          message: `${name} is optional, and ${key} of ${member.name} is not`,
        };
      }
    },
  ),
  onSteps(
    {
      id: "N301",
      severity: "warning",
      what: "A step is for one version, and is held against the configuration of the latest.",
      mend: "Write model_version: -1, or serve that version only.",
      example: {
        failing: twoVersions("model_version: 1"),
        mended: twoVersions("model_version: -1"),
      },
    },
    function* ({ model_version: version = 0n }, { at, member }) {
      if (version < 0n || !member.served.includes(version) || member.served[0] === version) return;
      const message = `version ${version} of ${member.name} is not its latest`;
      yield {
        at: `${at}.model_version`,
        message,
        expected: `-1 or ${member.served[0] ?? 0n}`,
        got: `${version}`,
      };
    },
  ),
  onSteps(
    {
      id: "N501",
      severity: "warning",
      what: "Each answer of a decoupled step runs all later steps again, progress reports among them.",
      mend: "Call the models from a Python model (BLS) where a step reports progress.",
      example: {
        failing: decoupledChain(true),
        mended: decoupledChain(false),
      },
    },
    function* (step, { at, member, model }) {
      if (member.config.model_transaction_policy?.decoupled !== true) return;
      const given = Object.values(step.output_map ?? {});
      const steps = model.config.ensemble_scheduling?.step ?? [];
      const later = steps.find((other) =>
        Object.values(other.input_map ?? {}).some((name) => given.includes(name)),
      );
      if (later === undefined) return;
      yield { at, message: `each answer of ${member.name} runs ${later.model_name ?? ""} again` };
    },
  ),
  {
    id: "N601",
    severity: "note",
    since: "25.11",
    phase: "ensemble",
    what: "A decoupled ensemble holds as many answers in memory as its first steps can make.",
    mend: "Write `max_inflight_requests` into ensemble_scheduling.",
    example: {
      failing: decoupledChain(true),
      mended: decoupledChain(false),
    },
    *check(model, repository) {
      const scheduling = model.config.ensemble_scheduling;
      if (scheduling === undefined || (scheduling.max_inflight_requests ?? 0) > 0) return;
      if (!isDecoupledEnsemble(model, repository)) return;
      yield { at: "ensemble_scheduling", message: "nothing bounds how many answers are on their way" };
    },
  },
  {
    id: "N1101",
    severity: "warning",
    phase: "load",
    what: "A key of cc_model_filenames is no compute capability: its file is never chosen.",
    mend: 'Write major and minor, such as "9.0".',
    example: added(
      'cc_model_filenames { key: "h100" value: "model.py" }',
      'cc_model_filenames { key: "9.0" value: "model.py" }',
    ),
    *check({ config }) {
      for (const key of Object.keys(config.cc_model_filenames ?? {})) {
        if (/^\d+\.\d+$/.test(key)) continue;
        yield {
          at: `cc_model_filenames[${JSON.stringify(key)}]`,
          message: "no compute capability",
          got: key,
        };
      }
    },
  },
  {
    id: "N1201",
    severity: "note",
    phase: "load",
    what: "The model brings code of its own beside its model file: an environment, or agents that change the repository.",
    mend: "See that you know where it is from.",
    example: added('model_repository_agents { agents { name: "checksum" } }'),
    *check({ config }) {
      if (config.parameters?.["EXECUTION_ENV_PATH"] !== undefined) {
        yield { at: 'parameters["EXECUTION_ENV_PATH"]', message: "it brings an environment" };
      }
      if ((config.model_repository_agents?.agents ?? []).length > 0) {
        yield {
          at: "model_repository_agents.agents[0]",
          message: "it is changed by an agent as it is loaded",
        };
      }
    },
  },
  {
    id: "N1202",
    severity: "error",
    phrase: "for repo agent",
    phase: "poll",
    what: "An agent that the server does not have. Only told of the embedded server, which has none.",
    mend: "Take `model_repository_agents` away, or serve with a container.",
    example: { ...added('model_repository_agents { agents { name: "checksum" } }'), triton: "embedded" },
    *check({ config }, { profile }) {
      const [agent] = config.model_repository_agents?.agents ?? [];
      // A server of which the backends are known brings no agents.
      if (agent === undefined || profile.backends === undefined) return;
      const message = `the server has no agent ${agent.name ?? ""}`;
      yield { at: "model_repository_agents.agents[0]", message, got: agent.name ?? "" };
    },
  },
  {
    id: "N1203",
    severity: "error",
    phase: "poll",
    what: "A list of agents without an agent: the whole server dies of it.",
    mend: "Take `model_repository_agents` away.",
    example: added("model_repository_agents { }"),
    *check({ config: { model_repository_agents: found } }) {
      if (found === undefined || (found.agents ?? []).length > 0) return;
      yield { at: "model_repository_agents", message: "there is no agent in it" };
    },
  },
  {
    id: "N1301",
    severity: "warning",
    phase: "load",
    what: "A tensor that no gRPC message can hold: 2 GiB is the most.",
    mend: "Pass it in pieces, encoded, or by shared memory.",
    example: replaced("dims: [ 4 ]", "dims: [ 1024, 1024, 1024 ]"),
    check: (model, repository) =>
      isInner(model, repository) ? [] : largestTensor(model, MESSAGE_CAP, Number.POSITIVE_INFINITY),
  },
  {
    id: "N1302",
    severity: "note",
    phase: "load",
    what: "A tensor of more than 4 MiB: gRPC clients refuse it unless their limit is raised. Triptych's own client raises it.",
    mend: "Raise max_receive_message_length of the client's channel.",
    example: replaced("dims: [ 4 ]", "dims: [ 2048, 1024 ]"),
    check: (model, repository) =>
      isInner(model, repository) ? [] : largestTensor(model, DEFAULT_MESSAGE, MESSAGE_CAP),
  },
  {
    id: "N1801",
    severity: "warning",
    phase: "load",
    what: "A parameter that looks like a secret: whoever may ask the server for a configuration can read it.",
    mend: "Give the model its secret by the environment of the server.",
    example: added('parameters { key: "hf_token" value { string_value: "x" } }'),
    *check({ config }) {
      for (const [key, { string_value: value = "" }] of Object.entries(config.parameters ?? {})) {
        if (value === "" || !(SECRET.test(key) || SECRET_VALUE.test(value))) continue;
        yield { at: `parameters[${JSON.stringify(key)}]`, message: `${key} looks like a secret` };
      }
    },
  },
];

function withOptional(text: string): ReturnType<typeof ensemble> {
  const step = STEP.replace("output_map", 'input_map { key: "IN_2" value: "MORE" } output_map');
  const more = `input { name: "MORE" data_type: TYPE_FP32 dims: [ 4 ] ${OPTIONAL} }`;
  return ensemble([step], more, GATED.replace(OPTIONAL, text));
}

function twoVersions(version: string): ReturnType<typeof ensemble> {
  const member = `${BASE}version_policy { all { } }\n`;
  const [code = ""] = Object.values(pythonModel(BASE)).slice(1);
  return { ...ensemble([STEP.replace("model_version: -1", version)], "", member), "m/2/model.py": code };
}

function decoupledChain(isDecoupled: boolean): ReturnType<typeof ensemble> {
  const first = STEP.replace('"m"', '"d"').replace('value: "OUT"', 'value: "MIDDLE"');
  const second = STEP.replace('key: "IN" value: "IN"', 'key: "IN" value: "MIDDLE"');
  const policy = isDecoupled ? "model_transaction_policy { decoupled: true }\n" : "";
  return { ...ensemble([first, second]), ...pythonModel(`${BASE}${policy}`, "d") };
}
