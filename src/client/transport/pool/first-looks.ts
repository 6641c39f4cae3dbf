import { setTimeout as sleep } from "node:timers/promises";
import { TriptychError } from "../../../errors/index.ts";

/** How long the rest may take once one server can be used. */
const GRACE_MS = 500;

/** Waits for the first look at every server, for a short while only once one can be used; gives why none can be. */
export async function firstLooks(
  looks: readonly Promise<TriptychError | undefined>[],
): Promise<readonly TriptychError[] | undefined> {
  const all = Promise.all(looks);
  const usable = new Promise<undefined>((resolve) => {
    for (const look of looks)
      void look.then((error) => {
        if (error === undefined) resolve(undefined);
      });
  });
  const outcome = await Promise.race([all, usable.then(() => sleep(GRACE_MS, undefined, { ref: false }))]);
  if (outcome === undefined || outcome.includes(undefined)) return undefined;
  return outcome.filter((error) => error !== undefined);
}

/** The error where no server can be used: that of one alone, or all of them in one. */
export function allFailed(label: string, failures: readonly TriptychError[]): TriptychError {
  const [first] = failures;
  if (first !== undefined && failures.length === 1) return first;
  // A server that is there and wrong is worse than one that is away.
  const worst = failures.find(({ code }) => code === "contract-mismatch") ?? first;
  const reasons = failures.map(({ message }) => message).join(" ");
  return new TriptychError(worst?.code ?? "unreachable", `None of ${label} can be used: ${reasons}`, {
    ...(worst?.hint === undefined ? {} : { hint: worst.hint }),
    details: { ...worst?.details, endpoint: label },
    cause: new AggregateError(failures),
  });
}
