import { join } from "node:path";
import { type Clip, connect, type VariantClient } from "../../client/index.ts";
import { TriptychError } from "../../errors/index.ts";
import type { VariantContract } from "../../model-config/index.ts";
import { contactSheet } from "../contact-sheet.ts";
import { type Command, type Context, EXIT } from "../context.ts";
import { launch } from "../launch.ts";
import { DEFAULT_SPEC, loadPipeline } from "../load.ts";
import { table } from "../table.ts";
import { writeResult } from "../write-file.ts";

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

async function makeAll(context: Context, endpoint: string, options: DemoOptions): Promise<Made[]> {
  const { contract } = (await loadPipeline(options.spec)).plan;
  await using studio = await connect(endpoint, { contract, signal: context.signal });
  const made: Made[] = [];
  for (const [variant, client] of Object.entries(studio.variants)) {
    // The first clip of a process pays for warming up, which would be booked on one language.
    await make(context, client, PROMPTS.en, options.seed);
    for (const [language, prompt] of Object.entries(PROMPTS)) {
      const clip = await make(context, client, prompt, options.seed);
      const path = join(options.out, `${variant}-${language}.mp4`);
      await writeResult(path, clip.video);
      context.terminal.err(`  ${path}  "${prompt}"`);
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

function report({ terminal, json }: Context, made: readonly Made[], sheet: string): void {
  const denoising = speedUp(made, (clip) => stageMs(clip, DENOISING));
  const whole = speedUp(made, allMs);
  if (json) {
    const clips = made.map(({ variant, language, path, clip }) => ({
      variant,
      language,
      path,
      stages: clip.stages,
    }));
    terminal.out(JSON.stringify({ clips, sheet, draftSpeedUp: { denoising, whole } }));
    return;
  }
  terminal.out(
    `\nmilliseconds on the server\n${table(["stage", ...made.map((m) => `${m.variant}-${m.language}`)], stageRows(made))}`,
  );
  if (denoising !== undefined && whole !== undefined) {
    terminal.out(
      `\ndraft is ${denoising.toFixed(1)}x as fast as final in denoising, ${whole.toFixed(1)}x in all (medians of 3 clips)`,
    );
  }
  terminal.out(`\nvideos: ${made.map(({ path }) => path).join(" ")}\ncontact sheet: ${sheet}`);
}

function framesOf({ clip, path }: Made) {
  if (clip.frames === undefined)
    throw new TriptychError("response-invalid", `the server sent no FRAMES for ${path}`);
  return clip.frames;
}

/** `triptych demo`: serve wan-tiny, make a clip of each variant in each language, show them, and stop. */
export const demo: Command<DemoOptions> = async (context, options) => {
  const loaded = await loadPipeline(options.spec);
  if (loaded.plan.spec.family !== "wan-tiny") {
    throw new TriptychError(
      "usage",
      `the demo shows wan-tiny; ${options.spec} is ${loaded.plan.spec.family}`,
      {
        hint: `leave the spec out, or name ${DEFAULT_SPEC}`,
      },
    );
  }
  context.terminal.err("starting the embedded Triton …");
  await using server = await launch(context, loaded, { ports: {} });
  context.terminal.err(`ready on ${server.grpcEndpoint}; making clips`);
  const made = await makeAll(context, server.grpcEndpoint, options);
  const sheet = join(options.out, "contact-sheet.png");
  await writeResult(sheet, contactSheet(made.map(framesOf), { columns: 6, enlarge: 2 }));
  report(context, made, sheet);
  return EXIT.ok;
};
