import { join } from "node:path";
import { type Clip, connect, type VariantClient } from "../../client/index.ts";
import { TriptychError } from "../../errors/index.ts";
import type { VariantContract } from "../../model-config/index.ts";
import { contactSheet } from "../contact-sheet.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { DEFAULT_SPEC } from "../defaults.ts";
import { launch } from "../launch.ts";
import { type LoadedPipeline, loadPipeline } from "../load.ts";
import { table } from "../table.ts";
import { requireWritable, writeResult } from "../write-file.ts";

/** Options of `triptych demo`. */
export interface DemoOptions {
  readonly spec: string;
  readonly out: string;
  readonly seed: bigint;
}

/** One scene in the three languages that wan-tiny was trained in. */
const PROMPTS = {
  en: "a red circle moves right",
  zh: "红色圆形向右移动",
  ja: "赤い円が右に動く",
} as const;

const DENOISING = ["high_noise", "low_noise"];

interface Made {
  readonly variant: string;
  readonly language: string;
  readonly path: string;
  readonly clip: Clip;
}

async function make(
  context: Context,
  client: VariantClient<VariantContract>,
  prompt: string,
  seed: bigint,
): Promise<Clip> {
  return client.generate({ prompt, seed, frames: true }, { signal: context.signal }).result;
}

async function makeAll(
  context: Context,
  loaded: LoadedPipeline,
  endpoint: string,
  options: DemoOptions,
): Promise<Made[]> {
  const { contract } = loaded.plan;
  await using studio = await connect(endpoint, { contract, signal: context.signal });
  const made: Made[] = [];
  for (const [variant, client] of Object.entries(studio.variants)) {
    // The first clip of a process pays for warming up, which would be booked on one language.
    await make(context, client, PROMPTS.en, options.seed);
    for (const [language, prompt] of Object.entries(PROMPTS)) {
      const clip = await make(context, client, prompt, options.seed);
      const path = join(options.out, `${variant}-${language}.mp4`);
      await writeResult(path, clip.video);
      const took = `${clip.used.steps} steps, ${(allMs(clip) / 1000).toFixed(2)} s`;
      context.terminal.err(`  ${path}  "${prompt}"  ${took}`);
      made.push({ variant, language, path, clip });
    }
  }
  return made;
}

function stageMs(clip: Clip, stages: readonly string[]): number {
  return clip.stages.filter(({ stage }) => stages.includes(stage)).reduce((sum, { ms }) => sum + ms, 0);
}

function allMs(clip: Clip): number {
  return clip.stages.reduce((sum, { ms }) => sum + ms, 0);
}

function stageRows(made: readonly Made[]): string[][] {
  const stages = made[0]?.clip.stages.map(({ stage }) => stage) ?? [];
  const cells = (value: (clip: Clip) => number): string[] => made.map(({ clip }) => value(clip).toFixed(1));
  return [
    ...stages.map((stage) => [stage, ...cells((clip) => stageMs(clip, [stage]))]),
    ["total", ...cells(allMs)],
  ];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** How many times faster draft is than final, by the median clip; `undefined` where a pipeline has not both. */
function speedUp(made: readonly Made[], value: (clip: Clip) => number): number | undefined {
  const times = (variant: string): number[] =>
    made.filter((m) => m.variant === variant).map(({ clip }) => value(clip));
  const [draft, final] = [times("draft"), times("final")];
  return draft.length === 0 || final.length === 0 ? undefined : median(final) / median(draft);
}

function reportJson({ terminal }: Context, made: readonly Made[], sheet: string): void {
  const clips = made.map(({ variant, language, path, clip }) => ({
    variant,
    language,
    path,
    stages: clip.stages,
  }));
  const draftSpeedUp = {
    denoising: speedUp(made, (clip) => stageMs(clip, DENOISING)),
    whole: speedUp(made, allMs),
  };
  terminal.out(JSON.stringify({ clips, sheet, draftSpeedUp }));
}

function report({ terminal, self }: Context, made: readonly Made[], sheet: string): void {
  const head = ["stage", ...made.map((m) => `${m.variant}-${m.language}`)];
  terminal.out(`\nmilliseconds on the server\n${table(head, stageRows(made))}`);
  const denoising = speedUp(made, (clip) => stageMs(clip, DENOISING));
  const whole = speedUp(made, allMs);
  if (denoising !== undefined && whole !== undefined) {
    const ratios = `${denoising.toFixed(1)}x as fast as final in denoising, ${whole.toFixed(1)}x in all`;
    terminal.out(`\ndraft is ${ratios} (medians of 3 clips)`);
  }
  terminal.out(`\nvideos: ${made.map(({ path }) => path).join(" ")}\ncontact sheet: ${sheet}`);
  terminal.out(`\nwhat next:
  ${self} serve      keep a server running, and in another terminal
  ${self} generate "a blue square moves up" --variant draft
  ${self} plan       the models, tensors and schedules behind it`);
}

function framesOf({ clip, path }: Made) {
  if (clip.frames === undefined)
    throw new TriptychError("response-invalid", `the server sent no FRAMES for ${path}`);
  return clip.frames;
}

async function loadTiny(spec: string): Promise<LoadedPipeline> {
  const loaded = await loadPipeline(spec);
  const { family } = loaded.plan.spec;
  if (family === "wan-tiny") return loaded;
  throw new TriptychError("usage", `the demo shows wan-tiny; ${spec} is ${family}`, {
    hint: `leave the spec out, or name ${DEFAULT_SPEC}`,
  });
}

/** Serves the pipeline for as long as its clips take. */
async function serveAndMake(context: Context, loaded: LoadedPipeline, options: DemoOptions): Promise<Made[]> {
  const { terminal } = context;
  terminal.err("wan-tiny: a small text-to-video pipeline on this machine's CPU. Starting Triton …");
  const started = performance.now();
  await using server = await launch(context, loaded, { ports: {} });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  terminal.err(`Triton is ready on ${server.grpcEndpoint} after ${seconds} s. Making clips …`);
  const made = await makeAll(context, loaded, server.grpcEndpoint, options);
  terminal.err("Stopping Triton …");
  return made;
}

/** `triptych demo`: serve wan-tiny, make a clip of each variant in each language, stop, and show them. */
export const demo: Command<DemoOptions> = async (context, options) => {
  const loaded = await loadTiny(options.spec);
  const sheet = join(options.out, "contact-sheet.png");
  await requireWritable(sheet);
  const made = await serveAndMake(context, loaded, options);
  await writeResult(sheet, contactSheet(made.map(framesOf), { columns: 6, enlarge: 2 }));
  (context.json ? reportJson : report)(context, made, sheet);
  return EXIT.ok;
};
