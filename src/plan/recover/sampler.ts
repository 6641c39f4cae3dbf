import type { Evidence } from "./evidence.ts";
import { numberOf } from "./evidence.ts";

/** What JSON may hold under the names that matter. */
type Fields = Readonly<Partial<Record<"schedules" | keyof Head, unknown>>>;

/** The sampler that a variant's schedules were made by; its numbers are checked as those of any spec. */
export function samplerOf(evidence: Evidence, variant: string): object | undefined {
  const players = [`${variant}_denoiser`, `${variant}_stream`];
  const heads = players
    .map((player) => headsOf(evidence.model(player)?.schedule))
    .find(({ length }) => length > 0);
  const [first] = heads ?? [];
  if (heads === undefined || first === undefined) {
    const expected = "schedules with solver, steps, shift and boundary";
    evidence.miss(`models/${variant}_denoiser/1/schedule.json`, expected);
    return undefined;
  }
  const { solver, shift, boundary } = first;
  const steps = heads.map((head) => head.steps);
  return { solver, steps, shift, boundary, guidance: guidanceOf(evidence, players) };
}

interface Head {
  readonly solver: unknown;
  readonly steps: unknown;
  readonly shift: unknown;
  readonly boundary: unknown;
}

function headsOf(schedule: unknown): Head[] {
  const listed = isFields(schedule) ? schedule.schedules : undefined;
  return (Array.isArray(listed) ? (listed as unknown[]) : []).filter(isFields).map(headOf);
}

function headOf({ solver, steps, shift, boundary }: Fields): Head {
  return { solver, steps, shift, boundary };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `off` where neither player has both scales. */
function guidanceOf(evidence: Evidence, players: readonly string[]): unknown {
  const scale = (player: string, expert: string): number | undefined =>
    numberOf(evidence.parameter(player, `guidance_${expert}`));
  for (const player of players) {
    const [highNoise, lowNoise] = [scale(player, "high_noise"), scale(player, "low_noise")];
    if (highNoise !== undefined && lowNoise !== undefined) return { highNoise, lowNoise };
  }
  return "off";
}
