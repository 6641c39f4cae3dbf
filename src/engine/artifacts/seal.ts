import { readFile } from "node:fs/promises";
import { TriptychError } from "../../errors/index.ts";
import type { Artifact } from "../../plan/index.ts";
import { formatTensorRtVersion, summariseLayers } from "../../tensorrt/index.ts";
import type { BuiltEngine } from "../trtexec/build-engine.ts";
import { clearBegun } from "./begin.ts";
import { engineBuild } from "./command.ts";
import { bytesOf, type Digests } from "./digests.ts";
import { gpuFacts } from "./gpu.ts";
import { settingsOf, stepDigest } from "./key.ts";
import {
  type Ancestor,
  type EnginePassport,
  type Passport,
  type PassportInput,
  readPassport,
  writePassport,
} from "./passport.ts";
import { type Places, passportPath, placeOutput } from "./place.ts";
import { keyOf, partId } from "./survey.ts";

/** What is known of an artifact that has just been made. */
export interface Made {
  readonly artifact: Artifact;
  /** Inputs as they were when it was made. */
  readonly inputs: Readonly<Record<string, PassportInput>>;
  readonly command: string;
  readonly seconds: number;
  readonly tools: Readonly<Record<string, string>>;
  readonly engine: BuiltEngine | undefined;
}

async function layersOf(file: string | undefined): Promise<Pick<EnginePassport, "layers">> {
  const text = file === undefined ? "" : await readFile(file, "utf8").catch(() => "");
  const layers = summariseLayers(text);
  return layers === undefined ? {} : { layers };
}

async function enginePassport({ artifact, engine }: Made, places: Places): Promise<Pick<Passport, "engine">> {
  if (engine === undefined || artifact.step.kind !== "engine") return {};
  const gpu = await gpuFacts();
  return {
    engine: {
      tensorrt: formatTensorRtVersion(engine.version),
      ...(gpu === undefined ? {} : { gpu }),
      target: artifact.step.gpu ?? null,
      seconds: engine.durationMs / 1000,
      warnings: engine.warnings,
      ...(await layersOf(engineBuild(artifact, places)?.layerInfo)),
    },
  };
}

/** Keys and digests of what an artifact was made from, and of what that was made from. */
async function ancestorsOf(
  { artifact, inputs }: Made,
  makers: ReadonlyMap<string, Artifact>,
  places: Places,
): Promise<Record<string, Ancestor>> {
  const found: Record<string, Ancestor> = {};
  for (const [role, input] of Object.entries(artifact.inputs)) {
    const maker = input.from === undefined ? undefined : makers.get(input.from);
    const passport = maker === undefined ? undefined : await readPassport(passportPath(maker, places));
    const now = inputs[role];
    if (maker === undefined || passport === undefined || now === undefined) continue;
    const { key, ancestors, files } = passport;
    const bytes = bytesOf(files);
    Object.assign(found, ancestors);
    const step = stepDigest(maker);
    found[maker.id] = { key, step, digest: passport.digest, bytes };
    found[partId(maker, input)] = { key, step, digest: now.digest, bytes: now.bytes };
  }
  return found;
}

/**
 * Writes the passport of an artifact that has just been made: from now on it is done.
 *
 * @throws TriptychError `artifact-failed` where there is nothing under its name.
 */
export async function seal(
  made: Made,
  { places, digests, makers }: { places: Places; digests: Digests; makers: ReadonlyMap<string, Artifact> },
): Promise<Passport> {
  const { artifact, inputs, command, seconds, tools } = made;
  const output = placeOutput(artifact, places);
  const there = await digests.of(output);
  if (there === undefined)
    throw new TriptychError("artifact-failed", `${artifact.id} ended well, but left no ${output.path}`);
  const passport: Passport = {
    version: 1,
    artifact: artifact.id,
    key: keyOf(artifact, inputs),
    digest: there.digest,
    step: settingsOf(artifact),
    inputs,
    files: there.files,
    ancestors: await ancestorsOf(made, makers, places),
    command,
    made: { at: new Date().toISOString(), seconds, tools },
    ...(await enginePassport(made, places)),
  };
  await writePassport(passportPath(artifact, places), passport);
  await clearBegun(artifact, places);
  return passport;
}
