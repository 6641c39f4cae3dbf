import type { ModelStatistics } from "../../client/index.ts";
import { throwIfCancelled } from "../../errors/index.ts";
import type { PlannedRequest } from "../plan/mix.ts";
import { type Random, seededRandom } from "../plan/random.ts";
import { failureOf, type Target } from "../run/target.ts";
import { Watch } from "../run/watch.ts";
import { countsBetween } from "../server/counts.ts";
import type { HalfBlock, PairBlock, PairClip, SideName } from "./types.ts";

/** A server that is compared. */
export interface PairSide {
  readonly name: SideName;
  readonly target: Target;
  /** Process of the server, where it is not found by itself. */
  readonly serverPid?: number | undefined;
}

/** How sides are compared. */
export interface PairOptions {
  /** One side, or two. */
  readonly sides: readonly PairSide[];
  readonly variants: readonly string[];
  readonly prompts: readonly string[];
  readonly seed: number;
  /** Clips of each variant in half a block. */
  readonly clips: number;
  /** Clips of each variant and side that do not count. */
  readonly warmUp: number;
  /** Whether another block is to be measured after those there are. */
  readonly more: (blocks: readonly PairBlock[]) => boolean;
  /** Told each block as it is measured. */
  readonly onBlock?: ((block: PairBlock) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The same requests for both sides. */
function requestsOf({ variants, prompts, clips }: PairOptions, random: Random): PlannedRequest[] {
  return variants.flatMap((variant) =>
    Array.from({ length: clips }, (_, index) => {
      const prompt = Math.floor(random() * prompts.length);
      const seed = Math.floor(random() * 2 ** 27);
      return { index, variant, prompt, text: prompts[prompt] ?? "", seed };
    }),
  );
}

async function clipOf(target: Target, request: PlannedRequest): Promise<PairClip> {
  const { variant, prompt, seed } = request;
  const start = performance.now();
  const outcome = await target.send(request);
  return { variant, prompt, seed, responseMs: performance.now() - start, ...outcome };
}

async function statistics(target: Target): Promise<readonly ModelStatistics[] | undefined> {
  try {
    return await target.statistics();
  } catch (reason) {
    // Told by the clips, which fail as well where the server is gone.
    failureOf(reason);
    return undefined;
  }
}

async function halfOf(
  { name, target, serverPid }: PairSide,
  plan: readonly PlannedRequest[],
): Promise<HalfBlock> {
  const before = await statistics(target);
  const watch = new Watch({ endpoints: [target.endpoint], serverPid });
  const clips: PairClip[] = [];
  for (const request of plan) clips.push(await clipOf(target, request));
  const { generator, load, resources } = await watch.stop();
  const after = await statistics(target);
  // Counters since the server began are no counts of this half.
  const models = (before && after && countsBetween(before, after)) ?? [];
  return { side: name, clips, models, generator, load, resources };
}

async function warmUp(options: PairOptions, random: Random): Promise<void> {
  for (let round = 0; round < options.warmUp; round += 1) {
    for (const request of requestsOf({ ...options, clips: 1 }, random)) {
      for (const { target } of options.sides) {
        throwIfCancelled(options.signal, "the measurement");
        await target.send(request);
      }
    }
  }
}

/**
 * Measures sides in blocks: in each, every side gets the same requests, one side after the other in a random order, so
 * that what drifts on the machine falls on both. Seeds decide requests and order.
 *
 * @throws TriptychError `cancelled`
 */
export async function runPairs(options: PairOptions): Promise<PairBlock[]> {
  const random = seededRandom(options.seed, "pairs");
  await warmUp(options, random);
  const blocks: PairBlock[] = [];
  while (options.more(blocks)) {
    const plan = requestsOf(options, random);
    const order = random() < 0.5 ? options.sides : options.sides.toReversed();
    const halves: HalfBlock[] = [];
    for (const side of order) {
      throwIfCancelled(options.signal, "the measurement");
      halves.push(await halfOf(side, plan));
    }
    const block = { block: blocks.length, halves };
    blocks.push(block);
    options.onBlock?.(block);
  }
  return blocks;
}
