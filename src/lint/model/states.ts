import type { ModelConfigMessage } from "../../model-config/index.ts";

type State = NonNullable<NonNullable<ModelConfigMessage["sequence_batching"]>["state"]>[number];
type Initial = NonNullable<State["initial_state"]>[number];

/** What a state of a sequence begins with, and where it stands. */
export interface InitialPlace {
  readonly at: string;
  readonly state: State;
  readonly initial: Initial;
}

/** States of a sequence model, each with its place. */
export function statesOf({
  sequence_batching: batching,
}: ModelConfigMessage): { at: string; state: State }[] {
  return (batching?.state ?? []).map((state, index) => ({ at: `sequence_batching.state[${index}]`, state }));
}

/** What the states begin with; of several for one state, which are refused, all. */
export function initialStatesOf(config: ModelConfigMessage): InitialPlace[] {
  return statesOf(config).flatMap(({ at, state }) =>
    (state.initial_state ?? []).map((initial, index) => ({
      at: `${at}.initial_state[${index}]`,
      state,
      initial,
    })),
  );
}
