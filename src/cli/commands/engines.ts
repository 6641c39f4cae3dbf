import { dirname, resolve } from "node:path";
import {
  type ArtifactEvent,
  artifactScript,
  type BuildArtifactsOptions,
  buildArtifacts,
  bytesOf,
  type Passport,
  type Resources,
  resourcesFor,
  type Surveyed,
  surveyArtifacts,
  type Trtexec,
} from "../../engine/index.ts";
import { TriptychError } from "../../errors/index.ts";
import type { PipelinePlan } from "../../plan/index.ts";
import { ArtifactProgress } from "../artifact-progress.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { loadPlan } from "../load.ts";
import { bytesText } from "../size-text.ts";
import { table } from "../table.ts";
import { printable } from "../terminal.ts";
import { writeResult } from "../write-file.ts";

/** Options of `triptych engines`. */
export interface EnginesOptions {
  readonly spec: string;
  readonly dryRun?: boolean;
  /** Write a script that does the same; to standard output where the name is `-`. */
  readonly script?: string;
  readonly only?: readonly string[];
  readonly python?: string;
  readonly trtexec?: string;
  /** Build engines inside a container. */
  readonly container?: boolean;
  /** Its image with a tag; default: the target's own. */
  readonly image?: string;
  readonly timeoutMs?: number;
  readonly ignoreEstimates?: boolean;
}

/** What the command works on. */
interface Job {
  readonly plan: PipelinePlan;
  readonly build: BuildArtifactsOptions;
}

function trtexecOf(options: EnginesOptions, plan: PipelinePlan, folder: string): Trtexec {
  const { trtexec = "trtexec", container = false, image } = options;
  if (image === "" || (image !== undefined && !container))
    throw new TriptychError("usage", "--image names the image of --container: give both");
  if (!container) return { kind: "local", file: trtexec };
  const own = `nvcr.io/nvidia/tritonserver:${plan.spec.target.triton}-py3`;
  return { kind: "container", image: image ?? own, folders: [folder] };
}

async function loadJob({ signal }: Context, options: EnginesOptions): Promise<Job> {
  const plan = await loadPlan(options.spec);
  const specFolder = resolve(dirname(options.spec));
  const checkpoint = resolve(specFolder, plan.spec.checkpoint);
  const { only, python, timeoutMs, ignoreEstimates } = options;
  const trtexec = trtexecOf(options, plan, checkpoint);
  return {
    plan,
    build: { places: { checkpoint, specFolder }, only, python, trtexec, timeoutMs, ignoreEstimates, signal },
  };
}

const STATES = { current: "up to date", spared: "not needed", "to-build": "to build" } as const;

function surveyRows(artifacts: readonly Surveyed[]): string[][] {
  return artifacts.map(({ artifact, state, reasons, bytes }) => [
    artifact.id,
    STATES[state],
    `${state === "to-build" ? "~" : ""}${bytesText(bytes)}`,
    reasons.join("; "),
    artifact.path,
  ]);
}

function resourcesText({ bytes, free, memory, totalMemory }: Resources): string {
  return (
    `to make: about ${bytesText(bytes)} of ${bytesText(free)} free on disk, ` +
    `and up to ${bytesText(memory)} of this machine's ${bytesText(totalMemory)} of memory`
  );
}

async function dryRun({ terminal, json }: Context, { plan, build }: Job): Promise<number> {
  const survey = await surveyArtifacts(plan.artifacts, build);
  const todo = survey.artifacts.filter(({ state }) => state === "to-build");
  const resources = await resourcesFor(todo, build.places);
  if (json) {
    const artifacts = survey.artifacts.map(({ artifact, ...rest }) => ({
      id: artifact.id,
      path: artifact.path,
      ...rest,
    }));
    terminal.out(JSON.stringify({ artifacts, missing: survey.missing, resources }));
    return EXIT.ok;
  }
  terminal.out(table(["artifact", "state", "size", "why", "file"], surveyRows(survey.artifacts)));
  for (const path of new Set(survey.missing.map((source) => source.path)))
    terminal.out(printable(`missing: ${path}`));
  terminal.out(todo.length === 0 ? "\nnothing to do" : `\n${resourcesText(resources)}`);
  return EXIT.ok;
}

async function writeScript(
  { terminal, json }: Context,
  { plan, build: { places, only } }: Job,
  spec: string,
  file: string,
): Promise<number> {
  const text = await artifactScript(plan.artifacts, { places, only, spec });
  if (file === "-") {
    terminal.out(text.trimEnd());
    return EXIT.ok;
  }
  await writeResult(file, text);
  if (json) terminal.out(JSON.stringify({ script: file }));
  else terminal.err(`wrote ${file}; run it with: bash ${file}`);
  return EXIT.ok;
}

function passportRow({ artifact, files, made }: Passport): string[] {
  return [artifact, bytesText(bytesOf(files)), `${made.seconds.toFixed(1)} s`];
}

/** `triptych engines SPEC`: make what is missing between the checkpoint and what is served. */
export const engines: Command<EnginesOptions> = async (context, options) => {
  const job = await loadJob(context, options);
  if (options.dryRun === true) return dryRun(context, job);
  if (options.script !== undefined) return writeScript(context, job, options.spec, options.script);
  const { terminal, json } = context;
  const progress = new ArtifactProgress(terminal);
  const onEvent = (event: ArtifactEvent): void => {
    progress.show(event);
  };
  const made = await buildArtifacts(job.plan.artifacts, { ...job.build, onEvent });
  if (json) terminal.out(JSON.stringify({ made }));
  else if (made.length === 0) terminal.err(`${job.plan.name}: all artifacts are up to date`);
  else terminal.out(table(["artifact", "size", "took"], made.map(passportRow)));
  return EXIT.ok;
};
