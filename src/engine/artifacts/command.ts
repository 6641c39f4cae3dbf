import { dirname, relative } from "node:path";
import type { Artifact, ToolStep } from "../../plan/index.ts";
import { commandLine } from "../../process/index.ts";
import { type EngineBuildConfig, trtexecArguments } from "../../tensorrt/index.ts";
import { engineConfig } from "./key.ts";
import { type Places, placeInput, placeOutput } from "./place.ts";

/** A program with its arguments. */
export interface StepCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** The command of a Python tool. */
export function toolCommand(artifact: Artifact, step: ToolStep, places: Places, python: string): StepCommand {
  const words = step.words.map((word) => {
    if (typeof word === "string") return word;
    if ("checkpoint" in word) return places.checkpoint === "" ? "." : places.checkpoint;
    if ("output" in word) return placeOutput(artifact, places).path;
    const input = artifact.inputs[word.input];
    if (input === undefined) throw new TypeError(`${artifact.id} has no input ${word.input}`);
    return placeInput(input, places).path;
  });
  return { file: python, args: ["-m", `triptych_tools.${step.module}`, ...words] };
}

/** The build of an engine artifact, with its absolute paths; `undefined` for any other artifact. */
export function engineBuild(artifact: Artifact, places: Places): EngineBuildConfig | undefined {
  const { step, inputs } = artifact;
  const { onnx } = inputs;
  if (step.kind !== "engine" || onnx === undefined) return undefined;
  const engine = placeOutput(artifact, places).path;
  return engineConfig(step, {
    onnx: placeInput(onnx, places).path,
    engine,
    timingCache: placeOutput({ ...artifact, path: step.timingCache }, places).path,
    layerInfo: `${engine}.layers.json`,
  });
}

/**
 * One line that does a step again, from within the checkpoint folder: it holds no path of this machine. Empty for a
 * text, which only the plan knows.
 */
export function commandText(artifact: Artifact, { checkpoint, specFolder }: Places): string {
  const places = { checkpoint: "", specFolder: relative(checkpoint, specFolder) };
  if (artifact.step.kind === "tool") {
    const { file, args } = toolCommand(artifact, artifact.step, places, "python");
    return commandLine(file, args);
  }
  const build = engineBuild(artifact, places);
  return build === undefined ? "" : commandLine("trtexec", trtexecArguments(build));
}

/** Folder that must be there before a step runs. */
export function outputFolder(artifact: Artifact, places: Places): string {
  return dirname(placeOutput(artifact, places).path);
}
