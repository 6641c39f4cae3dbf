import type { ModelContract } from "../../model-config/index.ts";
import type { Tensor } from "../../tensor/index.ts";

/** A model as the code below the types sees it. */
export interface NamedContract {
  readonly name: string;
  readonly contract: ModelContract;
}

/** Inputs by name, once their types are out of the way. */
export type AnyInputs = Readonly<Record<string, Tensor | undefined>>;

/** Outputs by name, before their types are put on. */
export type AnyOutputs = Readonly<Record<string, Tensor | undefined>>;
