import type { ModelConfigMessage } from "../../model-config/index.ts";

type Warmup = NonNullable<ModelConfigMessage["model_warmup"]>[number];
/** What a sample gives to one input. */
export type SampleInput = NonNullable<Warmup["inputs"]>[string];

/** An input of a warm-up sample, and where it stands. */
export interface SamplePlace {
  readonly at: string;
  readonly name: string;
  readonly input: SampleInput;
}

/** All inputs of the samples that are run: one with a batch of 0 is passed over. */
export function samplesOf({ model_warmup: samples = [] }: ModelConfigMessage): SamplePlace[] {
  return samples.flatMap(({ batch_size: batch = 0, inputs = {} }, sample) =>
    batch === 0
      ? []
      : Object.entries(inputs).map(([name, input]) => ({
          at: `model_warmup[${sample}].inputs[${JSON.stringify(name)}]`,
          name,
          input,
        })),
  );
}
