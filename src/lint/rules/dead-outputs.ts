import { callersOf, isNamedInCode } from "../model/callers.ts";
import { BASE, type CheckedRule } from "./define.ts";
import { ensemble, STEP } from "./ensemble-example.ts";

const MORE = `${BASE}output { name: "MORE" data_type: TYPE_FP32 dims: [ 4 ] }\n`;

/** What a model gives and nobody takes (N16). */
export const DEAD_OUTPUT_RULES: readonly CheckedRule[] = [
  {
    id: "N1601",
    severity: "warning",
    phase: "load",
    what: "An output of a model that ensembles are made of, and that none of them takes. What names the model in its parameters or its Python may take it, and then nothing is said.",
    mend: "Take the output out of the model, or map it in a step; where clients call the model themselves, ignore the rule for it.",
    example: { failing: ensemble([STEP], "", MORE), mended: ensemble([STEP]) },
    *check(model, repository) {
      const { taken, named } = callersOf(repository);
      const mapped = taken.get(model.name);
      if (mapped === undefined || named.has(model.name)) return;
      const dead = [...(model.config.output ?? []).entries()].filter(
        ([, { name = "" }]) => !mapped.has(name),
      );
      if (dead.length === 0 || isNamedInCode(model, repository)) return;
      for (const [index, { name = "" }] of dead)
        yield { at: `output[${index}]`, message: `no ensemble takes ${name}`, got: name };
    },
  },
];
