import { resolve } from "node:path";
import {
  type Clip,
  connect,
  type GenerateRequest,
  type Studio,
  type VariantClient,
} from "../../client/index.ts";
import { TriptychError } from "../../errors/index.ts";
import { outputTarget } from "../../files/index.ts";
import type { Contract, VariantContract } from "../../model-config/index.ts";
import { forCommands } from "../connect-advice.ts";
import { contactSheet } from "../contact-sheet.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { loadPlan, specOrDefault } from "../load.ts";
import { StageProgress } from "../progress.ts";
import { table } from "../table.ts";
import { requireWritable, writeResult } from "../write-file.ts";

/** Options of `triptych generate`. */
export interface GenerateOptions {
  readonly prompt: string;
  /** Default: that of wan-tiny. */
  readonly spec?: string;
  readonly variant?: string;
  readonly server: string;
  readonly out: string;
  readonly sheet?: string;
  readonly seed?: bigint;
  readonly steps?: number;
  readonly negativePrompt?: string;
  readonly guidanceHighNoise?: number;
  readonly guidanceLowNoise?: number;
  readonly deadlineMs?: number;
}

/** The variant of a contract, or an error that lists those there are. */
export function variantOf(contract: Contract, name: string | undefined): [string, VariantContract] {
  const names = Object.keys(contract.variants);
  const chosen = name ?? names[0] ?? "";
  const variant = contract.variants[chosen];
  if (variant === undefined) {
    throw new TriptychError("usage", `--variant: expected one of ${names.join(", ")}, got ${chosen}`);
  }
  return [chosen, variant];
}

function guidanceOf(options: GenerateOptions): Pick<GenerateRequest, "guidance" | "negativePrompt"> {
  const { guidanceHighNoise, guidanceLowNoise, negativePrompt } = options;
  const asked = guidanceHighNoise !== undefined || guidanceLowNoise !== undefined;
  return {
    negativePrompt,
    ...(asked ? { guidance: { highNoise: guidanceHighNoise, lowNoise: guidanceLowNoise } } : {}),
  };
}

function requestOf(options: GenerateOptions, name: string, variant: VariantContract): GenerateRequest {
  const guided = guidanceOf(options);
  if (!variant.guidance && (guided.guidance !== undefined || guided.negativePrompt !== undefined)) {
    throw new TriptychError("usage", `the variant ${name} takes no guidance and no negative prompt`);
  }
  const { prompt, seed, steps, sheet } = options;
  return { prompt, seed, steps, frames: sheet !== undefined, ...(variant.guidance ? guided : {}) };
}

/** The stages of a clip as a table of milliseconds. */
export function stageTable(clip: Clip): string {
  const total = clip.stages.reduce((sum, stage) => sum + stage.ms, 0);
  const rows = clip.stages.map(({ stage, steps, ms }) => [
    stage,
    `${steps}`,
    ms.toFixed(1),
    (ms / steps).toFixed(2),
  ]);
  return table(["stage", "steps", "ms", "ms a step"], [...rows, ["total", "", total.toFixed(1), ""]]);
}

async function play(
  context: Context,
  client: VariantClient<VariantContract>,
  request: GenerateRequest,
  deadlineMs?: number,
) {
  const run = client.generate(request, { signal: context.signal, deadlineMs });
  const progress = new StageProgress(context.terminal);
  for await (const event of run) progress.show(event);
  return run.result;
}

function report({ terminal, json }: Context, options: GenerateOptions, variant: string, clip: Clip): void {
  const { out, sheet } = options;
  if (json) {
    const used = { ...clip.used, seed: clip.used.seed.toString() };
    terminal.out(
      JSON.stringify({ variant, video: out, sheet, bytes: clip.video.length, stages: clip.stages, used }),
    );
    return;
  }
  terminal.err(stageTable(clip));
  terminal.err(`seed ${clip.used.seed}, ${clip.used.steps} steps`);
  terminal.out(out);
  if (sheet !== undefined) terminal.out(sheet);
}

async function connectTo(server: string, contract: Contract, signal: AbortSignal): Promise<Studio<Contract>> {
  try {
    return await connect(server, { contract, signal });
  } catch (reason) {
    throw forCommands(reason);
  }
}

/** @throws TriptychError `usage` where the sheet would replace the clip. */
async function requireTwoFiles({ out, sheet }: GenerateOptions): Promise<void> {
  if (sheet === undefined) return;
  const [clip, picture] = await Promise.all([outputTarget(out), outputTarget(sheet)]);
  if (clip.special || resolve(clip.path) !== resolve(picture.path)) return;
  throw new TriptychError("usage", `--out and --sheet name the same file: ${out}`);
}

/** `triptych generate PROMPT`: one clip from a running server. */
export const generate: Command<GenerateOptions> = async (context, options) => {
  const { contract } = await loadPlan(specOrDefault(options.spec));
  const [name, variant] = variantOf(contract, options.variant);
  const request = requestOf(options, name, variant);
  await requireTwoFiles(options);
  for (const path of [options.out, options.sheet]) if (path !== undefined) await requireWritable(path);
  await using studio = await connectTo(options.server, contract, context.signal);
  const client = studio.variants[name];
  if (client === undefined) throw new TriptychError("internal", `the client has no variant ${name}`);
  const clip = await play(context, client, request, options.deadlineMs);
  await writeResult(options.out, clip.video);
  if (options.sheet !== undefined && clip.frames !== undefined) {
    await writeResult(options.sheet, contactSheet([clip.frames], { columns: 6, enlarge: 3 }));
  }
  report(context, options, name, clip);
  return EXIT.ok;
};
