import { isTriptychError } from "../../errors/index.ts";
import { exists } from "../../files/index.ts";
import type { Artifact, EngineStep } from "../../plan/index.ts";
import { containerTensorRt, formatTensorRtVersion, type TensorRtVersion } from "../../tensorrt/index.ts";
import { type PlanFile, readPlanFile } from "../trtexec/accept.ts";
import { isAskedRelease } from "../trtexec/release.ts";
import { gpuFacts } from "./gpu.ts";
import { contentKey, serverTensorRt, stepDigest, stepDigestOf } from "./key.ts";
import { type GpuFacts, type Passport, readPassport } from "./passport.ts";
import { type Places, passportPath, placeOutput } from "./place.ts";

/** One thing found out about an engine, in a line. */
export interface EngineFinding {
  /** Id of its artifact. */
  readonly artifact: string;
  /** A fault stops the engine from being loaded, or makes it another one than the spec says; a note does not. */
  readonly status: "ok" | "note" | "fault";
  readonly message: string;
  readonly hint?: string;
}

type Verdict = Omit<EngineFinding, "artifact">;

const BUILD = "build it again: `triptych engines`";

function fault(message: string, hint: string = BUILD): Verdict {
  return { status: "fault", message, hint };
}

function note(message: string, hint?: string): Verdict {
  return { status: "note", message, ...(hint === undefined ? {} : { hint }) };
}

/** The TensorRT of the server against the one that wrote the engine. */
function releaseVerdicts(step: EngineStep, built: TensorRtVersion): Verdict[] {
  const want = serverTensorRt(step);
  if (isAskedRelease(want, built) || step.settings.versionCompatible === true) return [];
  const have = formatTensorRtVersion(built);
  return [
    fault(`it was built by TensorRT ${have}, and the server (${step.triton}) has ${want}: it will not load`),
  ];
}

/** The GPU of this machine against the one that the engine was built on. */
function gpuVerdicts(step: EngineStep, passport: Passport, here: GpuFacts | undefined): Verdict[] {
  const built = passport.engine?.gpu;
  if (built === undefined || here === undefined || built.name === here.name) return [];
  const [one, other] = [
    `${built.name} (${built.computeCapability})`,
    `${here.name} (${here.computeCapability})`,
  ];
  const { hardwareCompatibility } = step.settings;
  if (hardwareCompatibility === undefined)
    return [
      fault(`it was built on ${one}, and this machine has ${other}: it will not load, or will be slow`),
    ];
  return [
    note(`it was built on ${one} to run on others (${hardwareCompatibility}), and this machine has ${other}`),
  ];
}

/** Ids of everything that an artifact is made from, and of what that is made from. */
function descentOf(artifact: Artifact, plan: readonly Artifact[]): string[] {
  const makers = Object.values(artifact.inputs).flatMap(({ from }) => plan.filter(({ id }) => id === from));
  return [...new Set(makers.flatMap((maker) => [maker.id, ...descentOf(maker, plan)]))];
}

/** The first step, of the engine or of anything on the way to it, that the spec now says otherwise. */
function changedStep(artifact: Artifact, passport: Passport, plan: readonly Artifact[]): string | undefined {
  if (stepDigestOf(passport.step) !== stepDigest(artifact)) return artifact.id;
  const known = new Map(plan.map((one) => [one.id, one]));
  return descentOf(artifact, plan).find((id) => {
    const maker = known.get(id);
    return maker !== undefined && passport.ancestors[id]?.step !== stepDigest(maker);
  });
}

function passportVerdicts(
  artifact: Artifact,
  passport: Passport,
  file: PlanFile,
  plan: readonly Artifact[],
): Verdict[] {
  const [listed] = passport.files;
  const isOther = listed?.bytes !== file.bytes;
  const isForged = contentKey(passport.step, digestsOf(passport.inputs)) !== passport.key;
  const changed = changedStep(artifact, passport, plan);
  return [
    ...(isOther ? [fault(`it has ${file.bytes} bytes, and ${listed?.bytes ?? 0} when it was built`)] : []),
    ...(isForged ? [fault("its passport does not agree with itself")] : []),
    ...(changed === undefined ? [] : [fault(`the spec has changed since it was built (${changed})`)]),
  ];
}

function digestsOf(inputs: Passport["inputs"]): Record<string, string> {
  return Object.fromEntries(Object.entries(inputs).map(([role, { digest }]) => [role, digest]));
}

/** What an engine really runs in, where it is to run in 8 bits. */
function precisionVerdicts({ serves }: Artifact, { engine }: Passport): Verdict[] {
  const precision = serves?.precision ?? "";
  const layers = engine?.layers;
  if (layers === undefined || !["int8", "fp8"].includes(precision)) return [];
  const count = layers.byDatatype[precision] ?? 0;
  if (count > 0) return [note(`${count} of ${layers.total} layers give ${precision}`)];
  return [note(`none of its ${layers.total} layers gives ${precision}: it will be no faster for it`)];
}

/** Of an engine without a passport nothing is known but its header. */
async function unknownOrigin(passport: string): Promise<Verdict> {
  const what = (await exists(passport)) ? "its passport cannot be read" : "it has no passport";
  return note(`${what}: what it was built from is not known`, BUILD);
}

async function verdicts(
  artifact: Artifact,
  step: EngineStep,
  places: Places,
  { here, plan }: { readonly here: GpuFacts | undefined; readonly plan: readonly Artifact[] },
): Promise<Verdict[]> {
  const { path } = placeOutput(artifact, places);
  try {
    const file = await readPlanFile(path, path);
    const passport = await readPassport(passportPath(artifact, places));
    const release = releaseVerdicts(step, file.version);
    if (passport === undefined) return [...release, await unknownOrigin(passportPath(artifact, places))];
    const all = [
      ...release,
      ...passportVerdicts(artifact, passport, file, plan),
      ...gpuVerdicts(step, passport, here),
      ...precisionVerdicts(artifact, passport),
    ];
    const isWell = all.every(({ status }) => status !== "fault");
    return isWell ? [{ status: "ok", message: "it is what the spec says" }, ...all] : all;
  } catch (error) {
    if (isTriptychError(error)) return [fault(error.message)];
    throw error;
  }
}

function imageFindings(engines: readonly Artifact[]): EngineFinding[] {
  const [step] = engines.map(({ step: found }) => found);
  if (step?.kind !== "engine" || step.tensorrt !== undefined) return [];
  const { version, said } = containerTensorRt(step.triton);
  if (said === "nvidia") return [];
  const message = `${step.triton} carries TensorRT ${formatTensorRtVersion(version)} by others' word, not NVIDIA's`;
  const hint = "look at `dpkg -l libnvinfer*` in the image, and write target.tensorrt if it is another";
  return [{ artifact: "target", status: "note", message, hint }];
}

/**
 * Looks at the engines of a plan as they lie on disk, without reading more than their headers: what will not load, and
 * what is not what the spec says, each in a line.
 */
export async function inspectEngines(
  artifacts: readonly Artifact[],
  places: Places,
): Promise<EngineFinding[]> {
  const engines = artifacts.filter(({ step }) => step.kind === "engine");
  if (engines.length === 0) return [];
  const here = await gpuFacts();
  const found = await Promise.all(
    engines.map(async (artifact): Promise<EngineFinding[]> => {
      if (artifact.step.kind !== "engine") return [];
      const all = await verdicts(artifact, artifact.step, places, { here, plan: artifacts });
      return all.map((verdict) => ({ artifact: artifact.id, ...verdict }));
    }),
  );
  return [...imageFindings(engines), ...found.flat()];
}
